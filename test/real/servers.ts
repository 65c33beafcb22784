/** Servers that people use, at the versions in package.json. None needs a network or a real account to list its tools. */
import { fileURLToPath } from 'node:url';

export interface RealServer {
  /** Below node_modules. */
  entry: string;
  args?: string[];
  env?: Record<string, string>;
  /** How many tools it has at least; less means that something did not start as it should. */
  tools: number;
}

export const SERVERS: Record<string, RealServer> = {
  filesystem: { entry: '@modelcontextprotocol/server-filesystem/dist/index.js', args: ['.'], tools: 14 },
  memory: { entry: '@modelcontextprotocol/server-memory/dist/index.js', tools: 9 },
  thinking: { entry: '@modelcontextprotocol/server-sequential-thinking/dist/index.js', tools: 1 },
  everything: { entry: '@modelcontextprotocol/server-everything/dist/index.js', args: ['stdio'], tools: 13 },
  github: {
    entry: '@modelcontextprotocol/server-github/dist/index.js',
    env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'none' },
    tools: 26,
  },
  slack: {
    entry: '@modelcontextprotocol/server-slack/dist/index.js',
    env: { SLACK_BOT_TOKEN: 'xoxb-none', SLACK_TEAM_ID: 'T0' },
    tools: 8,
  },
  brave: {
    entry: '@modelcontextprotocol/server-brave-search/dist/index.js',
    env: { BRAVE_API_KEY: 'none' },
    tools: 2,
  },
  notion: { entry: '@notionhq/notion-mcp-server/bin/cli.mjs', env: { NOTION_TOKEN: 'ntn_none' }, tools: 24 },
  playwright: {
    entry: '@playwright/mcp/cli.js',
    args: ['--caps', 'vision,pdf,testing,tracing,network,storage,config,devtools'],
    tools: 70,
  },
  hubspot: {
    entry: '@hubspot/mcp-server/dist/index.js',
    env: { PRIVATE_APP_ACCESS_TOKEN: 'pat-none' },
    tools: 21,
  },
  sentry: { entry: '@sentry/mcp-server/dist/index.js', args: ['--access-token', 'none'], tools: 20 },
  context7: { entry: '@upstash/context7-mcp/dist/index.js', tools: 2 },
  airtable: { entry: 'airtable-mcp-server/dist/main.js', env: { AIRTABLE_API_KEY: 'pat.none' }, tools: 16 },
  figma: { entry: 'figma-developer-mcp/dist/bin.js', args: ['--stdio', '--figma-api-key', 'none'], tools: 2 },
  firecrawl: { entry: 'firecrawl-mcp/dist/index.js', env: { FIRECRAWL_API_KEY: 'fc-none' }, tools: 26 },
  mongodb: {
    entry: 'mongodb-mcp-server/dist/esm/index.js',
    args: ['--apiClientId', 'none', '--apiClientSecret', 'none'],
    env: { MDB_MCP_TELEMETRY: 'disabled' },
    tools: 45,
  },
  tavily: { entry: 'tavily-mcp/build/index.js', env: { TAVILY_API_KEY: 'tvly-none' }, tools: 5 },
};

/** What starts a server: a command, its words, its variables. */
export function commandOf({ entry, args = [], env = {} }: RealServer) {
  const file = fileURLToPath(new URL(`node_modules/${entry}`, import.meta.url));
  return { command: process.execPath, args: [file, ...args], env };
}
