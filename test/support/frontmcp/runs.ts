/** The runs of the server and how they go: the states, the retries, and what is written down when. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import { count, sleep } from '../../../src/demo/service.ts';
import type { Job, JobContext, RetryOptions, Step, StepResult, Workflow } from './job.ts';
import { goThrough } from './workflow.ts';

export interface Run {
  readonly runId: string;
  /** Of a workflow's run, the workflow's. */
  readonly jobName: string;
  readonly workflowName?: string;
  state: 'pending' | 'running' | 'retrying' | 'completed' | 'failed';
  result?: unknown;
  error?: { message: string; name: string };
  readonly startedAt: number;
  completedAt?: number;
  attempt: number;
  logs: string[];
}

export interface RunsOptions {
  /** 2 is twice as fast. */
  speed: number;
  /** Milliseconds that a run stays `pending`; a real server with its store in memory shows that state to nobody. */
  pendingMs: number;
  /** What waits instead of the clock: rejects when the server's life is over. `ms` is how long it would take at this speed. */
  sleep?: ((ms: number, life: AbortSignal) => Promise<void>) | undefined;
}

export interface RunStats {
  /** Runs by the name of the job or workflow, steps left out. */
  executions: Record<string, number>;
  /** How often a job's own code was run, as a step too. */
  attempts: Record<string, number>;
}

export type SendProgress = (jobName: string, progress: number, total: number, message: string) => void;

/** The server ended while a run was under way: whoever meets this writes nothing any more. */
class ServerEnded extends Error {}

/** Everything that waits listens to it, which is more than Node takes for no leak. */
function newLife(): AbortController {
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  return life;
}

export class Runs {
  readonly stats: RunStats = { executions: {}, attempts: {} };
  readonly #options: RunsOptions;
  readonly #sleep: NonNullable<RunsOptions['sleep']>;
  readonly #runs = new Map<string, Run>();
  #life = newLife();

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? sleep;
  }

  get(runId: string): Run | undefined {
    return this.#runs.get(runId);
  }

  /** Ends all that is under way, as the end of a process does: its runs stay as they were written last, if they stay. */
  restart(keep: boolean): void {
    this.#life.abort(new ServerEnded());
    this.#life = newLife();
    if (!keep) this.#runs.clear();
  }

  /** Starts a job. The promise settles with the run, and rejects with what the job failed of. */
  job(job: Job, input: unknown, send: SendProgress): { run: Run; done: Promise<Run> } {
    return this.#start({ jobName: job.name }, (run, life) => this.#runJob(job, input, send, run, life));
  }

  /** The same for a workflow; one with a failed step is no failure here. */
  workflow(
    workflow: Workflow,
    input: Record<string, unknown> | undefined,
    findJob: (name: string) => Job | undefined,
    send: SendProgress,
  ): { run: Run; done: Promise<Run> } {
    const names = { jobName: workflow.name, workflowName: workflow.name };
    return this.#start(names, async (run, life) => {
      const runStep = async (step: Step, own: Record<string, unknown>): Promise<StepResult> => {
        const job = findJob(step.jobName);
        if (!job) throw new Error(`Job "${step.jobName}" not found for step "${step.id}"`);
        // Steps are tried thrice where nobody said otherwise, jobs once.
        const retry = { maxAttempts: 3, ...job.retry, ...step.retry };
        const { result } = await this.#tries(job, own, retry, send, life, undefined, step.timeout);
        return { outputs: result ?? {}, state: 'completed' };
      };
      const { stepResults, failed } = await goThrough(workflow.steps, input, runStep);
      life.throwIfAborted();
      const state = failed ? 'failed' : 'completed';
      const { name: workflowName } = workflow;
      const completedAt = Date.now();
      // What failed in a step is told nowhere, and the run has no error of its own.
      const result = { workflowName, state, stepResults, startedAt: run.startedAt, completedAt };
      Object.assign(run, { state, result, completedAt });
    });
  }

  #start(
    names: Pick<Run, 'jobName' | 'workflowName'>,
    work: (run: Run, life: AbortSignal) => Promise<void>,
  ): { run: Run; done: Promise<Run> } {
    count(this.stats.executions, names.jobName);
    const runId = randomUUID();
    const run: Run = { runId, ...names, state: 'pending', startedAt: Date.now(), attempt: 1, logs: [] };
    this.#runs.set(run.runId, run);
    return { run, done: this.#go(run, work, this.#life.signal) };
  }

  async #go(run: Run, work: (run: Run, life: AbortSignal) => Promise<void>, life: AbortSignal): Promise<Run> {
    try {
      if (this.#options.pendingMs > 0) await this.#sleep(this.#options.pendingMs, life);
      run.state = 'running';
      await work(run, life);
    } catch (thrown) {
      if (life.aborted) throw thrown;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      // `attempt` is left as the last retry wrote it, and `logs` are those of no attempt: so it is with the real one.
      const { message, name } = error;
      Object.assign(run, { state: 'failed', error: { message, name }, completedAt: Date.now() });
      throw error;
    }
    return run;
  }

  async #runJob(job: Job, input: unknown, send: SendProgress, run: Run, life: AbortSignal): Promise<void> {
    const retrying = (attempt: number) => Object.assign(run, { state: 'retrying', attempt });
    const done = await this.#tries(job, input, job.retry ?? {}, send, life, retrying);
    Object.assign(run, { state: 'completed', ...done, completedAt: Date.now() });
  }

  /** Tries until it works. Input that does not fit is a failed try like any other. */
  async #tries(
    job: Job,
    input: unknown,
    { maxAttempts = 1, backoffMs = 1000, backoffMultiplier = 2 }: RetryOptions,
    send: SendProgress,
    life: AbortSignal,
    retrying?: (attempt: number) => void,
    timeoutMs?: number,
  ): Promise<{ result: unknown; attempt: number; logs: string[] }> {
    for (let attempt = 1; ; attempt++) {
      life.throwIfAborted();
      try {
        const logs: string[] = [];
        const result = await this.#try(job, input, attempt, logs, send, life, timeoutMs);
        life.throwIfAborted();
        return { result, attempt, logs };
      } catch (error) {
        if (life.aborted || attempt >= maxAttempts) throw error;
        retrying?.(attempt);
        await this.#sleep((backoffMs * backoffMultiplier ** (attempt - 1)) / this.#options.speed, life);
      }
    }
  }

  async #try(
    job: Job,
    input: unknown,
    attempt: number,
    logs: string[],
    send: SendProgress,
    life: AbortSignal,
    timeoutMs: number | undefined,
  ): Promise<unknown> {
    // Unknown keys are dropped, nothing is coerced; the JSON Schema of a dynamic job is no zod shape, and throws here.
    const parsed = z.object(job.inputSchema).parse(input);
    const context: JobContext = {
      attempt,
      log: (message) => void logs.push(`[${new Date().toISOString()}] ${message}`),
      progress: (...progress) => send(job.name, ...progress),
      sleep: (ms) => this.#sleep(ms / this.#options.speed, life),
    };
    if (!job.dynamic) count(this.stats.attempts, job.name);
    const work = (async () => job.run(parsed, context))();
    if (timeoutMs === undefined) return work;
    // The job goes on: only nobody waits for it any more.
    work.catch(() => {});
    const late = this.#sleep(timeoutMs / this.#options.speed, life).then(() => {
      throw new Error(`Job "${job.name}" timed out after ${timeoutMs}ms`);
    });
    late.catch(() => {});
    return Promise.race([work, late]);
  }
}
