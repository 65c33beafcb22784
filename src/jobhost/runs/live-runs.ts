/** The runs that this host has begun in the background, from their start until some time after their end. */
import { isTerminal, type JobEnd } from '../../jobs/record.ts';
import type { RunEvents, RunStatus } from '../provider.ts';
import { servedResult } from '../run-status.ts';

/** Runs that have ended are remembered as long as there are no more than this: their callers may still ask. */
const REMEMBERED = 256;

export interface LiveRun {
  status: RunStatus;
  readonly cancel: AbortController;
  readonly listeners: Set<RunEvents & { onChange?: ((status: RunStatus) => void) | undefined }>;
  /** Resolves when it has ended. */
  done: Promise<void>;
}

export class LiveRuns {
  readonly #runs = new Map<string, LiveRun>();
  readonly #ended: string[] = [];

  get(id: string): LiveRun | undefined {
    return this.#runs.get(id);
  }

  get under(): LiveRun[] {
    return [...this.#runs.values()].filter(({ status }) => !isTerminal(status.status));
  }

  add(run: LiveRun): void {
    this.#runs.set(run.status.runId, run);
  }

  /** Takes in what has changed, and tells who listens. */
  change(run: LiveRun, changed: Partial<RunStatus>, now: Date): void {
    run.status = { ...run.status, ...changed, updatedAt: now.toISOString() };
    for (const { onChange } of [...run.listeners]) onChange?.(run.status);
  }

  /** It has ended. The oldest of those that have are forgotten. */
  ended(run: LiveRun): void {
    this.#ended.push(run.status.runId);
    for (const old of this.#ended.splice(0, Math.max(0, this.#ended.length - REMEMBERED)))
      if (this.#runs.get(old) !== run) this.#runs.delete(old);
  }
}

/** What an end on record says. */
export function endStatus(end: JobEnd): Partial<RunStatus> {
  return {
    status: end.status,
    result: servedResult(end.result),
    error: end.error,
    finishedAt: end.finished_at,
    ...(end.attempt === undefined ? {} : { attempt: end.attempt }),
  };
}
