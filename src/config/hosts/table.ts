/**
 * The programs whose configurations are read, each an entry of data: where its files are, where in them the servers stand, and how it fills in
 * variables. Sources: docs/import.md.
 */

/** `windows` is `win32`; every other platform that is no `darwin` counts as `linux`. */
export type PlatformName = 'linux' | 'darwin' | 'windows';

/**
 * A path with placeholders: `~` the home folder, `{config}` where programs keep settings on the platform, `{xdg}` the XDG configuration folder
 * whatever the platform, `{code}` the user folder of VS Code, `{local}` %LOCALAPPDATA%, `{VAR|path}` the variable's value or else the path. One
 * part of it may have a `*`. Separators are slashes.
 */
export type PathTemplate = string;

/** Where in a document its servers stand, from the outside in. */
export type Key = readonly string[];

export interface HostFile {
  path: PathTemplate;
  /** Only there; everywhere without it. */
  on?: readonly PlatformName[];
  /** Of this file; otherwise the host's. */
  key?: Key;
}

/**
 * How a host fills in values: `braces` is `${VAR}` and `${VAR:-default}`, `bare` is `$VAR`, `code` is `${env:VAR}`, `${workspaceFolder}`,
 * `${userHome}` and `${input:ID}`, `curly` is `{env:VAR}`. None: what looks like a variable is text there.
 */
export type Syntax = 'braces' | 'bare' | 'code' | 'curly';

export interface Host {
  /** As it is typed: `--from cursor`. */
  id: string;
  title: string;
  format: 'json' | 'toml' | 'yaml';
  key: Key;
  syntax: readonly Syntax[];
  user: readonly HostFile[];
  /** Paths below a project's folder. */
  project?: readonly string[];
  /** The user's file has servers for single folders, too: an object of folders, each with the host's key in it. */
  foldersAt?: string;
  /** Kinds of entries that are parts of the host, and no servers. */
  parts?: readonly string[];
}

const MCP_SERVERS: Key = ['mcpServers'];
const CODE: readonly Syntax[] = ['code', 'braces'];

/** VS Code and what is made of it differ in the name of a folder. */
const vscode = (id: string, title: string, folder: string, project?: readonly string[]): Host => ({
  id,
  title,
  format: 'json',
  key: ['servers'],
  syntax: ['code'],
  user: [
    { path: `{config}/${folder}/User/mcp.json` },
    { path: `{config}/${folder}/User/profiles/*/mcp.json` },
    { path: `{config}/${folder}/User/settings.json`, key: ['mcp', 'servers'] },
  ],
  ...(project ? { project } : {}),
});

export const HOSTS: readonly Host[] = [
  {
    id: 'claude-code',
    title: 'Claude Code',
    format: 'json',
    key: MCP_SERVERS,
    syntax: ['braces'],
    user: [{ path: '~/.claude.json' }],
    project: ['.mcp.json'],
    foldersAt: 'projects',
  },
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    format: 'json',
    key: MCP_SERVERS,
    syntax: [],
    user: [
      { path: '{config}/Claude/claude_desktop_config.json' },
      // As it is installed from the Windows Store.
      {
        path: '{local}/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json',
        on: ['windows'],
      },
    ],
  },
  {
    id: 'cursor',
    title: 'Cursor',
    format: 'json',
    key: MCP_SERVERS,
    syntax: CODE,
    user: [{ path: '~/.cursor/mcp.json' }],
    project: ['.cursor/mcp.json'],
  },
  vscode('vscode', 'VS Code', 'Code', ['.vscode/mcp.json']),
  vscode('vscode-insiders', 'VS Code Insiders', 'Code - Insiders'),
  vscode('vscodium', 'VSCodium', 'VSCodium'),
  {
    id: 'copilot-cli',
    title: 'Copilot CLI',
    format: 'json',
    key: MCP_SERVERS,
    syntax: ['braces', 'bare'],
    user: [{ path: '{COPILOT_HOME|~/.copilot}/mcp-config.json' }],
  },
  {
    id: 'jetbrains-copilot',
    title: 'Copilot in JetBrains IDEs',
    format: 'json',
    key: ['servers'],
    syntax: ['code'],
    user: [
      { path: '{xdg}/github-copilot/intellij/mcp.json', on: ['linux', 'darwin'] },
      { path: '{local}/github-copilot/intellij/mcp.json', on: ['windows'] },
    ],
  },
  {
    id: 'windsurf',
    title: 'Windsurf',
    format: 'json',
    key: MCP_SERVERS,
    syntax: ['code'],
    user: [{ path: '~/.codeium/windsurf/mcp_config.json' }],
  },
  {
    id: 'codex',
    title: 'Codex',
    format: 'toml',
    key: ['mcp_servers'],
    syntax: [],
    user: [{ path: '{CODEX_HOME|~/.codex}/config.toml' }],
    project: ['.codex/config.toml'],
  },
  {
    id: 'gemini',
    title: 'Gemini CLI',
    format: 'json',
    key: MCP_SERVERS,
    syntax: ['braces', 'bare'],
    user: [{ path: '~/.gemini/settings.json' }],
    project: ['.gemini/settings.json'],
  },
  {
    id: 'opencode',
    title: 'OpenCode',
    format: 'json',
    key: ['mcp'],
    syntax: ['curly'],
    user: [
      { path: '{OPENCODE_CONFIG|{xdg}/opencode/opencode.json}' },
      { path: '{OPENCODE_CONFIG_DIR|{xdg}/opencode}/opencode.jsonc' },
    ],
    project: ['opencode.json', 'opencode.jsonc'],
  },
  {
    id: 'zed',
    title: 'Zed',
    format: 'json',
    key: ['context_servers'],
    syntax: [],
    user: [
      { path: '{xdg}/zed/settings.json', on: ['linux', 'darwin'] },
      { path: '{config}/Zed/settings.json', on: ['darwin', 'windows'] },
    ],
    project: ['.zed/settings.json'],
    parts: ['extension'],
  },
  {
    id: 'goose',
    title: 'Goose',
    format: 'yaml',
    key: ['extensions'],
    syntax: [],
    user: [
      { path: '{xdg}/goose/config.yaml', on: ['linux', 'darwin'] },
      { path: '{config}/Block/goose/config/config.yaml', on: ['windows'] },
    ],
    parts: ['builtin', 'platform', 'frontend', 'inline_python'],
  },
  {
    id: 'kiro',
    title: 'Kiro',
    format: 'json',
    key: MCP_SERVERS,
    syntax: ['braces'],
    user: [{ path: '~/.kiro/settings/mcp.json' }],
    project: ['.kiro/settings/mcp.json'],
  },
  {
    id: 'cline',
    title: 'Cline',
    format: 'json',
    key: MCP_SERVERS,
    syntax: [],
    user: [
      { path: '{code}/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json' },
      { path: '{CLINE_DIR|~/.cline}/data/settings/cline_mcp_settings.json' },
    ],
  },
  {
    id: 'roo',
    title: 'Roo Code',
    format: 'json',
    key: MCP_SERVERS,
    syntax: ['code'],
    user: [{ path: '{code}/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json' }],
    project: ['.roo/mcp.json'],
  },
  {
    id: 'lm-studio',
    title: 'LM Studio',
    format: 'json',
    key: MCP_SERVERS,
    syntax: CODE,
    user: [{ path: '~/.lmstudio/mcp.json' }, { path: '~/.cache/lm-studio/mcp.json' }],
  },
  {
    id: 'junie',
    title: 'Junie',
    format: 'json',
    key: MCP_SERVERS,
    syntax: [],
    user: [{ path: '~/.junie/mcp/mcp.json' }],
    project: ['.junie/mcp/mcp.json'],
  },
  {
    id: 'antigravity',
    title: 'Antigravity',
    format: 'json',
    key: MCP_SERVERS,
    syntax: [],
    user: [{ path: '~/.gemini/antigravity/mcp_config.json' }],
  },
];

/** A file that is none of a host's, by what is in it. A map of servers and nothing around it has no key. */
export const FILE: Host = {
  id: 'file',
  title: 'the file',
  format: 'json',
  key: MCP_SERVERS,
  syntax: CODE,
  user: [],
};
