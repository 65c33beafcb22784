import type { CommandSpec } from '../../program.ts';
import { option } from '../option.ts';

export const WORKER_SPEC: CommandSpec = {
  name: 'worker',
  summary: 'run jobs that were submitted to a shared store, here or on other machines',
  subcommands: [
    {
      name: 'run',
      isDefault: true,
      summary: 'take jobs and run them until a signal comes',
      examples: ['worker', 'worker run work --concurrency 8'],
      words: ['[instances...]'],
      options: [
        option('--concurrency <N>', 'jobs at a time of each instance (default: 4)'),
        option('--drain', 'end when no job waits any more'),
        option(
          '--lease <DURATION>',
          'how long the worker may be silent before others take over (default: 30s)',
        ),
        option('--health-file <FILE>', 'a file that is written anew while the worker is well'),
      ],
      more: [
        'Without instances: all that have a store in Redis. SIGTERM and ^C: it takes nothing new, and ends with what runs; a second one ends that, too.',
        'Each worker uses its own configuration, logins and permissions. docs/shared-store.md tells more.',
      ].join('\n'),
      run: async (app, names, options) => (await import('./work.ts')).runWorker(app, names, options),
    },
    {
      name: 'status',
      summary: 'list the workers that live, what each runs, and what waits',
      examples: ['worker status'],
      words: ['[instances...]'],
      more: 'Exit code 1 when jobs of an instance have no worker.',
      run: async (app, names) => (await import('./status.ts')).workerStatus(app, names),
    },
  ],
};
