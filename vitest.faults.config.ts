import { defineConfig } from 'vitest/config';

/** The fault suite, `npm run faults`: minutes of kills, full disks and hostile servers, beside the tests of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.fault.ts'],
    globalSetup: ['test/faults/table.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    // Polls end with what they wait for; a busy machine may take its time.
    expect: { poll: { timeout: 20_000 } },
    teardownTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default'],
  },
});
