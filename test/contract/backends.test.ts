import { expect, it } from 'vitest';
import { backoffDelay, pollDelay } from '../../src/jobs/follow/polling.ts';
import { questionsContract } from './backend-questions.ts';
import { backendContract } from './backends.ts';

for (const dialect of ['tasks-2025-11-25', 'tasks-2026-07-28', 'meta-task'] as const) {
  backendContract(dialect);
  questionsContract(dialect);
}

it.each([
  [undefined, 2_000],
  [Number.NaN, 2_000],
  [Number.POSITIVE_INFINITY, 2_000],
  ['1000', 2_000],
  [0, 500],
  [-1, 500],
  [499, 500],
  [501, 501],
  [2 ** 31, 300_000],
])('polls after a hint of %j in %d ms', (hint, expected) => {
  expect(pollDelay(hint)).toBe(expected);
});

it('backs off to 15 s, a little at random, and never sooner than the server asks', () => {
  expect([1, 2, 3, 6, 7, 5_000].map((n) => backoffDelay(n, undefined, 0))).toEqual([
    500, 1_000, 2_000, 15_000, 15_000, 15_000,
  ]);
  expect(backoffDelay(1, undefined, 0.999)).toBeGreaterThanOrEqual(400);
  expect(backoffDelay(1, 7_000, 0.5)).toBe(7_000);
  expect(backoffDelay(9, 1, 0)).toBe(15_000);
});
