import type { CommandSpec } from '../program.ts';
import { AUTH_SPEC } from './auth/specs.ts';

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
        summary: 'name a server: NAME URL, or NAME -- COMMAND [ARG]...',
        words: ['<name>', '[command...]'],
        foreignFrom: 1,
        options: [{ flags: '--force', help: 'replace an instance of this name' }],
        scopes: ['target'],
        flagHelp: {
          instance: '',
          url: 'the address of a server over HTTP, as NAME URL',
          stdio: 'the command line of a server, as NAME -- COMMAND [ARG]...',
          header: 'an HTTP header that the server gets',
          env: 'an environment variable that the command gets',
          cwd: 'the working directory of the command',
        },
        more: [
          'Examples:',
          "  mcp2cli instances add work https://host/mcp --header 'Authorization: Bearer ${TOKEN}'",
          '  mcp2cli instances add files -- npx -y @modelcontextprotocol/server-filesystem .',
          '',
          'Variables (${VAR}, ${VAR:-default}) are stored as they stand and filled in when the instance is used.',
        ].join('\n'),
        run: async (app, [name = '', ...command], options) =>
          (await import('./instances/add.ts')).addInstance(app, name, command, options),
      },
      {
        name: 'discover',
        summary: 'the servers that other programs on this machine have, and where',
        run: async (app) => (await import('./instances/discover.ts')).discoverInstances(app),
      },
      {
        name: 'import',
        summary: 'take servers of other programs over: NAME..., or --all',
        words: ['[names...]'],
        options: [
          {
            flags: '--from <HOST|FILE>',
            help: 'only of this program (cursor, vscode, ...), or of this file',
          },
          { flags: '--all', help: 'everything that can be taken over' },
          { flags: '--dry-run', help: 'say what would be taken over, and write nothing' },
          { flags: '--force', help: 'replace instances of the same name; of several servers take the first' },
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
        summary: 'all of them; * is the active one',
        run: async (app) => (await import('./instances/list.ts')).listInstances(app),
      },
      {
        name: 'show',
        summary: 'one of them; secrets are not shown',
        words: ['<name>'],
        run: async (app, [name = '']) => (await import('./instances/list.ts')).showInstance(app, name),
      },
      {
        name: 'set',
        summary: 'a setting: NAME KEY VALUE..., or NAME sampling -- COMMAND [ARG]...',
        words: ['<name>', '<key>', '[values...]'],
        foreignFrom: 2,
        more: [
          'Settings:',
          '  detach true|false                 --background of a tool without tasks returns at once, as with --detach',
          '  keepAlive true|false              the first call starts a keeper, which holds the connection for the next ones',
          '  serverCompletion true|false       TAB asks the server for values of prompts and templates, for at most 300 ms',
          '  idleTimeout DURATION              how long a keeper without work stays; 0: until it is stopped',
          '  connectTimeout DURATION           how long connecting may take (default 60s); 0: no limit',
          '  elicit ask|decline|defaults       what is done with the questions of the server, without --elicit',
          '  roots FOLDER|URI...               where the server may work',
          '  passEnv NAME...                   environment variables that a stdio server gets beside the usual ones',
          '  sampling -- COMMAND [ARG]...      answers sampling requests: the request on stdin, the message on stdout',
          '  proxy URL|none                    a proxy of its own, in place of HTTP_PROXY and the like; none: without',
          '  ca FILE                           certificate authorities that are trusted beside those of Node (PEM)',
          '  disabled true|false               whether it is out of use',
          '',
          'Of a tool, or of all that a pattern fits (tools.delete_*.KEY); flags of a call win over them:',
          '  tools.TOOL.retries N              also retryBackoff, retryMultiplier, retryMaxBackoff, timeout, as the flags',
          '  tools.TOOL.outputCheck false      as --no-output-check; also inputCheck, as --no-input-check',
          '  tools.TOOL.tags TAG...            tags of its jobs, for jobs list --tag',
          '  tools.TOOL.labels K=V...          labels of its jobs, for jobs list --label',
          '  tools.TOOL.hideFromDiscovery true not listed by ls',
          '  tools.TOOL.name NAME              what it is called here; also aliases NAME..., group WORD',
          '  tools.TOOL.flags JSON             its flags: {"maxTokens": {"name": "limit", "default": 100, "hide": false}}',
          '  permissions JSON|@FILE            rules of what may be done, such as',
          '                                    \'[{"action": "execute", "tools": ["delete-*"], "roles": ["admin"]}]\'',
          '  roles NAME..., scopes NAME...     what is granted here, for the rules',
        ].join('\n'),
        run: async (app, [name = '', key = '', ...values]) =>
          isOfTools(key)
            ? (await import('./instances/set-tool.ts')).setToolSetting(app, name, key, values)
            : (await import('./instances/set.ts')).setSetting(app, name, key, values),
      },
      {
        name: 'unset',
        summary: 'take a setting back: NAME KEY',
        words: ['<name>', '<key>'],
        run: async (app, [name = '', key = '']) =>
          isOfTools(key)
            ? (await import('./instances/set-tool.ts')).unsetToolSetting(app, name, key)
            : (await import('./instances/set.ts')).unsetSetting(app, name, key),
      },
      {
        name: 'remove',
        aliases: ['rm'],
        summary: 'forget one, and its linked commands; its jobs stay on disk',
        words: ['<name>'],
        options: [
          {
            flags: '--purge',
            help: 'delete its jobs and caches too; asks, or refuses, while jobs have not ended',
          },
          { flags: '--force', help: 'with --purge: also jobs that have not ended; a keeper is stopped' },
        ],
        run: async (app, [name = ''], options) =>
          (await import('./instances/remove.ts')).removeInstance(app, name, options),
      },
      {
        name: 'rename',
        summary: 'give one another name; its jobs, settings and linked commands follow',
        words: ['<old>', '<new>'],
        run: async (app, [old = '', name = '']) =>
          (await import('./instances/rename.ts')).renameInstance(app, old, name),
      },
      {
        name: 'use',
        summary: 'make one active: commands without a name go to it',
        words: ['<name>'],
        run: async (app, [name = '']) => (await import('./instances/list.ts')).useInstance(app, name),
      },
    ],
  },
  AUTH_SPEC,
  {
    name: 'link',
    summary: 'make an instance a command of its own',
    words: ['<name>'],
    options: [
      { flags: '--dir <DIR>', help: 'where to put it (default: ~/.local/bin)' },
      { flags: '--force', help: 'replace a file that is not a launcher' },
    ],
    run: async (app, [name = ''], options) => (await import('./link.ts')).linkInstance(app, name, options),
  },
  {
    name: 'unlink',
    summary: 'remove the command that link has made',
    words: ['<name>'],
    options: [{ flags: '--dir <DIR>', help: 'where it is (default: in the PATH, or ~/.local/bin)' }],
    run: async (app, [name = ''], options) => (await import('./link.ts')).unlinkInstance(app, name, options),
  },
  {
    name: 'completion',
    summary: 'print the shell completion script for bash, zsh, fish or powershell',
    words: ['<shell>'],
    options: [{ flags: '--name <NAME>', help: 'for this linked command alone' }],
    more: [
      'To have it in every new shell:',
      "  bash        echo 'source <(mcp2cli completion bash)' >> ~/.bashrc",
      "  zsh         echo 'source <(mcp2cli completion zsh)' >> ~/.zshrc           (behind compinit, if it is there)",
      '  fish        mcp2cli completion fish > ~/.config/fish/completions/mcp2cli.fish',
      '  powershell  mcp2cli completion powershell | Out-String | Invoke-Expression   (in $PROFILE)',
      '',
      'The linked commands that are in the PATH are completed, too. Candidates come from what is stored here: no server is asked.',
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
        summary: 'the keepers that run, and what they do',
        words: ['[instance]'],
        run: async (app, [name]) => (await import('./keeper/status.ts')).keeperStatus(app, name),
      },
      {
        name: 'stop',
        summary: 'end one, and its server',
        words: ['[instance]'],
        options: [
          { flags: '--all', help: 'all of them' },
          { flags: '--force', help: 'even with running jobs (they are lost), or when it does not answer' },
        ],
        run: async (app, [name], options) =>
          (await import('./keeper/status.ts')).keeperStop(app, name, options),
      },
      {
        name: 'logs',
        summary: 'what it did, and what its server wrote on stderr',
        words: ['[instance]'],
        options: [
          { flags: '-f, --follow', help: 'go on as lines come' },
          { flags: '--tail <N>', help: 'the last N lines only' },
        ],
        run: async (app, [name], options) =>
          (await import('./keeper/logs.ts')).keeperLogs(app, name, options),
      },
    ],
  },
  {
    name: 'doctor',
    summary: 'check this machine, the configuration, jobs and servers',
    words: ['[instance]'],
    options: [
      { flags: '--offline', help: 'ask no server' },
      { flags: '--set-aside', help: 'move damaged records of INSTANCE out of the way' },
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
        summary: 'run it here until ^C, as instance demo',
        options: [
          { flags: '--port <PORT>', help: 'listen on this port (default: any free one)' },
          { flags: '--dialect <NAME>', help: 'tasks-2025-11-25 or meta-task' },
        ],
        run: async (app, _words, options) => (await import('./demo.ts')).runDemo(app, options),
      },
      {
        name: 'start',
        summary: 'start it in the background, as instance demo',
        options: [
          { flags: '--port <PORT>', help: 'listen on this port (default: any free one)' },
          { flags: '--dialect <NAME>', help: 'tasks-2025-11-25 or meta-task' },
        ],
        run: async (app, _words, options) => (await import('./demo.ts')).startDemo(app, options),
      },
      {
        name: 'stop',
        summary: 'stop it and forget the instance; jobs that run are lost',
        run: async (app) => (await import('./demo.ts')).stopDemo(app),
      },
      {
        name: 'status',
        summary: 'whether it runs, and where',
        run: async (app) => (await import('./demo.ts')).demoStatus(app),
      },
      {
        name: 'tour',
        summary: 'walk through the main job, for real',
        run: async (app) => (await import('./demo.ts')).demoTour(app),
      },
    ],
  },
];
