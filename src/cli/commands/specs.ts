import type { CommandSpec } from '../program.ts';
import { DEFINITION_SPECS } from './definition-specs.ts';
import { listJobs } from './jobs-list.ts';

/** `tools.TOOL.KEY` */
const isOfTools = (key: string) => /^tools(\.|$)/.test(key);

/** Commands of the program itself. Their code is loaded when they run; `jobs list` alone is at hand, being what scripts call most. */
export const HOST_SPECS: readonly CommandSpec[] = [
  {
    name: 'instances',
    summary: 'named servers: add, list, show, set, unset, remove, use',
    subcommands: [
      {
        name: 'add',
        summary: 'name a server: NAME --url URL, or NAME -- COMMAND [ARG]...',
        words: ['<name>', '[command...]'],
        options: [{ flags: '--force', help: 'replace an instance of this name' }],
        scopes: ['target'],
        more: [
          'Examples:',
          "  mcp2cli instances add work --url https://host/mcp --header 'Authorization: Bearer ${TOKEN}'",
          '  mcp2cli instances add files -- npx -y @modelcontextprotocol/server-filesystem .',
          '',
          'Variables (${VAR}, ${VAR:-default}) are stored as they stand and filled in when the instance is used.',
        ].join('\n'),
        run: async (app, [name = '', ...command], options) =>
          (await import('./instances.ts')).addInstance(app, name, command, options),
      },
      {
        name: 'list',
        summary: 'all of them; * is the active one',
        run: async (app) => (await import('./instances.ts')).listInstances(app),
      },
      {
        name: 'show',
        summary: 'one of them; secrets are not shown',
        words: ['<name>'],
        run: async (app, [name = '']) => (await import('./instances.ts')).showInstance(app, name),
      },
      {
        name: 'set',
        summary: 'a setting: NAME KEY VALUE..., or NAME sampling -- COMMAND [ARG]...',
        words: ['<name>', '<key>', '[values...]'],
        more: [
          'Settings:',
          '  detach true|false                 --background of a tool without tasks returns at once, as with --detach',
          '  keepAlive true|false              the first call starts a keeper, which holds the connection for the next ones',
          '  idleTimeout DURATION              how long a keeper without work stays; 0: until it is stopped',
          '  elicit ask|decline|defaults       what is done with the questions of the server, without --elicit',
          '  roots FOLDER|URI...               where the server may work',
          '  sampling -- COMMAND [ARG]...      answers sampling requests: the request on stdin, the message on stdout',
          '',
          'Of a tool, or of all that a pattern fits (tools.delete_*.KEY); flags of a call win over them:',
          '  tools.TOOL.retries N              also retryBackoff, retryMultiplier, retryMaxBackoff, timeout, as the flags',
          '  tools.TOOL.outputCheck false      as --no-output-check',
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
            ? (await import('./instance-tools.ts')).setToolSetting(app, name, key, values)
            : (await import('./instance-settings.ts')).setSetting(app, name, key, values),
      },
      {
        name: 'unset',
        summary: 'take a setting back: NAME KEY',
        words: ['<name>', '<key>'],
        run: async (app, [name = '', key = '']) =>
          isOfTools(key)
            ? (await import('./instance-tools.ts')).unsetToolSetting(app, name, key)
            : (await import('./instance-settings.ts')).unsetSetting(app, name, key),
      },
      {
        name: 'remove',
        summary: 'forget one; its jobs stay on disk',
        words: ['<name>'],
        options: [{ flags: '--purge', help: 'delete its jobs and caches too' }],
        run: async (app, [name = ''], options) =>
          (await import('./instances.ts')).removeInstance(app, name, options),
      },
      {
        name: 'use',
        summary: 'make one active: commands without a name go to it',
        words: ['<name>'],
        run: async (app, [name = '']) => (await import('./instances.ts')).useInstance(app, name),
      },
    ],
  },
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
    name: 'completion',
    summary: 'print what makes TAB complete, for bash, zsh, fish or powershell',
    words: ['<shell>'],
    options: [{ flags: '--name <NAME>', help: 'for this linked command alone' }],
    more: [
      'To have it in every new shell:',
      "  bash        echo 'source <(mcp2cli completion bash)' >> ~/.bashrc",
      "  zsh         echo 'source <(mcp2cli completion zsh)' >> ~/.zshrc           (behind compinit)",
      '  fish        mcp2cli completion fish > ~/.config/fish/completions/mcp2cli.fish',
      '  powershell  mcp2cli completion powershell | Out-String | Invoke-Expression   (in $PROFILE)',
      '',
      'The linked commands that are in the PATH are completed, too. Candidates come from what is stored here: no server is asked.',
    ].join('\n'),
    run: async (app, [shell = ''], options) =>
      (await import('./completion.ts')).printCompletion(app, shell, options),
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
        run: async (app, [name]) => (await import('./keeper.ts')).keeperStatus(app, name),
      },
      {
        name: 'stop',
        summary: 'end one, and its server',
        words: ['[instance]'],
        options: [
          { flags: '--all', help: 'all of them' },
          { flags: '--force', help: 'even with running jobs (they are lost), or when it does not answer' },
        ],
        run: async (app, [name], options) => (await import('./keeper.ts')).keeperStop(app, name, options),
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
          (await import('./keeper-logs.ts')).keeperLogs(app, name, options),
      },
    ],
  },
  {
    name: 'doctor',
    summary: 'look for what is wrong: the machine, the configuration, jobs, servers',
    words: ['[instance]'],
    options: [
      { flags: '--offline', help: 'ask no server' },
      { flags: '--set-aside', help: 'move damaged records of INSTANCE out of the way' },
    ],
    scopes: ['target'],
    more: [
      'Exit code 1 when there is a problem (!!); warnings (--) are fine. Each server may take 10 s, or --timeout. A server that is a',
      'command is started, and ended again. Damaged records are moved to the folder damaged/ of the instance, never deleted.',
    ].join('\n'),
    run: async (app, [instance], options) => (await import('./doctor.ts')).examine(app, instance, options),
  },
  {
    name: 'demo',
    summary: 'a real MCP server to try things on: run, start, stop, status, tour',
    subcommands: [
      {
        name: 'run',
        isDefault: true,
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
        summary: 'stop it and forget the instance',
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

const JOB_ID = '[id]';
const LATEST = { flags: '--latest', help: 'the newest job' };

/** Commands of an instance. `call` and tools are not commander's: their flags come from schemas. */
export const INSTANCE_SPECS: readonly CommandSpec[] = [
  {
    name: 'ls',
    summary: 'what the server offers: tools, jobs, workflows',
    options: [
      { flags: '--tag <TAG>', help: 'with this tag (repeatable: any of them)', repeatable: true },
      { flags: '--label <K=V>', help: 'with this label (repeatable: all of them)', repeatable: true },
      { flags: '--all', help: 'those too that are set to be hidden' },
      { flags: '--filter <TEXT>', help: 'with this in the name or the description (also --query)' },
      { flags: '--query <TEXT>', help: 'the same', hidden: true },
      { flags: '-l, --long', help: 'with the flags of each' },
    ],
    run: async (app, _words, options) => (await import('./ls.ts')).list(app, options),
  },
  {
    name: 'refresh',
    summary: "read the server's catalogue again",
    run: async (app) => (await import('./ls.ts')).refresh(app),
  },
  {
    name: 'jobs',
    summary: 'background jobs: list, show, wait, watch, answer, cancel, logs, prune',
    subcommands: [
      {
        name: 'list',
        summary: 'saved jobs, newest first; no network',
        options: [
          { flags: '--refresh', help: 'ask the server about the live ones first' },
          { flags: '--limit <N>', help: 'the newest N only' },
          {
            flags: '--status <STATUS>',
            help: 'queued, running, input_required, completed, failed, canceled or lost',
          },
          { flags: '--tag <TAG>', help: 'with this tag; repeated: with any of them', repeatable: true },
          { flags: '--label <K=V>', help: 'with this label; repeated: with all of them', repeatable: true },
        ],
        run: (app, _words, options) => listJobs(app, options),
      },
      {
        name: 'show',
        summary: 'the state of a job now',
        words: [JOB_ID],
        options: [
          LATEST,
          { flags: '--exit-status', help: 'exit 0 completed, 1 ended otherwise, 8 not finished' },
        ],
        scopes: ['result'],
        run: async (app, [id], options) => (await import('./jobs-show.ts')).showOne(app, id, options),
      },
      {
        name: 'wait',
        summary: 'block until jobs end; exit 0 if all completed, 1 if not',
        words: ['[ids...]'],
        options: [LATEST],
        scopes: ['input', 'result'],
        run: async (app, ids, options) => (await import('./jobs-wait.ts')).waitForJobs(app, ids, options),
      },
      {
        name: 'watch',
        summary: 'wait, showing state and progress as they change',
        words: [JOB_ID],
        options: [LATEST],
        scopes: ['input', 'result'],
        run: async (app, [id], options) => (await import('./jobs-watch.ts')).watchJob(app, id, options),
      },
      {
        name: 'answer',
        summary: 'answer what a job asks: --FIELD value..., --accept, --decline, --cancel',
        words: [JOB_ID],
        options: [LATEST],
        // Its flags come from the question's form, so the line is not commander's (route.ts).
        run: async (app, words) => (await import('./jobs-answer.ts')).answerJob(app, words),
      },
      {
        name: 'logs',
        summary: 'what became of each attempt of a run in this program, and what a job server logged',
        words: [JOB_ID],
        options: [LATEST, { flags: '-f, --follow', help: 'go on until the job ends' }],
        run: async (app, [id], options) => (await import('./jobs-logs.ts')).jobLogs(app, id, options),
      },
      {
        name: 'cancel',
        summary: 'ask for cancellation',
        words: [JOB_ID],
        options: [LATEST],
        run: async (app, [id], options) => (await import('./jobs-cancel.ts')).cancelOne(app, id, options),
      },
      {
        name: 'prune',
        summary: 'remove the records of jobs that have ended',
        options: [
          { flags: '--older-than <AGE>', help: 'that ended so long ago: 30d, 2w, 12h; 0: whenever' },
          { flags: '--keep <N>', help: 'but for the newest N of them' },
          {
            flags: '--status <STATUS>',
            help: 'completed, failed, canceled or lost; repeated: any of them',
            repeatable: true,
          },
          { flags: '--tag <TAG>', help: 'with this tag; repeated: with any of them', repeatable: true },
          { flags: '--label <K=V>', help: 'with this label; repeated: with all of them', repeatable: true },
          { flags: '--dry-run', help: 'list them, remove nothing' },
          { flags: '--yes', help: 'do not ask on the terminal' },
        ],
        more: [
          'All that is given must hold; --keep counts the jobs that --status, --tag and --label leave. Jobs that run, and records that',
          'are damaged or of a newer version, are never removed. The results go with the records.',
        ].join('\n'),
        run: async (app, _words, options) => (await import('./jobs-prune.ts')).pruneJobs(app, options),
      },
      ...DEFINITION_SPECS,
    ],
  },
];
