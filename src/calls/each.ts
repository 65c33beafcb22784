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
 * Makes a call of each item and hands its result to `write`, with the tally that counts it. Items are taken only when their call begins, and a
 * slow `write` holds up new calls. `write` resolves to false when nobody reads any more: nothing new begins then. Error: EachStopped when the
 * signal, a call that rejects or the items end it, once what is under way is over and written.
 */
export async function callEach<Item, Result extends { failed: boolean }>(
  items: AsyncIterable<Item>,
  call: (item: Item, index: number) => Promise<Result>,
  write: (result: Result, tally: Tally) => Promise<boolean>,
  { parallel, ordered, failFast, signal }: EachOptions,
): Promise<Tally> {
  const tally: Tally = { done: 0, failed: 0 };
  const running = new Set<Promise<void>>();
  /** Results by their places in the output, until it is their turn. */
  const waiting = new Map<number, Result>();
  const failures: unknown[] = [];
  let begun = 0;
  let ended = 0;
  let next = 0;
  let over = false;
  let writing = Promise.resolve();

  const put = (place: number, result: Result): void => {
    waiting.delete(place);
    writing = writing.then(async () => {
      tally.done += 1;
      if (result.failed) tally.failed += 1;
      if (!(await write(result, tally))) over = true;
    });
  };
  const finish = async (index: number, result: Result): Promise<void> => {
    if (result.failed && failFast) over = true;
    waiting.set(ordered ? index : ended++, result);
    for (let ready = waiting.get(next); ready; ready = waiting.get(next)) put(next++, ready);
    await writing;
  };
  const fail = (error: unknown): void => {
    over = true;
    failures.push(error);
  };
  const isFull = () => running.size >= parallel || begun - next >= parallel * WAITING;

  try {
    for await (const item of items) {
      if (over || signal.aborted) break;
      const index = begun++;
      const work: Promise<void> = call(item, index)
        .then((result) => finish(index, result))
        .catch(fail)
        .finally(() => running.delete(work));
      running.add(work);
      while (isFull() && running.size > 0) await Promise.race(running);
      if (over || signal.aborted) break;
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  // What waits for a call that has no result.
  for (const [place, result] of [...waiting].sort(([a], [b]) => a - b)) put(place, result);
  await writing;
  if (signal.aborted) throw new EachStopped(signal.reason, tally);
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
