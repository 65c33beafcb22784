/**
 * The steps of a workflow as jobs of their own, for whichever worker is free. A step's job has the same id whoever makes it, and is made once: whoever
 * drives the workflow next finds it again.
 */
import { createHash } from 'node:crypto';
import type { QueuedCall } from '../calls/queued-call.ts';
import { CliError, UnreachableError, UsageError } from '../errors.ts';
import type { CallQueue, NewQueuedJob } from '../jobs/call-queue.ts';
import type { JobDeps } from '../jobs/deps.ts';
import { changesOf } from '../jobs/follow/changes.ts';
import type { JobStore } from '../jobs/ports.ts';
import { isTerminal, type JobEnd, type JobRecord, type StepFact } from '../jobs/record.ts';
import { NO_RETRY } from '../jobs/retry.ts';
import { BASE32, timedDigits } from '../jobs/store/job-id.ts';
import { sealCall } from '../jobs/store/redis/sealed-call.ts';
import { stringifyJson } from '../lib/json/exact-json.ts';
import type { JsonObject } from '../lib/json/json.ts';
import { redactedPlaces, redactSecrets } from '../tools/schema/redact.ts';
import { outputsOf, prepareStep } from '../workflows/documents/call-step.ts';
import type { DocumentPlan, PlannedCall } from '../workflows/documents/plan.ts';
import type { StepsElsewhere } from '../workflows/documents/run-plan.ts';
import { StepFailure } from '../workflows/run.ts';
import type { Mailbox } from './mailbox.ts';

/** How often a step's job is looked at where the store tells of no change, and the pause before a store that is away is asked again, in milliseconds. */
const LOOK_MS = 1_000;

/** How long the end of a step is waited for that is not wanted any more, in milliseconds. */
const CANCEL_MS = 2_000;

export interface StepJobsOptions {
  store: JobStore & { readonly calls: CallQueue };
  deps: JobDeps;
  /** Tells of the steps' jobs. */
  mailbox: Mailbox;
  /** The workflow's job. */
  job: JobRecord;
  plan: DocumentPlan;
  target: string;
  /** The claim by which this worker drives the workflow. */
  token: string;
  attempt: number;
  elicit: QueuedCall['elicit'];
  /** What calls are sealed with. */
  key: Buffer | undefined;
  /** Another worker is to go on with the workflow. */
  left: AbortSignal;
}

/** The id of the job of a step: in a later round of the workflow it is another job. */
export function stepJobId(workflow: string, round: number, step: string): string {
  const hash = createHash('sha256')
    .update(stringifyJson([workflow, round, step]))
    .digest();
  const digits = [...hash.subarray(0, 16)].map((byte) => BASE32.charAt(byte % 32)).join('');
  return `job_${timedDigits(workflow)}${digits}`;
}

export class StepJobs implements StepsElsewhere {
  readonly #options: StepJobsOptions;
  readonly #round: number;
  /** What each step's job has come to. */
  readonly #ended = new Map<string, JobRecord>();
  readonly #made = new Set<string>();
  readonly spentMs: number;

  constructor(options: StepJobsOptions) {
    this.#options = options;
    const { job, deps } = options;
    this.#round = job.resumed ?? 0;
    const begun = (job.steps ?? []).flatMap(({ id, job_id, started_at }) =>
      started_at !== null && job_id === this.#idOf(id) ? [Date.parse(started_at)] : [],
    );
    this.spentMs = begun.length === 0 ? 0 : Math.max(0, deps.clock.now().getTime() - Math.min(...begun));
  }

  async run(step: PlannedCall, input: JsonObject, signal: AbortSignal): Promise<unknown> {
    const { plan } = this.#options;
    const tool = plan.tools[step.tool];
    const job = await this.#jobOf(step, input, signal);
    this.#made.add(step.id);
    try {
      await this.#patiently(() => this.#options.store.calls.submit(job));
      const ended = await this.#end(step, signal);
      this.#ended.set(step.id, ended);
      if (ended.status === 'lost' && ended.error) throw new StepFailure(ended.error, { state: 'lost' });
      return await outputsOf(endOf(ended), { tool }, signal);
    } catch (error) {
      if (signal.aborted && !this.#options.left.aborted) await this.#giveUp(step.id);
      throw error;
    } finally {
      this.#options.mailbox.forget(`step ${this.#idOf(step.id)}`);
    }
  }

  /** Facts that an earlier driver has put on record already are not added again. */
  async record(fact: StepFact): Promise<void> {
    const { store, job } = this.#options;
    const before = job.steps?.find(({ id }) => id === fact.step);
    const id = this.#idOf(fact.step);
    const isKnown = before?.job_id === id && (fact.state === 'running' || fact.state === before.state);
    if (isKnown) return;
    const { attempt = fact.attempt } = this.#ended.get(fact.step) ?? {};
    const has = fact.state === 'running' || this.#made.has(fact.step);
    const told = has ? { ...fact, attempt, job_id: id } : fact;
    await this.#mine();
    await this.#patiently(async () => store.addStep(job.job_id, this.#round, told));
  }

  async over(): Promise<void> {
    await this.#mine();
    const open = this.#options.plan.steps.filter(({ id }) => this.#mayBeOpen(id));
    await Promise.all(open.map(({ id }) => this.#cancel(id)));
  }

  /** Whether its job may go on, made by this driver or an earlier one. */
  #mayBeOpen(step: string): boolean {
    if (this.#ended.has(step)) return false;
    const { job_id } = this.#options.job.steps?.find(({ id }) => id === step) ?? {};
    return this.#made.has(step) || job_id === this.#idOf(step);
  }

  #idOf(step: string): string {
    return stepJobId(this.#options.job.job_id, this.#round, step);
  }

  /** Error: StepFailure for arguments that are wrong, or may not wait in the store. */
  async #jobOf(step: PlannedCall, input: JsonObject, signal: AbortSignal): Promise<NewQueuedJob> {
    const { job, plan, target, token, elicit, key } = this.#options;
    const tool = plan.tools[step.tool];
    const call = await prepareStep({ step, tool }, input, signal);
    const stored = redactSecrets(call.arguments, tool?.input_schema);
    if (!key && redactedPlaces(stored).length > redactedPlaces(call.arguments).length) {
      const message = 'arguments with secrets are not given to the store as they are: set MCP2CLI_STORE_KEY';
      throw new StepFailure({ code: 'secrets_need_key', message }, { mayRetry: false });
    }
    const retry = step.retry ?? NO_RETRY;
    const queued: QueuedCall = {
      call,
      task_support: tool?.task_support ?? null,
      ttl_ms: null,
      elicit,
      // The driver looks at what a step has brought.
      run: { retry, attempt_timeout_ms: step.timeout_ms ?? null, output_schema: null },
    };
    const isDefinition = step.via_tool === undefined && step.name !== step.tool;
    return {
      instance: job.instance,
      capability: step.name,
      arguments: stored,
      backend: null,
      session: null,
      metadata: {
        ...(step.via_tool === undefined ? {} : { kind: 'job' as const }),
        ...(isDefinition ? { kind: 'definition' as const, tool: step.tool } : {}),
        labels: { workflow: job.job_id, step: step.id },
      },
      target,
      call: sealCall(queued as unknown as JsonObject, key),
      attempts: retry.attempts,
      step: { id: this.#idOf(step.id), workflow: job.job_id, round: this.#round, token },
    };
  }

  /** The end of a step's job, whoever brings it about. A task of the server has the step's time from the moment that it is seen. */
  async #end({ id, timeout_ms }: PlannedCall, signal: AbortSignal): Promise<JobRecord> {
    const { store, deps } = this.#options;
    const job = this.#idOf(id);
    const change = this.#changes(job);
    let since: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const seen = await this.#patiently(async () => store.read(job));
      if (isTerminal(seen.status)) return seen;
      if (seen.remote_task_id !== null) since ??= deps.clock.monotonic();
      const left =
        since !== undefined && timeout_ms ? since + timeout_ms - deps.clock.monotonic() : undefined;
      if (left !== undefined && left <= 0) {
        await this.#giveUp(id);
        const message = `the step did not end within ${(timeout_ms ?? 0) / 1000} s`;
        throw new StepFailure({ code: 'timeout', message });
      }
      await withinTime(deps, change, left, signal);
    }
  }

  #changes(job: string): (signal: AbortSignal) => Promise<void> {
    const { store, deps, mailbox } = this.#options;
    return changesOf(
      { store, clock: deps.clock, changes: mailbox.changes as NonNullable<JobDeps['changes']> },
      `step ${job}`,
      LOOK_MS,
    );
  }

  /** Asks for the cancellation of a step, and waits a moment for what comes of it. */
  async #giveUp(step: string): Promise<void> {
    const { store, deps } = this.#options;
    const job = this.#idOf(step);
    await this.#cancel(step);
    const change = this.#changes(job);
    const late = new AbortController();
    deps.clock.sleep(CANCEL_MS, late.signal).then(
      () => late.abort(new Error('late')),
      () => {},
    );
    try {
      while (!(await store.hasEnded(job))) await change(late.signal);
    } catch {
      // It is asked for, and whoever has the step goes by it.
    } finally {
      late.abort(new Error('done'));
    }
  }

  async #cancel(step: string): Promise<void> {
    await this.#patiently(async () => this.#options.store.requestCancel(this.#idOf(step))).catch(
      (error: unknown) => {
        // It was never made.
        if (!(error instanceof CliError) || error.code !== 'unknown_job') throw error;
      },
    );
  }

  /** Error: UsageError, code `superseded`. */
  async #mine(): Promise<void> {
    const { store, job, token, attempt, left } = this.#options;
    const isMine =
      !left.aborted && (await this.#patiently(() => store.calls.beginAttempt(job.job_id, token, attempt)));
    if (!isMine) throw new UsageError(`another worker goes on with ${job.job_id}`, { code: 'superseded' });
  }

  /** A store that is away comes back. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const { deps, left } = this.#options;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        await deps.clock.sleep(LOOK_MS, left);
      }
    }
  }
}

function endOf({ status, result, error, finished_at, updated_at }: JobRecord): JobEnd {
  if (!isTerminal(status)) throw new Error(`it is ${status}`);
  return { status, result, error, finished_at: finished_at ?? updated_at };
}

/** Until something changes, or the time is over. */
async function withinTime(
  { clock }: JobDeps,
  change: (signal: AbortSignal) => Promise<void>,
  leftMs: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (leftMs === undefined) return change(signal);
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const first = [change(both), clock.sleep(leftMs, both)];
  try {
    await Promise.race(first);
  } finally {
    for (const one of first) one.catch(() => {});
    over.abort(new Error('changed'));
  }
}
