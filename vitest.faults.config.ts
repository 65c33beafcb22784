import { configDefaults, defineConfig } from 'vitest/config';
import { longestFirst } from './test/support/longest-first.ts';

/** These take longest, most of it waiting. */
const SLOW =
  'workflows network endings checks syscalls lies caps login signals machine streams shared-store'.split(' ');

/** What these measure others beside them would move. */
const ALONE = ['test/faults/keeper-delay.fault.ts'];

/** The fault suite, `npm run faults`: minutes of kills, full disks and hostile servers, beside the tests of `npm test`. */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.fault.ts'],
          exclude: [...configDefaults.exclude, ...ALONE],
          // They wait for limits and processes more than they compute.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    globalSetup: ['test/faults/table.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    // Polls end with what they wait for; a busy machine may take its time.
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 20_000,
    pool: 'forks',
    sequence: { sequencer: longestFirst(SLOW) },
    reporters: ['default'],
  },
});
