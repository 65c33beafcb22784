import type { CommandSpec } from '../program.ts';
import { AUTH_SPEC } from './auth/specs.ts';
import { option } from './option.ts';
import { WORKER_SPEC } from './worker/specs.ts';

/** `tools.TOOL.KEY` */
const isOfTools = (key: string) => /^tools(\.|$)/.test(key);

/** Commands of the program itself. Their code is loaded when they run. */
export const HOST_SPECS: readonly CommandSpec[] = [
  {
    name: 'instances',
    summary: 'named servers: add, discover, import, list, show, set, unset, remove, rename, use',
    subcommands: [
      {
        name: 'add',
        summary: 'add a server: NAME URL, or NAME -- COMMAND [ARG]...',
        words: ['<name>', '[command...]'],
        foreignFrom: 1,
        options: [option('--force', 'replace an instance of this name')],
        scopes: ['target'],
        flagHelp: {
          instance: '',
          url: 'the address of a server over HTTP, as NAME URL',
          stdio: 'the command line of a server, as NAME -- COMMAND [ARG]...',
          header: 'an HTTP header that the server gets',
          env: 'an environment variable that the command gets',
          cwd: 'the working directory of the command',
          jobs: 'job files of your own, as the server: a file, or a folder of them',
        },
        examples: [
          "instances add work https://host/mcp --header 'Authorization: Bearer ${TOKEN}'",
          'instances add git -- uvx mcp-server-git',
          'instances add etl --jobs ./jobs',
        ],
        more: 'Variables (${VAR}, ${VAR:-default}) are stored as they stand and filled in when the instance is used.',
        run: async (app, [name = '', ...command], options) =>
          (await import('./instances/add.ts')).addInstance(app, name, command, options),
      },
      {
        name: 'discover',
        summary: 'list the servers that other programs on this machine have, and where',
        examples: ['instances discover'],
        run: async (app) => (await import('./instances/discover.ts')).discoverInstances(app),
      },
      {
        name: 'import',
        summary: 'take over servers of other programs: NAME..., or --all',
        examples: ['instances import --all --dry-run'],
        words: ['[names...]'],
        options: [
          option('--from <HOST|FILE>', 'only of this program (cursor, vscode, ...), or of this file'),
          option('--all', 'everything that can be taken over'),
          option('--dry-run', 'say what would be taken over, and write nothing'),
          option('--force', 'replace instances of the same name; of several servers take the first'),
        ],
        more: [
          'Their files are only read. What a program fills in (${env:VAR}, {env:VAR}, $VAR) is stored as ${VAR}. Of two servers with one name',
          'type HOST-NAME: mcp2cli instances import cursor-github',
        ].join('\n'),
        run: async (app, names, options) =>
          (await import('./instances/import.ts')).importInstances(app, names, options),
      },
      {
        name: 'list',
        summary: 'list the instances; * marks the active one',
        examples: ['instances list'],
        run: async (app) => (await import('./instances/list.ts')).listInstances(app),
      },
      {
        name: 'show',
        summary: 'show an instance; secrets are left out',
        examples: ['instances show work'],
        words: ['<name>'],
        run: async (app, [name = '']) => (await import('./instances/list.ts')).showInstance(app, name),
      },
      {
        name: 'set',
        summary: 'change a setting: NAME KEY VALUE..., or NAME sampling -- COMMAND [ARG]...',
        examples: ['instances set work idleTimeout 10m', 'instances set work tools.deploy.timeout 5m'],
        words: ['<name>', '<key>', '[values...]'],
        foreignFrom: 2,
        more: [
          'Settings:',
          '  detach true|false                 --background implies --detach',
          '  keepAlive true|false              a keeper holds the connection between calls',
          '  serverCompletion true|false       TAB may ask the server, for 300 ms at most',
          '  idleTimeout DURATION              when a keeper without work ends; 0: never',
          '  connectTimeout DURATION           how long connecting may take; 0: no limit',
          '  elicit ask|decline|defaults       how to answer questions, without --elicit',
          '  roots FOLDER|URI...               where the server may work',
          '  passEnv NAME...                   more variables for a stdio server to get',
          '  sampling -- COMMAND [ARG]...      answers sampling requests, stdin to stdout',
          '  proxy URL|none                    a proxy of its own; none: no proxy',
          '  ca FILE                           more certificate authorities to trust (PEM)',
          '  store redis[s]://...|files        its jobs; store.waitAof, store.resultLimit',
          '  disabled true|false               whether it is out of use',
          '',
          'Of a tool, or of a pattern (tools.delete_*.KEY); flags of a call win:',
          '  tools.TOOL.retries N              also retryBackoff, timeout and others',
          '  tools.TOOL.outputCheck false      as --no-output-check; also inputCheck',
          '  tools.TOOL.tags TAG...            tags of its jobs, for jobs list --tag',
          '  tools.TOOL.labels K=V...          labels of its jobs, for jobs list --label',
          '  tools.TOOL.hideFromDiscovery true not listed by ls',
          '  tools.TOOL.name NAME              its name here; also aliases, group',
          '  tools.TOOL.flags JSON             for example {"maxTokens": {"name": "limit"}}',
          '  permissions JSON|@FILE            what may be done: docs/permissions.md',
          '  roles NAME..., scopes NAME...     what is granted here, for the rules',
        ].join('\n'),
        run: async (app, [name = '', key = '', ...values]) =>
          isOfTools(key)
            ? (await import('./instances/set-tool.ts')).setToolSetting(app, name, key, values)
            : (await import('./instances/set.ts')).setSetting(app, name, key, values),
      },
      {
        name: 'unset',
        summary: 'remove a setting: NAME KEY',
        examples: ['instances unset work idleTimeout'],
        words: ['<name>', '<key>'],
        run: async (app, [name = '', key = '']) =>
          isOfTools(key)
            ? (await import('./instances/set-tool.ts')).unsetToolSetting(app, name, key)
            : (await import('./instances/set.ts')).unsetSetting(app, name, key),
      },
      {
        name: 'remove',
        aliases: ['rm'],
        summary: 'remove an instance and its linked commands; its jobs stay on disk',
        examples: ['instances remove old --purge'],
        words: ['<name>'],
        options: [
          option(
            '--purge',
            'delete its jobs and caches, too; asks first (or refuses) if jobs have not ended',
          ),
          option('--force', 'with --purge: even if jobs have not ended; stops the keeper'),
        ],
        run: async (app, [name = ''], options) =>
          (await import('./instances/remove.ts')).removeInstance(app, name, options),
      },
      {
        name: 'rename',
        summary: 'rename an instance, with its jobs, settings and linked commands',
        examples: ['instances rename work prod'],
        words: ['<old>', '<new>'],
        run: async (app, [old = '', name = '']) =>
          (await import('./instances/rename.ts')).renameInstance(app, old, name),
      },
      {
        name: 'use',
        summary: 'make an instance the active one: it gets the commands that name none',
        examples: ['instances use work'],
        words: ['<name>'],
        run: async (app, [name = '']) => (await import('./instances/list.ts')).useInstance(app, name),
      },
    ],
  },
  AUTH_SPEC,
  {
    name: 'link',
    summary: 'make an instance a command of its own',
    examples: ['link work'],
    words: ['<name>'],
    options: [
      option('--dir <DIR>', 'where to put it (default: ~/.local/bin)'),
      option('--force', 'replace a file that is not a launcher'),
    ],
    run: async (app, [name = ''], options) => (await import('./link.ts')).linkInstance(app, name, options),
  },
  {
    name: 'unlink',
    summary: 'remove a linked command',
    examples: ['unlink work'],
    words: ['<name>'],
    options: [option('--dir <DIR>', 'where it is (default: in the PATH, or ~/.local/bin)')],
    run: async (app, [name = ''], options) => (await import('./link.ts')).unlinkInstance(app, name, options),
  },
  {
    name: 'completion',
    summary: 'print the shell completion script for bash, zsh, fish or powershell',
    examples: ['completion bash'],
    words: ['<shell>'],
    options: [option('--name <NAME>', 'only for this linked command')],
    more: [
      'To have it in every new shell:',
      "  bash        echo 'source <(mcp2cli completion bash)' >> ~/.bashrc",
      "  zsh         echo 'source <(mcp2cli completion zsh)' >> ~/.zshrc           (behind compinit, if it is there)",
      '  fish        mcp2cli completion fish > ~/.config/fish/completions/mcp2cli.fish',
      '  powershell  mcp2cli completion powershell | Out-String | Invoke-Expression   (in $PROFILE)',
      '',
      'Linked commands in the PATH are completed, too. No server is asked: candidates come from what is stored here.',
    ].join('\n'),
    run: async (app, [shell = ''], options) =>
      (await import('./completion/print.ts')).printCompletion(app, shell, options),
  },
  {
    name: 'keeper',
    summary: 'background processes that hold connections and jobs: status, stop, logs',
    subcommands: [
      {
        name: 'status',
        isDefault: true,
        summary: 'list the keepers that run, with their jobs',
        examples: ['keeper status'],
        words: ['[instance]'],
        run: async (app, [name]) => (await import('./keeper/status.ts')).keeperStatus(app, name),
      },
      {
        name: 'stop',
        summary: 'stop a keeper and its server',
        examples: ['keeper stop work'],
        words: ['[instance]'],
        options: [
          option('--all', 'stop all keepers'),
          option('--force', 'even if jobs run (they are lost) or the keeper does not answer'),
        ],
        run: async (app, [name], options) =>
          (await import('./keeper/status.ts')).keeperStop(app, name, options),
      },
      {
        name: 'logs',
        summary: 'print the log of a keeper, with what its server wrote on stderr',
        examples: ['keeper logs work --tail 20'],
        words: ['[instance]'],
        options: [
          option('-f, --follow', 'print new lines as they come'),
          option('--tail <N>', 'only the last N lines'),
        ],
        run: async (app, [name], options) =>
          (await import('./keeper/logs.ts')).keeperLogs(app, name, options),
      },
    ],
  },
  {
    name: 'serve',
    summary: 'an MCP server for other hosts: the tools and jobs of an instance, with durable background runs',
    examples: ['serve work', 'serve work --http 127.0.0.1:8080'],
    words: ['[instance]'],
    options: [
      option('--http <HOST:PORT>', 'Streamable HTTP in place of stdin and stdout, for any number of clients'),
      option('--token-env <VAR>', 'with --http: clients must send the token in this variable (Bearer)'),
    ],
    scopes: ['target'],
    more: [
      'Over stdio another program starts it: {"command": "mcp2cli", "args": ["serve", "work"]}, and it ends with that. ^C and SIGTERM end it in good',
      'order. An address that other machines reach needs --token-env.',
    ].join(' '),
    run: async (app, [name], options) => (await import('./serve.ts')).serve(app, name, options),
  },
  WORKER_SPEC,
  {
    name: 'doctor',
    summary: 'check this machine, the configuration, jobs and servers',
    examples: ['doctor work'],
    words: ['[instance]'],
    options: [
      option('--offline', 'connect to no server'),
      option('--set-aside', 'move damaged records of INSTANCE to its folder damaged/'),
    ],
    scopes: ['target'],
    more: [
      'Exit code 1 when there is a problem (!!); warnings (--) are fine. Each server may take 10 s, or --timeout. A server that is a',
      'command is started, and ended again. Damaged records are moved to the folder damaged/ of the instance, never deleted.',
    ].join(' '),
    run: async (app, [instance], options) => (await import('./doctor.ts')).examine(app, instance, options),
  },
  {
    name: 'demo',
    summary: 'a real MCP server to try things on: run, start, stop, status, tour',
    subcommands: [
      {
        name: 'run',
        summary: 'run the demo server in this terminal until ^C, as instance demo',
        examples: ['demo run --port 8080'],
        options: [
          option('--port <PORT>', 'listen on this port (default: any free one)'),
          option('--dialect <NAME>', 'tasks-2025-11-25 or meta-task'),
        ],
        run: async (app, _words, options) => (await import('./demo.ts')).runDemo(app, options),
      },
      {
        name: 'start',
        summary: 'start the demo server in the background, as instance demo',
        examples: ['demo start'],
        options: [
          option('--port <PORT>', 'listen on this port (default: any free one)'),
          option('--dialect <NAME>', 'tasks-2025-11-25 or meta-task'),
        ],
        run: async (app, _words, options) => (await import('./demo.ts')).startDemo(app, options),
      },
      {
        name: 'stop',
        summary: 'stop the demo server and remove its instance; jobs that run are lost',
        examples: ['demo stop'],
        run: async (app) => (await import('./demo.ts')).stopDemo(app),
      },
      {
        name: 'status',
        summary: 'tell whether the demo server runs, and its address',
        examples: ['demo status'],
        run: async (app) => (await import('./demo.ts')).demoStatus(app),
      },
      {
        name: 'tour',
        summary: 'a guided tour: submit a job, watch it, read its result',
        examples: ['demo tour'],
        run: async (app) => (await import('./demo.ts')).demoTour(app),
      },
    ],
  },
];
