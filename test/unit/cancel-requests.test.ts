import { expect, test } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import { watchForCancel } from '../../src/jobs/cancel-requests.ts';
import type { JobStore } from '../../src/jobs/ports.ts';
import { freshHome } from '../support/home.ts';
import { diskStore, newJob } from '../support/store-fixtures.ts';

test('a request is heard after a store that was away for a while', async () => {
  const { store } = diskStore(freshHome());
  const { job_id } = store.create(newJob());
  store.requestCancel(job_id);
  let looks = 0;
  const flaky: JobStore = new Proxy(store, {
    get: (all, name) =>
      name === 'cancelRequested' && ++looks < 3
        ? async () => {
            throw new UnreachableError('the store cannot be reached');
          }
        : Reflect.get(all, name)?.bind(all),
  });
  const slept: number[] = [];
  const clock = {
    now: () => new Date(),
    monotonic: () => performance.now(),
    sleep: async (ms: number) => void slept.push(ms),
  };
  const over = new AbortController();
  await new Promise<void>((resolve) => watchForCancel({ store: flaky, clock }, job_id, over.signal, resolve));
  over.abort();
  expect(looks).toBe(3);
  expect(slept.filter((ms) => ms === 1_000)).toHaveLength(2);
});
