/** Many calls over one connection, some at a time, in constant memory. */

export interface EachOptions {
  /** Calls under way at once. */
  parallel: number;
  /** Results are written in the order of the items; otherwise as they come. */
  ordered: boolean;
  /** After the first failure nothing new begins. What is under way goes on to its end. */
  failFast: boolean;
  /** Aborted: nothing new begins. */
  signal: AbortSignal;
}

export interface Tally {
  /** Calls whose results were written. */
  done: number;
  failed: number;
}

/** Results that may wait for an earlier one, for each call under way. */
const WAITING = 16;

/**
 * Makes a call of each item and hands its result to `write`. Items are taken only when their call begins, and a slow `write` holds up new calls.
 * A call that rejects ends everything: nothing new begins, and the rejection is passed on when the others are over. `write` resolves to false
 * when nobody reads any more.
 */
export async function callEach<Item, Result extends { failed: boolean }>(
  items: AsyncIterable<Item>,
  call: (item: Item, index: number) => Promise<Result>,
  write: (result: Result) => Promise<boolean>,
  { parallel, ordered, failFast, signal }: EachOptions,
): Promise<Tally> {
  const tally: Tally = { done: 0, failed: 0 };
  const running = new Set<Promise<void>>();
  const waiting = new Map<number, Result>();
  const failures: unknown[] = [];
  let begun = 0;
  let next = 0;
  let over = false;
  let writing = Promise.resolve();

  const put = (result: Result): Promise<void> => {
    writing = writing.then(async () => {
      if (!(await write(result))) over = true;
      tally.done += 1;
      if (result.failed) tally.failed += 1;
    });
    return writing;
  };
  const finish = async (index: number, result: Result): Promise<void> => {
    if (result.failed && failFast) over = true;
    if (!ordered) {
      next += 1;
      return put(result);
    }
    waiting.set(index, result);
    for (let ready = waiting.get(next); ready; ready = waiting.get(next)) {
      waiting.delete(next);
      next += 1;
      void put(ready);
    }
    await writing;
  };
  const isFull = () => running.size >= parallel || begun - next >= parallel * WAITING;

  try {
    for await (const item of items) {
      if (over || signal.aborted) break;
      const index = begun;
      begun += 1;
      const work: Promise<void> = call(item, index)
        .then((result) => finish(index, result))
        .catch((error: unknown) => {
          over = true;
          failures.push(error);
        })
        .finally(() => running.delete(work));
      running.add(work);
      while (isFull() && running.size > 0) await Promise.race(running);
      if (over || signal.aborted) break;
    }
  } catch (error) {
    over = true;
    failures.push(error);
  }
  await Promise.all(running);
  // What waits for a call that has no result.
  for (const index of [...waiting.keys()].sort((a, b) => a - b)) await put(waiting.get(index) as Result);
  if (failures.length > 0) throw new EachStopped(failures[0], tally);
  return tally;
}

/** Why the calls stopped, and how far they had come. */
export class EachStopped extends Error {
  readonly reason: unknown;
  readonly tally: Tally;

  constructor(reason: unknown, tally: Tally) {
    super('the calls were stopped');
    this.reason = reason;
    this.tally = tally;
  }
}
