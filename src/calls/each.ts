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
 * Makes a call of each item of the lists and hands its result to `write`, those that are ready at the same moment together, with the tally that counts
 * them. Items are taken only when their call begins, and a slow `write` holds up new calls. `write` resolves to false when nobody reads any more: nothing
 * new begins then. Error: EachStopped when the signal, a call that rejects or the items end it, once what is under way is over and written.
 */
export async function callEach<Item, Result extends { failed: boolean }>(
  lists: AsyncIterable<Iterable<Item>>,
  call: (item: Item, index: number) => Promise<Result>,
  write: (results: readonly Result[], tally: Tally) => Promise<boolean>,
  { parallel, ordered, failFast, signal }: EachOptions,
): Promise<Tally> {
  const tally: Tally = { done: 0, failed: 0 };
  let running = 0;
  /** Results by their places in the output, until it is their turn. */
  const waiting = new Map<number, Result>();
  const failures: unknown[] = [];
  let begun = 0;
  let ended = 0;
  let next = 0;
  let over = false;
  let writing = Promise.resolve();
  /** Results whose turn has come. */
  let ready: Result[] = [];

  const writeReady = async () => {
    const results = ready;
    ready = [];
    tally.done += results.length;
    tally.failed += results.filter(({ failed }) => failed).length;
    if (!(await write(results, tally))) over = true;
  };
  const put = (place: number, result: Result): void => {
    waiting.delete(place);
    ready.push(result);
    // Whatever else has come in by now is written with it: a write for each result costs more than the rest of its way.
    if (ready.length === 1)
      writing = writing.then(() => new Promise((resolve) => setImmediate(resolve))).then(writeReady);
  };
  const finish = async (index: number, result: Result): Promise<void> => {
    if (result.failed && failFast) over = true;
    waiting.set(ordered ? index : ended++, result);
    for (let one = waiting.get(next); one; one = waiting.get(next)) put(next++, one);
    await writing;
  };
  const fail = (error: unknown): void => {
    over = true;
    failures.push(error);
  };
  const isFull = () => running >= parallel || begun - next >= parallel * WAITING;
  let onRoom = () => {};
  /** Resolves when a call has ended. A race of all that are under way would look at each of them for each call. */
  const room = () =>
    new Promise<void>((resolve) => {
      onRoom = resolve;
    });

  try {
    for await (const items of lists) {
      for (const item of items) {
        if (over || signal.aborted) break;
        const index = begun++;
        running += 1;
        call(item, index)
          .then((result) => finish(index, result))
          .catch(fail)
          .finally(() => {
            running -= 1;
            onRoom();
          });
        while (isFull() && running > 0) await room();
        if (over || signal.aborted) break;
      }
      if (over || signal.aborted) break;
    }
  } catch (error) {
    fail(error);
  }
  while (running > 0) await room();
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
