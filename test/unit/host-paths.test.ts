/** Where hosts keep their configurations, on each platform: a function of the environment alone. */
import { expect, it } from 'vitest';
import { hostOfPath, projectFiles, type Surroundings, userFiles } from '../../src/config/hosts/locate.ts';

const LINUX: Surroundings = { platform: 'linux', home: '/home/me', env: {} };
const MAC: Surroundings = { platform: 'darwin', home: '/Users/me', env: {} };
const WINDOWS: Surroundings = {
  platform: 'win32',
  home: 'C:\\Users\\me',
  env: { APPDATA: 'C:\\Users\\me\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' },
};

/** The paths of a host, without the home folder. */
function paths(id: string, around: Surroundings): string[] {
  return userFiles(around)
    .filter(({ host }) => host.id === id)
    .map(({ path }) => path.replace(around.home, '~'));
}

const M = '~/Library/Application Support';
const A = '~\\AppData\\Roaming';
const L = '~\\AppData\\Local';

it.each<[id: string, linux: string[], mac: string[], windows: string[]]>([
  ['claude-code', ['~/.claude.json'], ['~/.claude.json'], ['~\\.claude.json']],
  [
    'claude-desktop',
    ['~/.config/Claude/claude_desktop_config.json'],
    [`${M}/Claude/claude_desktop_config.json`],
    [
      `${A}\\Claude\\claude_desktop_config.json`,
      `${L}\\Packages\\Claude_*\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json`,
    ],
  ],
  ['cursor', ['~/.cursor/mcp.json'], ['~/.cursor/mcp.json'], ['~\\.cursor\\mcp.json']],
  [
    'vscode',
    [
      '~/.config/Code/User/mcp.json',
      '~/.config/Code/User/profiles/*/mcp.json',
      '~/.config/Code/User/settings.json',
    ],
    [`${M}/Code/User/mcp.json`, `${M}/Code/User/profiles/*/mcp.json`, `${M}/Code/User/settings.json`],
    [
      `${A}\\Code\\User\\mcp.json`,
      `${A}\\Code\\User\\profiles\\*\\mcp.json`,
      `${A}\\Code\\User\\settings.json`,
    ],
  ],
  [
    'copilot-cli',
    ['~/.copilot/mcp-config.json'],
    ['~/.copilot/mcp-config.json'],
    ['~\\.copilot\\mcp-config.json'],
  ],
  [
    'jetbrains-copilot',
    ['~/.config/github-copilot/intellij/mcp.json'],
    ['~/.config/github-copilot/intellij/mcp.json'],
    [`${L}\\github-copilot\\intellij\\mcp.json`],
  ],
  [
    'windsurf',
    ['~/.codeium/windsurf/mcp_config.json'],
    ['~/.codeium/windsurf/mcp_config.json'],
    ['~\\.codeium\\windsurf\\mcp_config.json'],
  ],
  ['codex', ['~/.codex/config.toml'], ['~/.codex/config.toml'], ['~\\.codex\\config.toml']],
  ['gemini', ['~/.gemini/settings.json'], ['~/.gemini/settings.json'], ['~\\.gemini\\settings.json']],
  [
    'opencode',
    ['~/.config/opencode/opencode.json', '~/.config/opencode/opencode.jsonc'],
    ['~/.config/opencode/opencode.json', '~/.config/opencode/opencode.jsonc'],
    ['~\\.config\\opencode\\opencode.json', '~\\.config\\opencode\\opencode.jsonc'],
  ],
  [
    'zed',
    ['~/.config/zed/settings.json'],
    ['~/.config/zed/settings.json', `${M}/Zed/settings.json`],
    [`${A}\\Zed\\settings.json`],
  ],
  [
    'goose',
    ['~/.config/goose/config.yaml'],
    ['~/.config/goose/config.yaml'],
    [`${A}\\Block\\goose\\config\\config.yaml`],
  ],
  ['kiro', ['~/.kiro/settings/mcp.json'], ['~/.kiro/settings/mcp.json'], ['~\\.kiro\\settings\\mcp.json']],
  [
    'cline',
    [
      '~/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      '~/.cline/data/settings/cline_mcp_settings.json',
    ],
    [
      `${M}/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json`,
      '~/.cline/data/settings/cline_mcp_settings.json',
    ],
    [
      `${A}\\Code\\User\\globalStorage\\saoudrizwan.claude-dev\\settings\\cline_mcp_settings.json`,
      '~\\.cline\\data\\settings\\cline_mcp_settings.json',
    ],
  ],
  [
    'lm-studio',
    ['~/.lmstudio/mcp.json', '~/.cache/lm-studio/mcp.json'],
    ['~/.lmstudio/mcp.json', '~/.cache/lm-studio/mcp.json'],
    ['~\\.lmstudio\\mcp.json', '~\\.cache\\lm-studio\\mcp.json'],
  ],
])('%s', (id, linux, mac, windows) => {
  expect(paths(id, LINUX)).toEqual(linux);
  expect(paths(id, MAC)).toEqual(mac);
  expect(paths(id, WINDOWS)).toEqual(windows);
});

it('goes by what the environment says, if that is an absolute path', () => {
  const env = {
    XDG_CONFIG_HOME: '/etc/xdg',
    CODEX_HOME: '/codex',
    COPILOT_HOME: '/copilot',
    CLINE_DIR: '/cline',
    OPENCODE_CONFIG: '/oc/mine.json',
    OPENCODE_CONFIG_DIR: '/oc/dir',
  };
  const around = { ...LINUX, env };
  expect(paths('codex', around)).toEqual(['/codex/config.toml']);
  expect(paths('copilot-cli', around)).toEqual(['/copilot/mcp-config.json']);
  expect(paths('cline', around)[1]).toBe('/cline/data/settings/cline_mcp_settings.json');
  expect(paths('opencode', around)).toEqual(['/oc/mine.json', '/oc/dir/opencode.jsonc']);
  expect(paths('zed', around)).toEqual(['/etc/xdg/zed/settings.json']);
  expect(paths('codex', { ...LINUX, env: { CODEX_HOME: 'relative' } })).toEqual([]);
  expect(paths('zed', { ...LINUX, env: { XDG_CONFIG_HOME: 'relative' } })).toEqual([
    '~/.config/zed/settings.json',
  ]);
  // macOS has its own place for what others keep below XDG_CONFIG_HOME.
  expect(paths('vscode', { ...MAC, env })[0]).toBe(`${M}/Code/User/mcp.json`);
  expect(userFiles({ ...LINUX, home: '' })).toEqual([]);
});

it("finds a project's files below its folder, and a file's host by its path", () => {
  const files = projectFiles('C:\\work', WINDOWS).map(({ host, path }) => `${host.id} ${path}`);
  expect(files).toContain('vscode C:\\work\\.vscode\\mcp.json');
  expect(files).toContain('claude-code C:\\work\\.mcp.json');
  expect(hostOfPath('C:\\work\\.vscode\\mcp.json', WINDOWS)).toMatchObject({
    host: { id: 'vscode' },
    scope: 'project',
    folder: 'C:\\work',
  });
  expect(hostOfPath('/home/me/.cursor/mcp.json', LINUX)).toMatchObject({
    host: { id: 'cursor' },
    scope: 'user',
  });
  expect(hostOfPath('/srv/.kiro/settings/mcp.json', LINUX)).toMatchObject({
    host: { id: 'kiro' },
    folder: '/srv',
  });
  expect(hostOfPath('/srv/mcp.json', LINUX)).toBeUndefined();
});
