import type { CommandSpec } from '../../program.ts';
import { option } from '../option.ts';

/** The commands below `jobs` that are about definitions rather than about jobs that run. */
export const DEFINITION_SPECS: readonly CommandSpec[] = [
  {
    name: 'define',
    summary:
      'a job of your own (NAME --tool TOOL), one of the server (NAME --script ...), or what a FILE says',
    words: ['[name-or-file]'],
    options: [
      option('--tool <TOOL>', 'the tool that it calls'),
      option('--arg <NAME=VALUE>', 'fix an argument', true),
      option('--args <JSON>', 'fix arguments as JSON, @file.json or -'),
      option('--description <TEXT>', 'what it is for'),
      option('--retries <N>', 'try a failed run again, N attempts in total'),
      option('--retry-backoff <DURATION>', 'the pause after the first failed attempt'),
      option('--retry-multiplier <X>', 'how each pause grows'),
      option('--retry-max-backoff <DURATION>', 'the longest pause'),
      option('--timeout <DURATION>', 'the time limit of its runs, as --timeout'),
      option('--no-output-check', 'do not check results by the schema'),
      option('--tag <TAG>', 'a word to find it by', true),
      option('--label <NAME=VALUE>', 'a name and a value to find it by', true),
      option('--hide', 'keep it out of ls'),
      option('--force', 'replace a definition of this name'),
      option('--name <NAME>', 'the name, instead of the first word'),
      option('--script <CODE>', 'a job of the server: code, @file.js or -'),
      option('--input-schema <JSON>', 'with --script: the schema of its input'),
      option('--output-schema <JSON>', 'with --script: the schema of its result'),
      option('--steps <JSON>', 'a workflow of the server: JSON or @file'),
      option('--trigger <KIND>', 'with --steps: manual, webhook or event'),
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
    options: [option('--job', 'the job of the server'), option('--workflow', 'the workflow of the server')],
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
      option('--force', 'replace definitions that differ'),
      option('--dry-run', 'only check, and store nothing'),
    ],
    run: async (app, [file = ''], options) =>
      (await import('./import.ts')).importDefinitions(app, file, options),
  },
];
