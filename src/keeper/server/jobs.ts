import { AuthError, CliError } from '../../errors.ts';
import type { JobDeps, JobEvents } from '../../jobs/deps.ts';
import { followHeldTask } from '../../jobs/follow/held-task.ts';
import { patienceDelay } from '../../jobs/follow/polling.ts';
import { untilRecorded } from '../../jobs/follow/until-recorded.ts';
import { lost } from '../../jobs/job-end.ts';
import type { Answer, Answerer, JobStore } from '../../jobs/ports.ts';
import { isTerminal, type JobEnd, type JobRecord, type TaskFact } from '../../jobs/record.ts';
import { endIfHeld } from '../../jobs/recorder.ts';
import type { Submitted } from '../../jobs/submission.ts';
import { submitJob } from '../../jobs/submit.ts';
import { type Stop, stopAfter } from '../../lib/stop.ts';
import { isDocumentPlan } from '../../workflows/documents/plan.ts';
import type { SubmitParams } from '../protocol.ts';
import { CallerGone } from '../rpc.ts';
import { localRun } from '../run-options.ts';
import type { ConnectionPool, Lease } from './connection-pool.ts';
import { OpenQuestions } from './open-questions.ts';
import { runPlannedJob } from './planned-job.ts';

interface Running {
  id: string;
  capability: string;
  since: string;
  stop: Stop;
  questions: OpenQuestions;
  /** Its end, when the disk does not take it. */
  unrecorded?: JobEnd;
  /** Its record was seen to have ended while the work on it goes on. */
  endSeen?: boolean;
  /** Takes it off the count. */
  leave: () => void;
}

export interface WorkOptions {
  instance: string;
  deps: Omit<JobDeps, 'ask'>;
  connections: ConnectionPool;
  /** The answerer for a policy, if the policy answers anything by itself. */
  policyAnswerer: (policy: SubmitParams['elicit']) => Answerer | undefined;
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
    return [...this.#running.values()].map(({ id, capability, since }) => ({
      job_id: id,
      capability,
      since,
    }));
  }

  /**
   * Starts a job on `lease`, which is its own from then on. `onCreated` hears of it as soon as the record is on disk; it resolves when the
   * server has taken the call, or (`detach`) with the record. The keeper stays with it in any case. Error before there is a record: IoError.
   */
  async submit(
    params: SubmitParams,
    lease: Lease,
    signal: AbortSignal,
    onCreated: (id: string) => void,
  ): Promise<Submitted> {
    lease.link.keepQuestions();
    const { name, arguments: args, viaTool, mirrored } = params;
    const run = this.#newRun(name, params.elicit);
    const created = new Promise<Submitted>((resolve) => {
      run.onCreated = (job) => {
        onCreated(job.job_id);
        resolve({ job, synchronous: false });
      };
    });
    const { stop, events, deps } = run;
    const { instance, connections } = this.#options;
    const onJob = (job: JobRecord) => {
      run.running.id = job.job_id;
      this.#running.set(job.job_id, run.running);
      run.onCreated(job);
    };
    const submitted =
      params.plan && isDocumentPlan(params.plan)
        ? runPlannedJob({ instance, deps, connections, stop, events, onJob }, params, params.plan, lease)
        : submitJob(
            deps,
            lease.link,
            { name, arguments: args, viaTool, mirrored },
            {
              instance,
              storedArguments: params.stored_arguments,
              metadata: params.metadata ?? undefined,
              plan: params.plan ?? undefined,
              ttlMs: params.ttl_ms ?? undefined,
              stop,
              events,
              holds: true,
              local: params.local ? localRun(params.local) : undefined,
              resumes: params.resumes ?? undefined,
              onCreated: onJob,
            },
          );
    this.#stayWith(submitted, run, lease);
    // A command that gives up the wait for the acceptance gives up the submission; one that was killed had a job to be done.
    const giveUp = () => signal.reason instanceof CallerGone || stop.abort(signal.reason);
    if (!params.detach) signal.addEventListener('abort', giveUp, { once: true });
    return params.detach ? Promise.race([created, submitted]) : submitted;
  }

  /** Takes over a job whose task a foreground call has made on this keeper's server: from here on its life is the keeper's. */
  async adopt(id: string, fact: TaskFact, signal: AbortSignal): Promise<void> {
    if (this.#running.has(id)) return;
    const lease = await this.#options.connections.lease(signal);
    lease.link.keepQuestions();
    const { store, holder } = this.#options.deps;
    const run = this.#newRun('', null);
    try {
      await store.accept(id, { ...fact, holder });
      const job = await store.read(id);
      Object.assign(run.running, { id, capability: job.capability });
      this.#running.set(id, run.running);
      this.#stayWith(Promise.resolve({ job, synchronous: false }), run, lease);
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /**
   * Hands an answer to the job that asked. Resolves when the server has it. Errors: UsageError when nothing of that id is asked, and what
   * the server refuses it with.
   */
  async answer(jobId: string, requestId: string | number, answer: Answer): Promise<void> {
    const questions = this.#running.get(jobId)?.questions ?? new OpenQuestions();
    await questions.answer(jobId, requestId, answer);
  }

  /**
   * Gives up the jobs whose records have ended by another hand, or were removed: nothing that this process may still learn of them counts. To
   * be called regularly. A job gets the time between two calls, since its end is on record a moment before the work on it is done. The work
   * itself may hang, or pause for as long as the server has asked to: it is told to stop, and not waited for.
   */
  async leaveEnded(): Promise<void> {
    const { deps, log } = this.#options;
    for (const running of [...this.#running.values()]) {
      const { id, capability, stop, endSeen } = running;
      running.endSeen = await deps.store.hasEnded(id);
      // A folder may be away for a moment, too, while it is looked at whether it can be removed.
      if (!running.endSeen || !endSeen) continue;
      const why = `its record has ended (${await statusOf(deps.store, id)})`;
      log(`${id} ${capability}: ${why}`);
      stop.abort(new Error(why));
      running.leave();
    }
  }

  /** Ends everything: what only this process could have brought to its end is `lost`, and says why. */
  async stop(why: string): Promise<void> {
    this.#stopping = true;
    const { store, clock } = this.#options.deps;
    for (const { id, stop, unrecorded } of this.#running.values()) {
      try {
        await endIfHeld(
          store,
          id,
          unrecorded ?? lost('keeper_stopped', `${why}; its outcome is unknown`, clock),
        );
      } catch (error) {
        this.#options.log(`${id}: ${(error as Error).message}`);
      }
      stop.abort(new Error(why));
    }
    await Promise.allSettled(this.#tasks);
  }

  #newRun(capability: string, policy: SubmitParams['elicit']) {
    const { deps, log } = this.#options;
    const stop = stopAfter(deps.clock, undefined, undefined, '');
    const questions = new OpenQuestions(this.#options.policyAnswerer(policy));
    const since = deps.clock.now().toISOString();
    const running: Running = { id: '', capability, since, stop, questions, leave: () => {} };
    const events: JobEvents = { onNote: log, ...questions.events };
    const onCreated = (_: JobRecord) => {};
    return { running, stop, events, onCreated, deps: { ...deps, ask: questions.answerer } };
  }

  #stayWith(submitted: Promise<Submitted>, run: Run, lease: Lease): void {
    const work = this.#toTheEnd(submitted, run, lease)
      .catch((error: unknown) => this.#abandon(run.running, error))
      .then(() => {
        run.running.leave();
        run.stop.dispose();
      });
    run.running.leave = () => {
      this.#running.delete(run.running.id);
      if (this.#tasks.delete(work)) this.#options.onChange();
    };
    this.#tasks.add(work);
    this.#options.onChange();
  }

  /** A job that nobody drives any more has an end: nothing stays running on record that does not. */
  async #abandon({ id }: Running, error: unknown): Promise<void> {
    const { log, deps } = this.#options;
    log(`${id || 'a submission'}: ${(error as Error).message}`);
    if (id === '' || this.#stopping) return;
    try {
      const end = lost('keeper_failed', `the keeper gave it up: ${(error as Error).message}`, deps.clock);
      await endIfHeld(deps.store, id, end);
    } catch (again) {
      log(`${id}: ${(again as Error).message}`);
    }
  }

  async #toTheEnd(submitted: Promise<Submitted>, run: Run, lease: Lease): Promise<void> {
    let job: JobRecord | undefined;
    try {
      job = await this.#recorded(
        submitted.then((done) => done.job),
        run,
      );
      for (let failures = 0; !isTerminal(job.status) && !run.stop.signal.aborted; failures++)
        job = await this.#drive(run, job, lease, failures);
      this.#options.log(`${job.job_id} ${job.capability}: ${job.status}`);
    } finally {
      lease.release({ keepSession: job?.remote_task_id != null });
    }
  }

  /** One attempt to bring a task to its end. What fails is tried again as long as nobody else could do it. */
  async #drive({ deps, stop, events, running }: Run, job: JobRecord, lease: Lease, failures: number) {
    try {
      const driven = followHeldTask(deps, job, { stop, events, link: lease.link });
      return await this.#recorded(driven, { deps, stop, events, running });
    } catch (error) {
      const hopeless = !(error instanceof CliError) || error instanceof AuthError || job.holder == null;
      if (this.#stopping || hopeless) throw error;
      this.#options.log(`${job.job_id}: ${error.message}`);
      await deps.clock.sleep(patienceDelay(failures), stop.signal);
      return await deps.store.read(job.job_id);
    }
  }

  /** What the store does not take is kept here until it does: nobody else has it. */
  #recorded(work: Promise<JobRecord>, { deps, stop, running }: Omit<Run, 'onCreated'>): Promise<JobRecord> {
    return untilRecorded(deps, work, {
      signal: stop.signal,
      log: this.#options.log,
      onUnrecorded: (end) => {
        running.unrecorded = end;
      },
    });
  }
}

async function statusOf(store: JobStore, id: string): Promise<string> {
  try {
    return (await store.read(id)).status;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Run {
  running: Running;
  stop: Stop;
  events: JobEvents;
  deps: JobDeps;
  onCreated?: (job: JobRecord) => void;
}
