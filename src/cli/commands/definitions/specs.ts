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
      {
        flags: '--arg <NAME=VALUE>',
        help: 'fix an argument',
        repeatable: true,
      },
      { flags: '--args <JSON>', help: 'fix arguments as JSON, @file.json or -' },
      { flags: '--description <TEXT>', help: 'what it is for' },
      { flags: '--retries <N>', help: 'try a failed run again, N attempts in total' },
      { flags: '--retry-backoff <DURATION>', help: 'the pause after the first failed attempt' },
      { flags: '--retry-multiplier <X>', help: 'how each pause grows' },
      { flags: '--retry-max-backoff <DURATION>', help: 'the longest pause' },
      { flags: '--timeout <DURATION>', help: 'the time limit of its runs, as --timeout' },
      { flags: '--no-output-check', help: 'do not check results by the schema' },
      { flags: '--tag <TAG>', help: 'a word to find it by', repeatable: true },
      { flags: '--label <NAME=VALUE>', help: 'a name and a value to find it by', repeatable: true },
      { flags: '--hide', help: 'keep it out of ls' },
      { flags: '--force', help: 'replace a definition of this name' },
      { flags: '--name <NAME>', help: 'the name, instead of the first word' },
      {
        flags: '--script <CODE>',
        help: 'a job of the server: code, @file.js or -',
      },
      { flags: '--input-schema <JSON>', help: 'with --script: the schema of its input' },
      { flags: '--output-schema <JSON>', help: 'with --script: the schema of its result' },
      { flags: '--steps <JSON>', help: 'a workflow of the server: JSON or @file' },
      { flags: '--trigger <KIND>', help: 'with --steps: manual, webhook or event' },
    ],
    examples: ['jobs define nightly-export --tool export --arg dataset=full --retries 5 --timeout 10m'],
    more: [
      'In place of a name a FILE may stand: what jobs export has printed, or jobs and workflows for a FrontMCP server.',
      'With --script @clean.js the job is registered at such a server. Secrets are not stored: give them with each call.',
    ].join(' '),
    run: async (app, [name], options) => (await import('./define.ts')).defineJob(app, name, options),
  },
  {
    name: 'undefine',
    summary: 'remove a definition, or a job or workflow that was registered at the server',
    examples: ['jobs undefine nightly-export'],
    words: ['<name>'],
    options: [
      { flags: '--job', help: 'the job of the server' },
      { flags: '--workflow', help: 'the workflow of the server' },
    ],
    run: async (app, [name = ''], options) => (await import('./define.ts')).undefineJob(app, name, options),
  },
  {
    name: 'definitions',
    summary: 'list the jobs that are defined here, with hidden ones',
    examples: ['jobs definitions'],
    run: async (app) => (await import('./list.ts')).listDefinitions(app),
  },
  {
    name: 'export',
    summary: 'print definitions as JSON, to keep and to import elsewhere',
    examples: ['jobs export > team-jobs.json'],
    words: ['[names...]'],
    run: async (app, names) => (await import('./list.ts')).exportDefinitions(app, names),
  },
  {
    name: 'import',
    summary: 'import definitions that jobs export has printed: FILE, or - for stdin',
    examples: ['jobs import team-jobs.json --dry-run'],
    words: ['<file>'],
    options: [
      { flags: '--force', help: 'replace definitions that differ' },
      { flags: '--dry-run', help: 'only check, and store nothing' },
    ],
    run: async (app, [file = ''], options) =>
      (await import('./import.ts')).importDefinitions(app, file, options),
  },
];
