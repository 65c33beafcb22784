import type { CommandSpec } from '../../program.ts';

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
        { flags: '--scope <SCOPE>', help: 'what to ask for; also several, in quotes', repeatable: true },
        {
          flags: '--no-browser',
          help: 'show the page instead of opening it, and take the address that it ends at',
        },
        {
          flags: '--callback-port <PORT>',
          help: 'the port that the browser comes back to (default: any free one)',
        },
        { flags: '--client-id <ID>', help: 'a client that is registered with the server' },
        { flags: '--client-secret-env <VAR>', help: 'the environment variable that has its secret' },
        {
          flags: '--client-metadata-url <URL>',
          help: 'a client metadata document, whose URL is the client id',
        },
        { flags: '--client-credentials', help: 'log in as a machine: nobody is asked (with --client-id)' },
        { flags: '--private-key <FILE>', help: 'its private key, in place of a secret (PEM or JWK)' },
        { flags: '--alg <NAME>', help: 'what the key signs with, such as ES256 or PS256' },
        { flags: '--from-stdin', help: 'take tokens from stdin: an access token, or JSON' },
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
