import { defineConfig } from 'vitest/config';

/** `npm run real`: apart from the other tests, because it installs hundreds of packages. */
export default defineConfig({
  test: {
    include: ['test/real/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
