import { expect, test } from 'vitest';
import { backoffDelay, pollDelay } from '../../src/jobs/follow/polling.ts';

test.each([
  [undefined, 2000],
  [null, 2000],
  ['1000', 2000],
  [Number.NaN, 2000],
  [Number.POSITIVE_INFINITY, 2000],
  [0, 500],
  [-1, 500],
  [499, 500],
  [750, 750],
  [2 ** 31, 300_000],
])('a poll hint of %s is a pause of %i ms', (hint, pause) => {
  expect(pollDelay(hint)).toBe(pause);
});

test('the pause after failures doubles from half a second to fifteen', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map((n) => backoffDelay(n, undefined, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000,
  ]);
});

test('jitter shortens it by a fifth at most, Retry-After is never undercut', () => {
  expect(backoffDelay(3, undefined, 0.999999)).toBeGreaterThanOrEqual(1600);
  expect(backoffDelay(1, 30_000, 0.5)).toBe(30_000);
});
