import { setMaxListeners } from 'node:events';
import { CliError, IoError, TimeoutError } from '../errors.ts';
import type { JobError, StepFact } from '../jobs/record.ts';
import { NO_RETRY, retryDelay } from '../jobs/retry.ts';
import type { Clock } from '../lib/clock.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import { next } from './next.ts';
import { failureOf } from './outcome.ts';
import {
  ancestorsOf,
  type Step,
  type StepStates,
  type StepStatus,
  visibleTo,
  type Workflow,
} from './workflow.ts';

/** The pause before a fact that the disk refuses is written again, in milliseconds. */
const PATIENCE_MS = 2_000;

/** A step's attempt that failed. Another attempt is made only where `mayRetry` says that it might go better. */
export class StepFailure extends Error {
  readonly error: JobError;
  readonly mayRetry: boolean;
  /** What the step has come to all the same. */
  readonly outputs: unknown;
  /** `lost`: what has become of it cannot be learned. */
  readonly state: 'failed' | 'lost';

  constructor(
    error: JobError,
    { mayRetry = true, outputs, state = 'failed' }: Partial<Omit<StepFailure, keyof Error | 'error'>> = {},
  ) {
    super(error.message);
    this.error = error;
    this.mayRetry = mayRetry;
    this.outputs = outputs;
    this.state = state;
  }
}

/** What a run of a workflow needs from whoever hosts it. */
export interface WorkflowPorts {
  /**
   * Makes one attempt of a step, and resolves with its outputs. It must end soon when the signal is aborted. Error: StepFailure; any other one
   * is a failure that may be tried again.
   */
  runStep(step: Step, input: unknown, attempt: { attempt: number; signal: AbortSignal }): Promise<unknown>;
  /** A step's condition, or the input that it makes of the steps before it. What it rejects with is told as it is. */
  evaluate(step: Step, what: 'condition' | 'input', steps: StepStates, signal: AbortSignal): Promise<unknown>;
  /** Puts a fact about a step on record; it is durable when this has resolved. Error: IoError is waited out, any other one ends the run. */
  record(fact: StepFact): void | Promise<void>;
  /** How long the run has had before this process went on with it, in milliseconds. */
  spentMs?: number;
  clock: Clock & { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** Something has changed. */
  onChange?(states: StepStates): void;
  /** Something that a log should have; one line. */
  onNote?(text: string): void;
}

export interface WorkflowEnd {
  state: 'completed' | 'failed' | 'canceled';
  states: StepStates;
  error: JobError | null;
}

/**
 * Runs a workflow to its end: each step as soon as all that it waits for is over and there is room. `earlier`: steps of an earlier round that are
 * over and are not run again. Aborting `stop` ends what runs, and nothing more begins. Rejects only when facts can be recorded no more.
 */
export async function runWorkflow(
  ports: WorkflowPorts,
  workflow: Workflow,
  earlier: StepStates,
  stop: Stop,
): Promise<WorkflowEnd> {
  const { timeoutMs, name } = workflow;
  const left = timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (ports.spentMs ?? 0));
  const late = `${name} did not end within ${(timeoutMs ?? 0) / 1000} s`;
  using whole = stopAfter(ports.clock, stop.signal, left, late);
  // Any number of steps listens to it; Node would warn of a leak at the eleventh.
  setMaxListeners(0, whole.signal);
  const run = new WorkflowRun(ports, workflow, earlier, whole);
  await run.toTheEnd();
  const { states } = run;
  const error = failureOf(workflow, states);
  // What came to its end counts, even if it was to be stopped in the same moment.
  const over = workflow.steps.every(({ id }) => states.has(id));
  if (over && error === null) return { state: 'completed', states, error };
  if (stop.signal.aborted) {
    const message = (stop.signal.reason as Error).message;
    return { state: 'canceled', states, error: { code: 'canceled', message } };
  }
  if (whole.signal.aborted) return { state: 'failed', states, error: { code: 'timeout', message: late } };
  return { state: 'failed', states, error };
}

class WorkflowRun {
  readonly #ports: WorkflowPorts;
  readonly #workflow: Workflow;
  readonly #stop: Stop;
  readonly #ancestors: Map<string, ReadonlySet<string>>;
  readonly #running = new Set<Promise<void>>();
  readonly states: Map<string, StepStatus>;
  /** Why the run cannot go on. */
  #broken: { error: unknown } | undefined;

  constructor(ports: WorkflowPorts, workflow: Workflow, earlier: StepStates, stop: Stop) {
    this.#ports = ports;
    this.#workflow = workflow;
    this.#stop = stop;
    this.#ancestors = ancestorsOf(workflow);
    this.states = new Map(earlier);
  }

  async toTheEnd(): Promise<void> {
    while (!this.#stop.signal.aborted && this.#broken === undefined) {
      const { start, skip } = next(this.#workflow, this.states);
      for (const step of skip) await this.#end(step, { state: 'skipped', blocked: true }).catch(this.#break);
      for (const step of start) {
        this.states.set(step.id, { state: 'running' });
        const work: Promise<void> = this.#step(step)
          .catch(this.#break)
          .finally(() => this.#running.delete(work));
        this.#running.add(work);
      }
      if (start.length > 0) this.#ports.onChange?.(this.states);
      if (this.#running.size === 0 && skip.length === 0) break;
      if (this.#running.size > 0) await Promise.race(this.#running);
    }
    await Promise.all(this.#running);
    if (this.#broken) throw this.#broken.error;
  }

  readonly #break = (error: unknown): void => {
    this.#broken ??= { error };
    this.#stop.abort(error as Error);
  };

  async #step(step: Step): Promise<void> {
    const { signal } = this.#stop;
    const before = visibleTo(this.#ancestors.get(step.id) ?? new Set(), this.states);
    if (step.hasCondition) {
      let runs: unknown;
      try {
        runs = await this.#ports.evaluate(step, 'condition', before, signal);
      } catch (error) {
        if (signal.aborted) return this.#stopped(step);
        const message = `its condition failed: ${(error as Error).message}`;
        return this.#end(step, { state: 'skipped', error: { code: 'condition_failed', message } });
      }
      if (!runs) return this.#end(step, { state: 'skipped' });
    }
    let input: unknown;
    try {
      input = await this.#ports.evaluate(step, 'input', before, signal);
    } catch (error) {
      if (signal.aborted) return this.#stopped(step);
      return this.#end(step, {
        state: 'failed',
        error: { code: 'input_failed', message: (error as Error).message },
      });
    }
    await this.#attempts(step, input);
  }

  async #attempts(step: Step, input: unknown): Promise<void> {
    const { clock, runStep, onNote } = this.#ports;
    const { signal } = this.#stop;
    const retry = step.retry ?? NO_RETRY;
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted) return this.#stopped(step);
      this.states.set(step.id, { state: 'running', attempt });
      await this.#record({ step: step.id, state: 'running', attempt, at: this.#now() });
      this.#ports.onChange?.(this.states);
      if (signal.aborted) return this.#stopped(step, attempt);
      const late = `the step did not end within ${(step.timeoutMs ?? 0) / 1000} s`;
      const own = stopAfter(clock, signal, step.timeoutMs, late);
      try {
        const outputs = await runStep(step, input, { attempt, signal: own.signal });
        return await this.#end(step, { state: 'completed', attempt, outputs });
      } catch (failure) {
        if (this.#broken) throw failure;
        if (signal.aborted) return await this.#stopped(step, attempt);
        const { error, outputs, state } = failureIn(failure);
        onNote?.(`step ${step.id}: attempt ${attempt} of ${retry.attempts} failed: ${error.message}`);
        const again = !(failure instanceof StepFailure) || failure.mayRetry;
        if (attempt >= retry.attempts || !again)
          return await this.#end(step, { state, attempt, error, outputs });
      } finally {
        own.dispose();
      }
      await clock.sleep(retryDelay(retry, attempt), signal).catch(() => {});
    }
  }

  /** The run was ended while the step was under way. */
  #stopped(step: Step, attempt?: number): Promise<void> {
    const { reason } = this.#stop.signal;
    const message = (reason as Error).message;
    const late = reason instanceof TimeoutError;
    const error = { code: late ? 'timeout' : 'canceled', message };
    return this.#end(step, { state: late ? 'failed' : 'canceled', attempt, error });
  }

  /** A step's end is on record before anything behind it begins. */
  async #end(step: Step, status: StepStatus): Promise<void> {
    const { outputs, error, ...rest } = status;
    await this.#record({
      step: step.id,
      ...rest,
      ...(outputs === undefined ? {} : { outputs }),
      ...(error == null ? {} : { error }),
      at: this.#now(),
    });
    this.states.set(step.id, status);
    this.#ports.onNote?.(`step ${step.id}: ${status.state}${error ? `: ${error.message}` : ''}`);
    this.#ports.onChange?.(this.states);
  }

  /** A disk that refuses is waited out: what a step has come to is nowhere else. */
  async #record(fact: StepFact): Promise<void> {
    for (let told = false; ; told = true) {
      try {
        return await this.#ports.record(fact);
      } catch (error) {
        if (!(error instanceof IoError) || this.#stop.signal.aborted) throw error;
        if (!told)
          this.#ports.onNote?.(`step ${fact.step}: ${error.message}; trying again until it can be recorded`);
        await this.#ports.clock.sleep(PATIENCE_MS, this.#stop.signal).catch(() => {});
      }
    }
  }

  #now(): string {
    return this.#ports.clock.now().toISOString();
  }
}

function failureIn(failure: unknown): Pick<StepFailure, 'error' | 'state'> & { outputs?: unknown } {
  if (failure instanceof StepFailure) return failure;
  const { message } = failure as Error;
  return { state: 'failed', error: { code: failure instanceof CliError ? failure.code : 'failed', message } };
}
