import { CliError } from '../errors.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import type { Snapshot } from './ports.ts';
import type { JobRecord, Observation, Progress } from './record.ts';

/** The shortest time between two observations on disk and two events about progress, in milliseconds. */
const INTERVAL_MS = 1_000;

/**
 * Keeps a job's record up to date while somebody looks at it: a change of status is written at once, anything else at most once a
 * second. A record that cannot be written (full or read-only disk) does not end the watching.
 */
export class Observer {
  readonly #deps: JobDeps;
  readonly #id: string;
  readonly #events: JobEvents;
  #lastStatus: string | undefined;
  #lastRemote = '';
  #written = Number.NEGATIVE_INFINITY;
  #warned = false;
  #waiting: Observation | undefined;

  constructor(deps: JobDeps, job: JobRecord, events: JobEvents) {
    this.#deps = deps;
    this.#id = job.job_id;
    this.#events = events;
    this.#lastStatus = job.status;
    this.#lastRemote = stringifyJson(job.remote);
  }

  snapshot(snapshot: Snapshot): void {
    const remote = stringifyJson(snapshot.remote);
    const changed = remote !== this.#lastRemote;
    this.#lastRemote = remote;
    const seen: Observation = {
      status: snapshot.status as 'queued' | 'running' | 'input_required',
      ...(snapshot.remote === null ? {} : { remote: snapshot.remote }),
      ...(snapshot.progress === undefined ? {} : { progress: snapshot.progress }),
      ...(snapshot.pollIntervalMs === undefined ? {} : { poll_interval_ms: snapshot.pollIntervalMs }),
      ...(snapshot.attempt === undefined ? {} : { attempt: snapshot.attempt }),
    };
    const statusChanged = seen.status !== this.#lastStatus;
    this.#lastStatus = seen.status;
    if (statusChanged || changed) this.#record(seen, statusChanged);
    else this.tick();
  }

  /** Writes what was held back, once its time has come; for whoever comes by regularly. */
  tick(): void {
    if (this.#waiting) this.#record({}, false);
  }

  progress(progress: Progress): void {
    this.#record({ progress }, false);
  }

  /** Facts that must not wait. */
  now(seen: Observation): void {
    this.#record(seen, true);
  }

  #record(seen: Observation, urgent: boolean): void {
    const merged = { ...this.#waiting, ...seen };
    const at = this.#deps.clock.monotonic();
    if (!urgent && at - this.#written < INTERVAL_MS) {
      this.#waiting = merged;
      return;
    }
    this.#waiting = undefined;
    // What is urgent does not hold up the first progress after it.
    if (!urgent) this.#written = at;
    this.#write(merged);
  }

  #write(seen: Observation): void {
    try {
      this.#deps.store.observe(this.#id, seen);
      this.#events.onChange?.({ ...this.#deps.store.read(this.#id), ...definedOnly(seen) });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (!this.#warned) this.#events.onNote?.(`the record was not updated: ${error.message}`);
      this.#warned = true;
    }
  }
}

/** What was just seen is newer than what the disk may hold. */
function definedOnly(seen: Observation): Partial<JobRecord> {
  return Object.fromEntries(
    Object.entries(seen).filter(([, value]) => value !== undefined),
  ) as Partial<JobRecord>;
}
