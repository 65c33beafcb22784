import { vi } from 'vitest';

/** Resolves with what `check` resolves to once it no longer throws. A busy machine may take its time: vitest's own limit is a second. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000 });
}
