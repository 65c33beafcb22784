import { configDefaults, defineConfig } from 'vitest/config';
import { folderInMemory } from './test/support/in-memory.ts';
import { longestFirst } from './test/support/longest-first.ts';
import { noRedis } from './test/support/redis.ts';

/** Files that wait for what takes its time by nature: a server's farewell, the limit of a check, kills. The longest come first. */
const SLOW =
  'worker/machines jobs/concurrency help/help tool/large-checks jobs/answering worker/worker keeper/keeper keeper/jobs workflows/workers keeper/faults job-files/runs jobs/local connection/stdio-endings job-files/library-types help/readme resources/resources auth/refresh auth/login jobs/all-instances unit/job-files'.split(
    ' ',
  );

/** Files that put other modules in the place of real ones, and so need modules of their own. */
const MODULES_OF_THEIR_OWN = ['test/unit/store-durable-file.test.ts'];

/** npm run real */
const REAL = 'test/real/**';

if (noRedis !== undefined) console.warn(noRedis);

// Each job is synced to the disk several times, and tests end before it matters. The fault suite looks at real disks.
const memory = process.env['TMPDIR'] === undefined ? folderInMemory() : undefined;
if (memory !== undefined) process.env['TMPDIR'] = memory;

/** What commands say of jobs is the same where these are in Redis. Tests that put records on disk skip themselves there. */
const shared =
  noRedis === undefined
    ? [
        {
          extends: true as const,
          test: {
            name: 'shared',
            include: 'all-instances answering concurrency forget list local numbers times words'
              .split(' ')
              .map((name) => `test/e2e/jobs/${name}.test.ts`),
            globalSetup: 'test/support/shared-store.ts',
            isolate: false,
          },
        },
      ]
    : [];

export default defineConfig({
  test: {
    projects: [
      // One worker runs many files: starting it and loading what most of them import took a tenth of the processor's time.
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, REAL, ...MODULES_OF_THEIR_OWN],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'apart', include: MODULES_OF_THEIR_OWN } },
      ...shared,
    ],
    // Whole processes are started by most tests: generous, and never waited for by a passing one.
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // Polls end with what they wait for; a busy machine may take its time.
    // What they look at is often a command, which costs the processor more than a moment's delay.
    expect: { poll: { timeout: 60_000, interval: 100 } },
    teardownTimeout: 20_000,
    pool: 'forks',
    // Tests wait for processes more than they compute: as many as fill two cores.
    maxWorkers: 8,
    sequence: { sequencer: longestFirst(SLOW) },
    reporters: ['default'],
  },
});
