/** One attempt of a run, or one function of a workflow's step, in a thread of its own. */
import type { Progress } from '../../jobs/record.ts';
import type { LogLine, Order, Outcome, Thrown } from './messages.ts';
import { thrownFrom } from './messages.ts';
import type { WorkerPool } from './worker-pool.ts';

/** How long a run may take to end after its signal was aborted, in milliseconds; then its thread is ended. */
const GRACE_MS = 1_000;

/** How long a file may take to be imported for a run, in milliseconds: it was loaded before, or would not be in the list. */
const IMPORT_MS = 30_000;

export interface CallRequest {
  instance: string;
  tool: string;
  args: Record<string, unknown>;
  timeoutMs?: number | undefined;
}

export interface AttemptPorts {
  pool: WorkerPool;
  /** Calls a tool of an instance. Resolves with JSON that the job gets. The signal ends the call. */
  call(request: CallRequest, signal: AbortSignal): Promise<string>;
  onBegan?(): void;
  onLog(lines: readonly LogLine[], left: number): void;
  onProgress(progress: Progress): void;
}

export type AttemptEnd =
  | Outcome
  | { kind: 'timeout'; message: string }
  /** The thread came to an end of its own: `process.exit`, too little memory, a promise that nobody caught. */
  | { kind: 'gone'; code: 'exited' | 'out_of_memory' | 'crashed'; error: Thrown };

/**
 * Runs it. `timeoutMs` counts from when the file is there and the input fits. Error: the signal's reason, once nothing of the attempt runs any
 * more; IoError where no thread can be had.
 */
export async function attempt(
  order: Order,
  timeoutMs: number,
  ports: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptEnd> {
  const thread = await ports.pool.take(order.file, signal);
  const calls = new Map<number, AbortController>();
  let timer: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;
  let late: AttemptEnd | undefined;
  let onAbort = () => {};
  const stopping = (why: 'timeout' | 'canceled', message: string) => {
    clearTimeout(timer);
    for (const call of calls.values()) call.abort(new Error(message));
    thread.say({ kind: 'abort', why, message });
    grace ??= setTimeout(() => void thread.end(), GRACE_MS);
  };
  const limit = (ms: number, message: string) => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        late = { kind: 'timeout', message };
        stopping('timeout', message);
      },
      Math.min(ms, MAX_TIMER_MS),
    );
  };
  try {
    const end = await new Promise<AttemptEnd>((resolve) => {
      onAbort = () => stopping('canceled', messageOf(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      limit(IMPORT_MS, `its file was not imported within ${IMPORT_MS / 1_000} s`);
      thread.order(order, (event) => {
        switch (event.kind) {
          case 'began':
            limit(timeoutMs, `it did not end within ${timeoutMs / 1_000} s`);
            ports.onBegan?.();
            return;
          case 'log':
            ports.onLog(event.lines, event.left);
            return;
          case 'progress': {
            const { progress, total, message } = event;
            ports.onProgress({
              progress,
              ...(total === undefined ? {} : { total }),
              ...(message === undefined ? {} : { message }),
            });
            return;
          }
          case 'call': {
            const { id, instance, tool, timeoutMs: ms } = event;
            const controller = new AbortController();
            calls.set(id, controller);
            ports
              .call({ instance, tool, args: JSON.parse(event.args), timeoutMs: ms }, controller.signal)
              .then(
                (value) => thread.say({ kind: 'called', id, value }),
                (error: unknown) => thread.say({ kind: 'callFailed', id, error: thrownFrom(error) }),
              )
              .finally(() => calls.delete(id));
            return;
          }
          case 'giveUpCall':
            calls.get(event.id)?.abort(new Error('the job gave the call up'));
            return;
          case 'ended':
            thread.over();
            resolve(event.outcome);
            return;
          case 'gone':
            resolve(endOfThread(event.error, event.exitCode));
        }
      });
      if (signal.aborted) onAbort();
    });
    signal.throwIfAborted();
    return late ?? end;
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    clearTimeout(grace);
    // A call that the job did not wait for ends with it.
    for (const call of calls.values()) call.abort(new Error('the run has ended'));
  }
}

/** The longest time that one timer of Node's can take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function endOfThread(error: Error | undefined, exitCode: number): AttemptEnd {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return { kind: 'gone', code: 'out_of_memory', error: thrownFrom(new Error('it ran out of memory')) };
  if (error) return { kind: 'gone', code: 'crashed', error: thrownFrom(error) };
  const text = `it ended its process with process.exit(${exitCode})`;
  return { kind: 'gone', code: 'exited', error: { name: 'Error', message: text } };
}
