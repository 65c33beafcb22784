import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // npm run real
    exclude: [...configDefaults.exclude, 'test/real/**'],
    // Whole processes are started by most tests: generous, and never waited for by a passing one.
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // Polls end with what they wait for; a busy machine may take its time.
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 20_000,
    pool: 'forks',
    // Tests wait for processes more than they compute.
    maxWorkers: 3,
    reporters: ['default'],
  },
});
