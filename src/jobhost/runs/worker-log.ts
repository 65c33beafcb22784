import type { LogLine } from './messages.ts';

/** A line is cut here, in characters. */
const LINE_LENGTH = 16_384;

/** What one attempt may put into the log, in characters. A flood beyond it is counted, and goes nowhere. */
const ATTEMPT_LENGTH = 1_000_000;

/** A line costs this much beside its text. */
const LINE_COST = 40;

const BATCH_LENGTH = 64_000;
const BATCH_MS = 20;

/** Gathers an attempt's lines into few messages, and bounds them: a flood costs the host nothing. */
export class WorkerLog {
  readonly #send: (lines: LogLine[], left: number) => void;
  #lines: LogLine[] = [];
  #waiting = 0;
  #total = 0;
  #left = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (lines: LogLine[], left: number) => void) {
    this.#send = send;
  }

  add(text: string, at: number): void {
    const line = text.length > LINE_LENGTH ? `${text.slice(0, LINE_LENGTH)}...` : text;
    const cost = line.length + LINE_COST;
    if (this.#total + cost > ATTEMPT_LENGTH) {
      this.#left += 1;
      return;
    }
    this.#total += cost;
    this.#waiting += cost;
    this.#lines.push({ at, text: line });
    // A job that never yields lets no timer run.
    if (this.#waiting > BATCH_LENGTH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0 && this.#left === 0) return;
    this.#send(this.#lines, this.#left);
    this.#lines = [];
    this.#waiting = 0;
    this.#left = 0;
  }
}
