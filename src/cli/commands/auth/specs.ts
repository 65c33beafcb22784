import type { CommandSpec } from '../../program.ts';
import { option } from '../option.ts';

const TARGET_HELP = {
  env: '',
  cwd: '',
  stdio: '',
  url: 'a server without an instance of its own',
  jobs: '',
} as const;

/** `auth`: logins to servers. */
export const AUTH_SPEC: CommandSpec = {
  name: 'auth',
  summary: 'logins to servers: login, status, logout, token',
  subcommands: [
    {
      name: 'login',
      summary: 'log in to a server over HTTP that asks for it (OAuth 2.1), in the browser',
      examples: ['auth login work'],
      words: ['[instance]'],
      scopes: ['target'],
      flagHelp: TARGET_HELP,
      options: [
        option('--scope <SCOPE>', 'what to ask for; also several, in quotes', true),
        option('--no-browser', 'show the page instead of opening it, and take the address that it ends at'),
        option('--callback-port <PORT>', 'the port that the browser comes back to (default: any free one)'),
        option('--client-id <ID>', 'a client that is registered with the server'),
        option('--client-secret-env <VAR>', 'the environment variable that has its secret'),
        option('--client-metadata-url <URL>', 'a client metadata document, whose URL is the client id'),
        option('--client-credentials', 'log in as a machine: nobody is asked (with --client-id)'),
        option('--private-key <FILE>', 'its private key, in place of a secret (PEM or JWK)'),
        option('--alg <NAME>', 'what the key signs with, such as ES256 or PS256'),
        option('--from-stdin', 'take tokens from stdin: an access token, or JSON'),
      ],
      more: [
        'For a machine: SECRET=... mcp2cli auth login work --client-credentials --client-id ci --client-secret-env SECRET',
        'From a vault: vault read -field=token mcp/work | mcp2cli auth login work --from-stdin',
        'Tokens are sealed with a key in the keyring of the system where there is one, else they lie in a file that only you can read: MCP2CLI_TOKEN_STORE=file|keyring decides. BROWSER names the program that opens the page.',
      ].join('\n'),
      run: async (app, [instance], options) => (await import('./login.ts')).login(app, instance, options),
    },
    {
      name: 'status',
      summary: 'show who is logged in where, for how long, and where it is stored; never a token',
      examples: ['auth status'],
      words: ['[instance]'],
      scopes: ['target'],
      flagHelp: TARGET_HELP,
      run: async (app, [instance]) => (await import('./status.ts')).authStatus(app, instance),
    },
    {
      name: 'logout',
      summary: 'forget a login, and revoke it where the server can',
      examples: ['auth logout work'],
      words: ['[instance]'],
      scopes: ['target'],
      flagHelp: TARGET_HELP,
      run: async (app, [instance]) => (await import('./logout.ts')).logout(app, instance),
    },
    {
      name: 'token',
      summary: 'print an access token that is valid now, for other programs',
      examples: ['auth token work'],
      words: ['[instance]'],
      scopes: ['target'],
      flagHelp: TARGET_HELP,
      run: async (app, [instance]) => (await import('./token.ts')).printToken(app, instance),
    },
  ],
};
