import type { CommandSpec } from '../program.ts';

/** The commands below `jobs` that are about definitions rather than about jobs that run. */
export const DEFINITION_SPECS: readonly CommandSpec[] = [
  {
    name: 'define',
    summary: 'a job of your own: NAME --tool TOOL, with some of its arguments fixed',
    words: ['[name]'],
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
    ],
    more: [
      'Example:',
      '  jobs define nightly-export --tool export --arg dataset=full --retries 5 --timeout 10m --tag etl',
      '',
      'Secrets are not stored: give them with each call.',
    ].join('\n'),
    run: async (app, [name], options) => (await import('./jobs-define.ts')).defineJob(app, name, options),
  },
  {
    name: 'undefine',
    summary: 'forget a definition',
    words: ['<name>'],
    run: async (app, [name = '']) => (await import('./jobs-define.ts')).undefineJob(app, name),
  },
  {
    name: 'definitions',
    summary: 'the jobs that are defined here, hidden ones too',
    run: async (app) => (await import('./jobs-definitions.ts')).listDefinitions(app),
  },
  {
    name: 'export',
    summary: 'print definitions as JSON, to keep and to import elsewhere',
    words: ['[names...]'],
    run: async (app, names) => (await import('./jobs-definitions.ts')).exportDefinitions(app, names),
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
      (await import('./jobs-import.ts')).importDefinitions(app, file, options),
  },
];
