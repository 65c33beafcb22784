import { CliError, IoError, UnreachableError, UsageError } from '../errors.ts';
import type { JobDeps } from '../jobs/deps.ts';
import { driveTask } from '../jobs/drive.ts';
import { lost } from '../jobs/ending.ts';
import type { Answer, Asker } from '../jobs/ports.ts';
import { isTerminal, type JobRecord, type PendingInput } from '../jobs/record.ts';
import { UnrecordedEndError } from '../jobs/recording.ts';
import { type Stop, stopAfter } from '../jobs/stop.ts';
import { type Submitted, submitJob } from '../jobs/submit.ts';
import type { Connections, Lease } from './connections.ts';
import { CallerGone } from './peer.ts';
import type { SubmitParams } from './protocol.ts';

/** How long a disk that refused an observation or an end is left alone before the next attempt, in milliseconds. */
const DISK_PATIENCE_MS = 2_000;

interface Running {
  job: JobRecord;
  stop: Stop;
  since: string;
  /** Open questions, by their ids, and what takes the answer. */
  offers: Map<string | number, (answer: Answer) => void>;
}

export interface WorkOptions {
  instance: string;
  deps: Omit<JobDeps, 'ask'>;
  connections: Connections;
  /** The asker for a policy, if the policy answers anything by itself. */
  policyAsker: (policy: SubmitParams['elicit']) => Asker | undefined;
  log: (text: string) => void;
  /** Called when a job has begun or ended. */
  onChange: () => void;
}

/** The jobs that run in this keeper, any number side by side: each is driven to its end, and its end recorded. */
export class KeeperWork {
  readonly #options: WorkOptions;
  readonly #running = new Map<string, Running>();
  /** Everything under way, jobs without a record yet included. */
  readonly #tasks = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#tasks.size > 0;
  }

  get running(): { job_id: string; capability: string; since: string }[] {
    return [...this.#running.values()].map(({ job, since }) => ({
      job_id: job.job_id,
      capability: job.capability,
      since,
    }));
  }

  /**
   * Starts a job on `lease`, which is its own from then on. Resolves when the server has taken the call, or (`detach`) as soon as the record is
   * on disk; the keeper stays with it in any case. Error before there is a record: IoError.
   */
  async submit(params: SubmitParams, lease: Lease, signal: AbortSignal): Promise<Submitted> {
    lease.link.keepQuestions();
    const { clock } = this.#options.deps;
    const stop = stopAfter(clock, undefined, undefined, '');
    const offers: Running['offers'] = new Map();
    const deps: JobDeps = { ...this.#options.deps, ask: this.#asker(params.elicit, offers) };
    let onCreated = (_: Submitted) => {};
    const created = new Promise<Submitted>((resolve) => {
      onCreated = resolve;
    });
    const submitted = submitJob(
      deps,
      lease.link,
      { name: params.name, arguments: params.arguments },
      {
        instance: this.#options.instance,
        storedArguments: params.stored_arguments,
        ttlMs: params.ttl_ms ?? undefined,
        stop,
        events: { onNote: this.#options.log },
        holds: true,
        onCreated: (job) => {
          this.#running.set(job.job_id, { job, stop, since: clock.now().toISOString(), offers });
          onCreated({ job, synchronous: false });
        },
      },
    );
    this.#stayWith(submitted, deps, lease, stop);
    // A command that gives up the wait for the acceptance gives up the submission; one that was killed had a job to be done.
    const giveUp = () => signal.reason instanceof CallerGone || stop.abort(signal.reason);
    if (!params.detach) signal.addEventListener('abort', giveUp, { once: true });
    return params.detach ? Promise.race([created, submitted]) : submitted;
  }

  /** Takes over a job whose task a foreground call has made on this keeper's server. */
  async adopt(job: JobRecord, signal: AbortSignal): Promise<void> {
    if (this.#running.has(job.job_id)) return;
    const { clock } = this.#options.deps;
    const lease = await this.#options.connections.lease(signal);
    lease.link.keepQuestions();
    const offers: Running['offers'] = new Map();
    const stop = stopAfter(clock, undefined, undefined, '');
    this.#running.set(job.job_id, { job, stop, since: clock.now().toISOString(), offers });
    const deps = { ...this.#options.deps, ask: this.#asker(null, offers) };
    this.#stayWith(Promise.resolve({ job, synchronous: false }), deps, lease, stop);
  }

  /** Hands an answer to the job that asked. Error: UsageError when nothing of that id is asked. */
  answer(jobId: string, requestId: string | number, answer: Answer): void {
    const take = this.#running.get(jobId)?.offers.get(requestId);
    if (!take) throw new UsageError(`${jobId} does not ask this any more`, { code: 'nothing_to_answer' });
    take(answer);
  }

  /** Ends everything: what only this process could have brought to its end is `lost`, and says why. */
  async stop(why: string): Promise<void> {
    this.#stopping = true;
    const { store, clock } = this.#options.deps;
    for (const { job, stop } of this.#running.values()) {
      try {
        if (store.read(job.job_id).holder != null)
          store.finish(job.job_id, lost('keeper_stopped', `${why}; its outcome is unknown`, clock));
      } catch (error) {
        this.#options.log(`${job.job_id}: ${(error as Error).message}`);
      }
      stop.abort(new Error(why));
    }
    await Promise.allSettled(this.#tasks);
  }

  #stayWith(submitted: Promise<Submitted>, deps: JobDeps, lease: Lease, stop: Stop): void {
    const work = this.#toTheEnd(submitted, deps, lease, stop)
      .catch((error: unknown) => this.#options.log(`a job: ${(error as Error).message}`))
      .then(() => {
        this.#tasks.delete(work);
        stop.dispose();
        this.#options.onChange();
      });
    this.#tasks.add(work);
    this.#options.onChange();
  }

  async #toTheEnd(submitted: Promise<Submitted>, deps: JobDeps, lease: Lease, stop: Stop): Promise<void> {
    let job: JobRecord | undefined;
    try {
      ({ job } = await this.#recorded(submitted, deps, stop));
      while (!isTerminal(job.status) && !stop.signal.aborted) job = await this.#drive(deps, job, lease, stop);
    } finally {
      if (job) {
        this.#options.log(`${job.job_id} ${job.capability}: ${deps.store.read(job.job_id).status}`);
        this.#running.delete(job.job_id);
      }
      lease.release({ keepSession: job?.remote_task_id != null });
    }
  }

  /** One attempt to bring a task to its end. What fails is tried again as long as nobody else could do it. */
  async #drive(deps: JobDeps, job: JobRecord, lease: Lease, stop: Stop): Promise<JobRecord> {
    try {
      const driven = driveTask(deps, job, { stop, events: { onNote: this.#options.log }, link: lease.link });
      return (
        await this.#recorded(
          driven.then((ended) => ({ job: ended })),
          deps,
          stop,
        )
      ).job;
    } catch (error) {
      if (this.#stopping || !(error instanceof CliError)) throw error;
      this.#options.log(`${job.job_id}: ${error.message}`);
      if (!(error instanceof UnreachableError || error instanceof IoError) || job.holder == null) throw error;
      await deps.clock.sleep(DISK_PATIENCE_MS, stop.signal);
      return deps.store.read(job.job_id);
    }
  }

  /** An end that the disk refuses is kept here until it takes it: nobody else has it. */
  async #recorded<T extends { job: JobRecord }>(
    work: Promise<T>,
    deps: JobDeps,
    stop: Stop,
  ): Promise<{ job: JobRecord }> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof UnrecordedEndError)) throw error;
      this.#options.log(`${error.message}; trying again until it can be`);
      for (;;) {
        await deps.clock.sleep(DISK_PATIENCE_MS, stop.signal);
        try {
          return { job: deps.store.finish(error.job.job_id, error.end) };
        } catch (again) {
          if (!(again instanceof IoError)) throw again;
        }
      }
    }
  }

  /** What the policy does not answer is offered through the record: `jobs answer`, or a wait on a terminal, brings the answer. */
  #asker(policy: SubmitParams['elicit'], offers: Running['offers']): Asker {
    const automatic = this.#options.policyAsker(policy);
    const offer = (question: PendingInput, signal?: AbortSignal) =>
      new Promise<Answer>((resolve, reject) => {
        const withdraw = () => {
          offers.delete(question.request_id);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', withdraw, { once: true });
        offers.set(question.request_id, (answer) => {
          offers.delete(question.request_id);
          signal?.removeEventListener('abort', withdraw);
          resolve(answer);
        });
      });
    return async (question, signal) =>
      (await automatic?.(question, signal)) ?? offer(question, signal as AbortSignal | undefined);
  }
}
