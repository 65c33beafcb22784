/** The jobs that a worker has under way: each was delivered, is claimed, run to its end, and let go of. */
import type { QueuedCall } from '../calls/queued-call.ts';
import type { InstanceScope } from '../instance/scope.ts';
import type { CallQueue, Claim, Claimant } from '../jobs/call-queue.ts';
import type { JobDeps } from '../jobs/deps.ts';
import { lost } from '../jobs/job-end.ts';
import type { JobStore } from '../jobs/ports.ts';
import { policyAnswerer } from '../jobs/questions/policy.ts';
import type { JobRecord } from '../jobs/record.ts';
import { endIfHeld } from '../jobs/recorder.ts';
import { TakenOver } from '../jobs/run-local.ts';
import { RecordError } from '../jobs/store/job-files.ts';
import { openCall } from '../jobs/store/redis/sealed-call.ts';
import type { ConnectionPool } from '../keeper/server/connection-pool.ts';
import { OpenQuestions } from '../keeper/server/open-questions.ts';
import { randomId } from '../lib/random-id.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import { Turns } from '../lib/turns.ts';
import { runClaimed } from './claimed-job.ts';
import type { Mailbox } from './mailbox.ts';

/** The pause after a claim that the store did not answer, in milliseconds. */
const PAUSE_MS = 1_000;

/** Workflows that are driven at a time: each may have a thread for its expressions. */
const DRIVEN = 20;

export interface RunningJobsOptions {
  scope: InstanceScope;
  store: JobStore & { readonly calls: CallQueue };
  /** Which server its jobs are for. */
  target: string;
  deps: Omit<JobDeps, 'ask'>;
  connections: ConnectionPool;
  /** What calls are sealed with. */
  key: Buffer | undefined;
  mailbox: Mailbox;
  claimant: () => Claimant;
  /** The worker ends. */
  ending: AbortSignal;
  say: (text: string) => void;
  onFailure: (error: Error) => void;
  onChange: () => void;
}

interface Running {
  stop: Stop;
  job?: JobRecord;
  /** Its record was seen to have ended while the work on it goes on. */
  endSeen?: boolean;
  /** Of a workflow: leaves it to others. */
  leave?: () => void;
}

export class RunningJobs {
  readonly #options: RunningJobsOptions;
  readonly #running = new Map<string, Running>();
  /** Workflows that are driven here, or will be in their turn. */
  readonly #drives = new Map<string, Promise<void>>();
  readonly #turns = new Turns(DRIVEN);
  #leaves = false;

  constructor(options: RunningJobsOptions) {
    this.#options = options;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  /** Leaves workflows to others, and resolves when nothing is done for them here any more. Their steps are jobs like any other, and stay. */
  async leaveWorkflows(): Promise<void> {
    this.#leaves = true;
    for (const { leave } of this.#running.values()) leave?.();
    await Promise.all(this.#drives.values());
  }

  /** Ends what runs: what only this worker could have brought to its end is lost, and says so. */
  async abort(why: string): Promise<void> {
    const { store, scope } = this.#options;
    await this.leaveWorkflows();
    await Promise.all(
      [...this.#running.entries()].map(async ([id, { stop, job }]) => {
        try {
          // A task that the server has goes on, and is followed by whichever worker claims it next.
          const end = lost('worker_stopped', `${why}; its outcome is unknown`, scope.context.clock);
          if (job) await endIfHeld(store, id, end);
        } catch (error) {
          this.#options.say(`${id}: ${(error as Error).message}`);
        }
        stop.abort(new Error(why));
      }),
    );
  }

  /** Gives up jobs whose records have ended by another hand: nothing that is still learned of them counts. */
  async leaveEnded(): Promise<void> {
    for (const [id, running] of this.#running) {
      const before = running.endSeen;
      running.endSeen = await this.#options.store.hasEnded(id);
      // The end is on record a moment before the work on it is done.
      if (running.endSeen && before) running.stop.abort(new Error('its record has ended by another hand'));
    }
  }

  /** Takes a workflow, however often. It takes up no place of a job: its steps would find none. */
  drive(id: string): void {
    if (this.#drives.has(id)) return;
    const inTurn = async () => {
      const done = await this.#turns.take(this.#options.ending);
      try {
        if (!this.#leaves) await this.deliver(id);
      } finally {
        done();
      }
    };
    // One whose turn does not come here any more is found by another worker.
    this.#drives.set(
      id,
      inTurn()
        .catch(() => {})
        .finally(() => this.#drives.delete(id)),
    );
  }

  /** Takes a job that was delivered, however often it is: resolves when there is nothing more to do for it here. */
  async deliver(id: string): Promise<void> {
    // Brought again while it runs here.
    if (this.#running.has(id)) return;
    const { clock } = this.#options.scope.context;
    const running: Running = { stop: stopAfter(clock, undefined, undefined, '') };
    this.#running.set(id, running);
    try {
      await this.#work(id, running);
    } catch (error) {
      await this.#abandon(id, running, error as Error);
    } finally {
      this.#running.delete(id);
      this.#options.mailbox.forget(id);
      running.stop.dispose();
      this.#options.onChange();
    }
  }

  async #work(id: string, running: Running): Promise<void> {
    const { store, scope } = this.#options;
    const { deps, connections, key } = this.#options;
    const token = randomId();
    const claim = await this.#claim(id, token);
    const { decision, taken } = claim;
    if (!taken) {
      if (decision === 'lost' || decision === 'canceled') this.#options.say(`${id}: ${decision}`);
      return;
    }
    const { job } = taken;
    running.job = job;
    const opened = () => openCall(taken.call, key) as unknown as QueuedCall;
    if (job.steps) return this.#drive(job, running, claim.attempt, token, opened);
    const questions = new OpenQuestions(policyAnswerer(policyOf(opened)));
    const ended = await runClaimed({
      scope,
      deps: { ...deps, ask: questions.answerer },
      connections,
      job,
      claim,
      call: async () => opened(),
      next: (attempt) => store.calls.beginAttempt(id, token, attempt),
      stop: running.stop,
      events: { onNote: (note) => this.#options.say(`${id}: ${note}`), ...questions.events },
      log: (line) => this.#options.say(`${id}: ${line}`),
    });
    this.#options.say(`${id} ${ended.capability}: ${ended.status}`);
  }

  async #drive(
    job: JobRecord,
    running: Running,
    attempt: number,
    token: string,
    call: () => QueuedCall,
  ): Promise<void> {
    const { store, scope, deps, key, target, ending, mailbox } = this.#options;
    const { job_id: id } = job;
    const left = new AbortController();
    const leave = () => {
      left.abort(new Error('it is left to another worker'));
      running.stop.abort(new Error('it is left to another worker'));
    };
    running.leave = leave;
    const { driveWorkflow } = await import('./drive-workflow.ts');
    const log = (line: string) => this.#options.say(`${id}: ${line}`);
    if (ending.aborted) leave();
    const seen = await driveWorkflow({
      ...{ scope, store, deps, mailbox, job, target, token, attempt, key, call, log },
      left: left.signal,
      stop: running.stop,
      events: { onNote: log },
    }).catch((error: unknown) => {
      if (!left.signal.aborted) throw error;
    });
    if (left.signal.aborted) await store.calls.leave(id, token);
    if (seen)
      this.#options.say(
        `${id} ${seen.capability}: ${left.signal.aborted ? 'left to another worker' : seen.status}`,
      );
  }

  /** Asks until there is an answer, with one token: a claim whose answer was lost is the same claim. */
  async #claim(id: string, token: string): Promise<Claim> {
    const { store, scope } = this.#options;
    for (;;) {
      try {
        return await store.calls.claim(id, this.#options.claimant(), token);
      } catch (error) {
        if (error instanceof RecordError) throw error;
        this.#options.onFailure(error as Error);
        await scope.context.clock.sleep(PAUSE_MS, this.#options.ending);
      }
    }
  }

  /** A job that nobody drives any more has an end: nothing stays running on record that does not. */
  async #abandon(id: string, { job }: Running, error: Error): Promise<void> {
    this.#options.say(`${id}: ${error.message}`);
    if (error instanceof TakenOver || !job || this.#options.ending.aborted) return;
    const { store, scope } = this.#options;
    try {
      const end = lost('worker_failed', `the worker gave it up: ${error.message}`, scope.context.clock);
      await endIfHeld(store, id, end);
    } catch (again) {
      this.#options.say(`${id}: ${(again as Error).message}`);
    }
  }
}

function policyOf(call: () => QueuedCall): QueuedCall['elicit'] {
  try {
    return call().elicit;
  } catch {
    // Told as the job's end.
    return 'ask';
  }
}
