import { FAILURE_BUDGET_MS } from '../../jobs/follow/polling.ts';
import { isLost } from '../../mcp/until-lost.ts';
import type { App } from '../app.ts';

/** Bounds of the pause before what was lost is tried again, in milliseconds. */
export const SHORTEST_PAUSE_MS = 500;
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
