/** When the driver of a task looks again: a backend as the test says, and a clock that counts. */
import { expect, it } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import type { JobDeps } from '../../src/jobs/deps.ts';
import { followTask } from '../../src/jobs/follow/follow-task.ts';
import type { Backend, LinkEvents, ServerLink, Snapshot } from '../../src/jobs/ports.ts';
import type { DiskJobStore } from '../../src/jobs/store/job-store.ts';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import { stopAfter } from '../../src/lib/stop.ts';
import { freshHome } from '../support/home.ts';
import { diskStore, newJob } from '../support/store-fixtures.ts';

const WORKING: Snapshot = {
  status: 'running',
  remote: null,
  remoteStatus: 'working',
  pollIntervalMs: 300_000,
};
const DONE: Snapshot = {
  status: 'completed',
  remote: null,
  remoteStatus: 'completed',
  result: { content: [] },
};

interface Stage {
  events: LinkEvents;
  /** Pauses that were slept to their end. */
  slept: number;
}

/** Drives a task of this backend. Without `naps` the clock never moves: only what happens wakes the driver. */
async function driven(
  backendOf: (stage: Stage) => Partial<Backend>,
  { naps = false, ask }: { naps?: boolean; ask?: JobDeps['ask'] } = {},
) {
  const stage: Stage = { events: {}, slept: 0 };
  const { store } = diskStore(freshHome());
  const backend = { name: 'tasks-2026-07-28', blocks: false, ...backendOf(stage) } as Backend;
  const link = {
    backend: () => backend,
    observe: (events: LinkEvents) => {
      stage.events = events;
    },
    listen: async () => {},
  } as unknown as ServerLink;
  const clock: JobDeps['clock'] = {
    now: () => new Date(),
    monotonic: () => performance.now(),
    async sleep(_ms, signal?: AbortSignal) {
      await new Promise((resolve, reject) => {
        if (naps) setTimeout(resolve, 5);
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      stage.slept += 1;
    },
  };
  const deps: JobDeps = {
    store,
    links: { open: async () => link, reopen: async () => link },
    clock,
    random: () => 0,
    holder: currentHolder(),
    failureBudgetMs: 120_000,
    ask,
  };
  const job = { ...store.create(newJob()), remote_task_id: 'task_1', backend: backend.name };
  const stop = stopAfter(clock, undefined, undefined, 'the time ran out');
  return { end: await followTask(deps, job, { stop, events: {}, link }), stage };
}

it('a change that is told of while it is being asked about is asked about once more', async () => {
  let polls = 0;
  const { end } = await driven((stage) => ({
    async poll() {
      polls += 1;
      if (polls > 1) return DONE;
      // The answer is on its way already, and does not have the change in it.
      stage.events.onStatusHint?.();
      return WORKING;
    },
    result: async () => DONE,
  }));
  expect(end.status).toBe('completed');
  expect(polls).toBe(2);
});

it('an answer that is there at once does not wait for the next poll', async () => {
  const question = { request_id: 'q', method: 'elicitation/create', params: {}, received_at: '' };
  let answered = false;
  const { end } = await driven(
    (stage) => ({
      poll: async () => (answered ? DONE : { ...WORKING, status: 'input_required', questions: [question] }),
      result: async () => DONE,
      async answer() {
        answered = true;
        stage.events.onStatusHint?.();
      },
    }),
    { ask: async () => ({ action: 'decline' }) },
  );
  expect(end.status).toBe('completed');
});

it('a tasks/result that fails at once is held open again at the pace of the polls', async () => {
  let [polls, results] = [0, 0];
  const { end, stage } = await driven(
    () => ({
      name: 'tasks-2025-11-25',
      blocks: true,
      async poll() {
        polls += 1;
        return polls > 10 ? DONE : WORKING;
      },
      async result(_taskId, options) {
        results += 1;
        if (options?.known) return DONE;
        throw new UnreachableError('HTTP 502');
      },
    }),
    { naps: true },
  );
  expect(end.status).toBe('completed');
  expect(results).toBe(11);
  expect(stage.slept).toBe(10);
});

it('a question on its way to the request for the result is waited for, and kept, where nobody answers', async () => {
  let told: (() => void) | undefined;
  const asking = driven(
    (stage) => ({
      name: 'tasks-2025-11-25',
      blocks: true,
      poll: async () => {
        // The status is ahead of the question, which comes by the request that waits.
        if (told) queueMicrotask(told);
        return { ...WORKING, status: told ? 'input_required' : 'running', pollIntervalMs: 1 };
      },
      result: () => {
        told = () =>
          setTimeout(() => {
            stage.events.onQuestion?.({
              request_id: 7,
              method: 'elicitation/create',
              params: { message: 'Which one?' },
              received_at: '',
            });
          }, 50);
        return new Promise(() => {});
      },
    }),
    { naps: true },
  );
  await expect(asking).rejects.toMatchObject({
    code: 'input_required',
    message: expect.stringMatching(/waits for input: Which one\?$/),
    details: { pending_input: [{ request_id: 7 }] },
  });
});

it('a job of 24 hours is asked about at the pace of the hint, with hardly a write to disk', async () => {
  const { store } = diskStore(freshHome());
  const day = 24 * 3_600_000;
  let writes = 0;
  const counting: DiskJobStore = new Proxy(store, {
    get(target, name, receiver) {
      if (name === 'observe') writes += 1;
      const value = Reflect.get(target, name, receiver);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { end, at, polls } = await waited(
    (now) => (now >= day ? DONE : { ...WORKING, pollIntervalMs: 60_000 }),
    counting,
  );
  expect(end).toMatchObject({ status: 'completed', finished_at: new Date(at).toISOString() });
  expect(at).toBeGreaterThanOrEqual(day);
  expect(polls).toBe(24 * 60 + 1);
  expect(writes).toBeLessThan(10);
});

/** A wait for a task whose server answers as the test says. Each pause is over at once, and the clock has moved by it. */
async function waited(poll: (at: number) => Snapshot, store: DiskJobStore = diskStore(freshHome()).store) {
  let at = 0;
  let polls = 0;
  const backend = {
    name: 'tasks-2026-07-28',
    blocks: false,
    async poll() {
      polls += 1;
      return poll(at);
    },
    result: async () => DONE,
  } as unknown as Backend;
  const link = { backend: () => backend, observe: () => {}, listen: async () => {} } as unknown as ServerLink;
  const clock: JobDeps['clock'] = {
    now: () => new Date(at),
    monotonic: () => at,
    async sleep(ms, signal?: AbortSignal) {
      await new Promise(setImmediate);
      signal?.throwIfAborted();
      at += ms;
    },
  };
  const links = { open: async () => link, reopen: async () => link };
  const deps: JobDeps = {
    store,
    links,
    clock,
    random: () => 0,
    holder: currentHolder(),
    failureBudgetMs: 120_000,
  };
  const job = { ...store.create(newJob()), remote_task_id: 'task_1', backend: backend.name };
  const stop = stopAfter(clock, undefined, undefined, 'the time ran out');
  const end = await followTask(deps, job, { stop, events: {}, link }).catch((error: unknown) => error);
  return { end, at, polls };
}

const busy = (seconds?: number) =>
  new UnreachableError('HTTP 503', { retryAfterMs: seconds === undefined ? undefined : seconds * 1000 });

it.each([0, 0.5, 1, 2, 10, 60, 119, 120, 121, 600, 3_599, 3_600, 86_400])(
  'a server that asks for a pause of %f s is asked again after it, and that is no failure',
  async (seconds) => {
    let refusals = 3;
    const { end, at, polls } = await waited(() => {
      if (refusals-- > 0) throw busy(seconds);
      return DONE;
    });
    expect(end).toMatchObject({ status: 'completed' });
    expect(polls).toBe(4);
    // Never sooner than it asked, an hour at most, and never faster than without being asked.
    const pauses = [500, 1_000, 2_000].map((own) => Math.max(own, Math.min(seconds, 3_600) * 1_000));
    expect(at).toBe(pauses.reduce((sum, one) => sum + one, 0));
  },
);

it.each([undefined, 0, 1, 5])(
  'two minutes of failure end a wait, Retry-After of %s aside',
  async (seconds) => {
    const { end, at } = await waited(() => {
      throw busy(seconds);
    });
    expect(end).toBeInstanceOf(UnreachableError);
    expect(at).toBeGreaterThan(90_000);
    expect(at).toBeLessThan(240_000);
  },
);

it('failure counts from the last answer, and pauses that were asked for do not hide it', async () => {
  const { end, at } = await waited((now) => {
    if (now < 1_000_000) throw busy(600);
    throw busy();
  });
  expect(end).toBeInstanceOf(UnreachableError);
  expect(at).toBeGreaterThan(1_200_000 + 90_000);
  expect(at).toBeLessThan(1_200_000 + 120_001);
});
