import { SignalReason } from '../../context.ts';
import { InterruptedError } from '../../errors.ts';
import type { Reader } from '../../instance/reader.ts';
import { FAILURE_BUDGET_MS } from '../../jobs/follow/polling.ts';
import { isLost } from '../../mcp/until-lost.ts';
import type { App } from '../app.ts';

/** Bounds of the pause before what was lost is tried again, in milliseconds. */
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** What may fail for a while: a connection that is lost is no end, unless it stays so for two minutes. */
export class Patience {
  readonly #app: App;
  #since: number | undefined;
  #pause = SHORTEST_PAUSE_MS;

  constructor(app: App) {
    this.#app = app;
  }

  /** It works again. */
  end(): void {
    this.#since = undefined;
    this.#pause = SHORTEST_PAUSE_MS;
  }

  /** Waits before the next try. Error: the one that is given, when it is no loss, or has gone on for too long. */
  async bear(error: unknown, what: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#app.context;
    this.#since ??= clock.monotonic();
    if (!isLost(error) || clock.monotonic() - this.#since > FAILURE_BUDGET_MS) throw error;
    this.#app.printer.note(`${what}: ${(error as Error).message}; trying again`);
    await (await this.#app.session()).startAnew();
    await clock.sleep(this.#pause, signal).catch(() => {});
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }
}

/** For a command that goes on until ^C or `--timeout`: does the work, and ends as that ended it. Errors: the work's, InterruptedError, TimeoutError. */
export async function untilStopped(
  app: App,
  timeoutMessage: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<never> {
  using stop = app.stop(timeoutMessage);
  try {
    await work(stop.signal);
    throw stop.signal.reason;
  } catch (error) {
    if (error instanceof SignalReason) throw new InterruptedError('interrupted', error.exitCode);
    throw error;
  }
}

/**
 * Listens to the instance's server, and again when what was listened to is lost, or ended in good order. `listen` calls `ready` when it hears something
 * from now on; `notes` are what is told then, the first time and later. Resolves when aborted. Errors: what refuses, or fails the first time.
 */
export async function listenAgain(
  app: App,
  signal: AbortSignal,
  notes: { first: string; again: string; lost: string },
  listen: (reader: Reader, ready: () => void) => Promise<void>,
): Promise<void> {
  const session = await app.session();
  const patience = new Patience(app);
  let before = false;
  const ready = () => {
    patience.end();
    app.printer.note(before ? notes.again : notes.first);
    before = true;
  };
  while (!signal.aborted) {
    try {
      await listen(await session.reader(signal), ready);
      if (!signal.aborted) await app.context.clock.sleep(SHORTEST_PAUSE_MS, signal).catch(() => {});
    } catch (error) {
      if (signal.aborted) return;
      if (!before) throw error;
      await patience.bear(error, notes.lost, signal);
    }
  }
}
