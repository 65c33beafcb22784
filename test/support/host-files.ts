/** Configurations of each host in its documented shape, all with the same two servers, so that they must import to the same. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Servers {
  /** The URL of `web`, which gets `Authorization: Bearer ${WEB_TOKEN}`. */
  url: string;
  /** The command of `local`, which gets DEPTH=3 and KEY=${LOCAL_KEY}. */
  command: string;
  script: string;
}

export interface HostFixture {
  host: string;
  /** Below the home folder, or the project's folder. */
  path: string;
  scope: 'user' | 'project';
  text(servers: Servers): string;
}

interface Words {
  /** A reference to a variable. */
  ref: (name: string) => string;
  http?: object;
  stdio?: object;
  url?: string;
}

const braces = (name: string) => `\${${name}}`;
const env = (name: string) => `\${env:${name}}`;

const web = ({ url }: Servers, { ref, http = {}, url: field = 'url' }: Words) => ({
  ...http,
  [field]: url,
  headers: { Authorization: `Bearer ${ref('WEB_TOKEN')}` },
});
const local = ({ command, script }: Servers, { ref, stdio = {} }: Words) => ({
  ...stdio,
  command,
  args: [script],
  env: { DEPTH: 3, KEY: ref('LOCAL_KEY') },
});
const both = (servers: Servers, words: Words) => ({ web: web(servers, words), local: local(servers, words) });
const json = (value: unknown) => JSON.stringify(value, null, 2);

/** The plain shape, under `mcpServers`. */
const plain =
  (words: Words, around: object = {}) =>
  (servers: Servers) =>
    json({ ...around, mcpServers: both(servers, words) });

/** VS Code's: comments, a byte order mark and trailing commas are allowed. */
const code = (servers: Servers) => `\uFEFF// servers of mine
${json({ servers: both(servers, { ref: env, http: { type: 'http' }, stdio: { type: 'stdio' } }) }).replace(/\n\}$/, ',\n}')}
`;

const opencode = ({ url, command, script }: Servers) => `{
  "$schema": "https://opencode.ai/config.json",
  "mcp": {
    "web": {"type": "remote", "url": ${json(url)}, "enabled": true, "headers": {"Authorization": "Bearer {env:WEB_TOKEN}"}},
    // words in a list
    "local": {"type": "local", "command": ${json([command, script])}, "environment": {"DEPTH": "3", "KEY": "{env:LOCAL_KEY}"}},
  },
}`;

const codex = ({ url, command, script }: Servers) => `model = "gpt-5"
[tools]
web_search = true

[mcp_servers.web]
url = ${json(url)}
bearer_token_env_var = "WEB_TOKEN"

[mcp_servers.local]
command = ${json(command)}
args = [${json(script)}]

[mcp_servers.local.env]
DEPTH = "3"
KEY = "\${LOCAL_KEY}"
`;

const goose = ({ url, command, script }: Servers) => `GOOSE_PROVIDER: openai
extensions:
  developer:
    type: builtin
    name: developer
    enabled: true
  web:
    type: streamable_http
    name: web
    uri: ${url}
    headers:
      Authorization: Bearer \${WEB_TOKEN}
    enabled: true
  local:
    type: stdio
    cmd: ${json(command)}
    args:
      - ${json(script)}
    envs:
      DEPTH: 3
      KEY: \${LOCAL_KEY}
    enabled: true
`;

const zed = (servers: Servers) => `// settings of Zed
{
  "theme": "One Dark",
  "context_servers": {
    "web": ${json(web(servers, { ref: braces }))},
    "local": ${json(local(servers, { ref: braces, stdio: { source: 'custom' } }))},
    "an-extension": {"source": "extension", "settings": {"key": 1}},
    "old-extension": {"settings": {}},
  },
}`;

export const HOST_FILES: readonly HostFixture[] = [
  {
    host: 'claude-code',
    path: '.claude.json',
    scope: 'user',
    // Other keys are no servers.
    text: plain(
      { ref: braces, http: { type: 'http' }, stdio: { type: 'stdio' } },
      {
        numStartups: 5,
        oauthAccount: { url: 'https://example.com' },
        projects: { '/elsewhere': { mcpServers: { no: { command: 'no' } } } },
      },
    ),
  },
  {
    host: 'claude-code',
    path: '.mcp.json',
    scope: 'project',
    text: plain({ ref: braces, http: { type: 'http' } }),
  },
  {
    host: 'claude-desktop',
    path: '.config/Claude/claude_desktop_config.json',
    scope: 'user',
    text: plain({ ref: braces }, { globalShortcut: '' }),
  },
  { host: 'cursor', path: '.cursor/mcp.json', scope: 'user', text: plain({ ref: env }) },
  { host: 'cursor', path: '.cursor/mcp.json', scope: 'project', text: plain({ ref: env }) },
  { host: 'vscode', path: '.config/Code/User/mcp.json', scope: 'user', text: code },
  { host: 'vscode', path: '.config/Code/User/profiles/a1b2/mcp.json', scope: 'user', text: code },
  {
    host: 'vscode',
    path: '.config/Code/User/settings.json',
    scope: 'user',
    text: (servers) =>
      json({ 'editor.fontSize': 12, mcp: { inputs: [], servers: both(servers, { ref: env }) } }),
  },
  { host: 'vscode', path: '.vscode/mcp.json', scope: 'project', text: code },
  { host: 'vscode-insiders', path: '.config/Code - Insiders/User/mcp.json', scope: 'user', text: code },
  { host: 'vscodium', path: '.config/VSCodium/User/mcp.json', scope: 'user', text: code },
  {
    host: 'copilot-cli',
    path: '.copilot/mcp-config.json',
    scope: 'user',
    text: plain({
      ref: braces,
      http: { type: 'http', tools: ['*'] },
      stdio: { type: 'local', tools: ['*'] },
    }),
  },
  { host: 'jetbrains-copilot', path: '.config/github-copilot/intellij/mcp.json', scope: 'user', text: code },
  {
    host: 'windsurf',
    path: '.codeium/windsurf/mcp_config.json',
    scope: 'user',
    text: plain({ ref: env, url: 'serverUrl' }),
  },
  { host: 'codex', path: '.codex/config.toml', scope: 'user', text: codex },
  { host: 'codex', path: '.codex/config.toml', scope: 'project', text: codex },
  {
    host: 'gemini',
    path: '.gemini/settings.json',
    scope: 'user',
    text: plain(
      { ref: (name) => `$${name}`, url: 'httpUrl', stdio: { trust: true, timeout: 5000 } },
      { theme: 'GitHub' },
    ),
  },
  { host: 'gemini', path: '.gemini/settings.json', scope: 'project', text: plain({ ref: braces }) },
  { host: 'opencode', path: '.config/opencode/opencode.json', scope: 'user', text: opencode },
  { host: 'opencode', path: '.config/opencode/opencode.jsonc', scope: 'user', text: opencode },
  { host: 'opencode', path: 'opencode.json', scope: 'project', text: opencode },
  { host: 'zed', path: '.config/zed/settings.json', scope: 'user', text: zed },
  { host: 'zed', path: '.zed/settings.json', scope: 'project', text: zed },
  { host: 'goose', path: '.config/goose/config.yaml', scope: 'user', text: goose },
  {
    host: 'kiro',
    path: '.kiro/settings/mcp.json',
    scope: 'user',
    text: plain({ ref: braces, stdio: { disabled: false, autoApprove: ['a'] } }),
  },
  { host: 'kiro', path: '.kiro/settings/mcp.json', scope: 'project', text: plain({ ref: braces }) },
  {
    host: 'cline',
    path: '.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
    scope: 'user',
    text: plain({
      ref: braces,
      http: { type: 'streamableHttp' },
      stdio: { alwaysAllow: [], disabled: false },
    }),
  },
  {
    host: 'cline',
    path: '.cline/data/settings/cline_mcp_settings.json',
    scope: 'user',
    text: plain({ ref: braces }),
  },
  {
    host: 'roo',
    path: '.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json',
    scope: 'user',
    text: plain({ ref: env, http: { type: 'streamable-http' } }),
  },
  { host: 'roo', path: '.roo/mcp.json', scope: 'project', text: plain({ ref: env }) },
  { host: 'lm-studio', path: '.lmstudio/mcp.json', scope: 'user', text: plain({ ref: env }) },
  { host: 'lm-studio', path: '.cache/lm-studio/mcp.json', scope: 'user', text: plain({ ref: env }) },
  { host: 'junie', path: '.junie/mcp/mcp.json', scope: 'user', text: plain({ ref: braces }) },
  { host: 'junie', path: '.junie/mcp/mcp.json', scope: 'project', text: plain({ ref: braces }) },
  {
    host: 'antigravity',
    path: '.gemini/antigravity/mcp_config.json',
    scope: 'user',
    text: plain({ ref: braces, url: 'serverUrl' }),
  },
];

/** Writes a file, with the folders that it needs. Returns its path. */
export function placeFile(folder: string, path: string, text: string | Buffer): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}
