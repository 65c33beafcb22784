import type { CommandSpec } from '../../program.ts';

/** The commands below `jobs` that are about definitions rather than about jobs that run. */
export const DEFINITION_SPECS: readonly CommandSpec[] = [
  {
    name: 'define',
    summary:
      'a job of your own (NAME --tool TOOL), one of the server (NAME --script ...), or what a FILE says',
    words: ['[name-or-file]'],
    options: [
      { flags: '--tool <TOOL>', help: 'the tool that it calls' },
      { flags: '--arg <NAME=VALUE>', help: "fix an argument: a flag of the tool's", repeatable: true },
      { flags: '--args <JSON>', help: 'fix arguments as JSON, @file.json or - (stdin); --arg wins over it' },
      { flags: '--description <TEXT>', help: 'what it is for' },
      { flags: '--retries <N>', help: 'try a failed run again, N attempts in total' },
      { flags: '--retry-backoff <DURATION>', help: 'the pause after the first failed attempt' },
      { flags: '--retry-multiplier <X>', help: 'how each pause grows' },
      { flags: '--retry-max-backoff <DURATION>', help: 'the longest pause' },
      { flags: '--timeout <DURATION>', help: 'the --timeout of its runs' },
      { flags: '--no-output-check', help: "do not check results against the tool's outputSchema" },
      { flags: '--tag <TAG>', help: 'a word to find it by', repeatable: true },
      { flags: '--label <NAME=VALUE>', help: 'the same with a value', repeatable: true },
      { flags: '--hide', help: 'keep it out of ls' },
      { flags: '--force', help: 'replace a definition of this name' },
      { flags: '--name <NAME>', help: 'the name, in place of the word' },
      { flags: '--script <CODE>', help: 'a job of the server: its JavaScript, @file.js or - (stdin)' },
      { flags: '--input-schema <JSON>', help: 'of such a job: the schema of its input, or @file.json' },
      { flags: '--output-schema <JSON>', help: 'the same of its result' },
      { flags: '--steps <JSON>', help: 'a workflow of the server: its steps, or @file.json' },
      { flags: '--trigger <KIND>', help: 'of a workflow: manual, webhook or event' },
    ],
    more: [
      'Examples:',
      '  jobs define nightly-export --tool export --arg dataset=full --retries 5 --timeout 10m --tag etl',
      '  jobs define team-jobs.json            what jobs export printed, or jobs and workflows for a FrontMCP server',
      '  jobs define clean --script @clean.js  registers a job at a FrontMCP server',
      '',
      'Secrets are not stored: give them with each call.',
    ].join('\n'),
    run: async (app, [name], options) => (await import('./define.ts')).defineJob(app, name, options),
  },
  {
    name: 'undefine',
    summary: 'forget a definition, or remove a job or workflow that was registered at the server',
    words: ['<name>'],
    options: [
      { flags: '--job', help: 'the job of the server' },
      { flags: '--workflow', help: 'the workflow of the server' },
    ],
    run: async (app, [name = ''], options) => (await import('./define.ts')).undefineJob(app, name, options),
  },
  {
    name: 'definitions',
    summary: 'the jobs that are defined here, hidden ones too',
    run: async (app) => (await import('./list.ts')).listDefinitions(app),
  },
  {
    name: 'export',
    summary: 'print definitions as JSON, to keep and to import elsewhere',
    words: ['[names...]'],
    run: async (app, names) => (await import('./list.ts')).exportDefinitions(app, names),
  },
  {
    name: 'import',
    summary: 'define what a file says that jobs export printed: FILE, or - for stdin',
    words: ['<file>'],
    options: [
      { flags: '--force', help: 'replace definitions that have other content' },
      { flags: '--dry-run', help: 'check everything, store nothing' },
    ],
    run: async (app, [file = ''], options) =>
      (await import('./import.ts')).importDefinitions(app, file, options),
  },
];
