/** A store that is opened by the first call of a method. One that could not be opened is tried again by the next. */
import type { SharedDefinitions } from '../../../definitions/shared-port.ts';
import type { AbortSignalLike } from '../../../lib/clock.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';
import type { CallQueue } from '../../call-queue.ts';
import type { JobFilter, JobListing, JobStore, RemoveOptions } from '../../ports.ts';
import type { AnswerBox } from '../../questions/answer-box.ts';
import type {
  CallRecord,
  JobEnd,
  JobRecord,
  LogEntry,
  NewJob,
  Observation,
  StepFact,
  TaskFact,
  WorkflowPlan,
} from '../../record.ts';

type Opened = JobStore & { calls: CallQueue; definitions: SharedDefinitions; answers: AnswerBox };

export class LateStore implements JobStore {
  readonly #open: () => Promise<Opened>;
  #opened: Promise<Opened> | undefined;
  readonly calls: CallQueue;
  readonly definitions: SharedDefinitions;
  readonly answers: AnswerBox;

  constructor(open: () => Promise<Opened>) {
    this.#open = open;
    this.definitions = {
      read: async () => (await this.#store()).definitions.read(),
      replace: async (...args) => (await this.#store()).definitions.replace(...args),
    };
    this.answers = {
      give: async (...args) => (await this.#store()).answers.give(...args),
      left: async (...args) => (await this.#store()).answers.left(...args),
      settle: async (...args) => (await this.#store()).answers.settle(...args),
    };
    this.calls = lateCalls(async () => (await this.#store()).calls);
  }

  #store(): Promise<Opened> {
    if (this.#opened) return this.#opened;
    const opening = this.#open();
    this.#opened = opening;
    opening.catch(() => {
      if (this.#opened === opening) this.#opened = undefined;
    });
    return opening;
  }

  async create(job: NewJob): Promise<JobRecord> {
    return (await this.#store()).create(job);
  }

  async accept(id: string, fact: TaskFact): Promise<void> {
    await (await this.#store()).accept(id, fact);
  }

  async observe(id: string, seen: Observation): Promise<void> {
    await (await this.#store()).observe(id, seen);
  }

  async requestCancel(id: string): Promise<void> {
    await (await this.#store()).requestCancel(id);
  }

  async cancelRequested(id: string): Promise<boolean> {
    return (await this.#store()).cancelRequested(id);
  }

  async hasEnded(id: string): Promise<boolean> {
    return (await this.#store()).hasEnded(id);
  }

  async log(id: string, text: string): Promise<void> {
    await (await this.#store()).log(id, text);
  }

  async readLog(id: string): Promise<LogEntry[]> {
    return (await this.#store()).readLog(id);
  }

  async addCall(id: string, call: CallRecord): Promise<void> {
    await (await this.#store()).addCall(id, call);
  }

  async finish(...args: [string, JobEnd, number?, string?]): Promise<JobRecord> {
    return (await this.#store()).finish(...args);
  }

  async readPlan(id: string): Promise<WorkflowPlan | undefined> {
    return (await this.#store()).readPlan(id);
  }

  async keepPlan(id: string, round: number, plan: WorkflowPlan): Promise<void> {
    await (await this.#store()).keepPlan(id, round, plan);
  }

  async addStep(id: string, round: number, fact: StepFact): Promise<void> {
    await (await this.#store()).addStep(id, round, fact);
  }

  async resume(id: string, holder: HolderFacts): Promise<JobRecord> {
    return (await this.#store()).resume(id, holder);
  }

  async read(id: string): Promise<JobRecord> {
    return (await this.#store()).read(id);
  }

  async list(filter?: JobFilter): Promise<JobListing> {
    return (await this.#store()).list(filter);
  }

  async resolve(idOrPrefix: string): Promise<string> {
    return (await this.#store()).resolve(idOrPrefix);
  }

  async latest(): Promise<string | undefined> {
    return (await this.#store()).latest();
  }

  async isProvedHeld(job: JobRecord): Promise<boolean> {
    return (await this.#store()).isProvedHeld(job);
  }

  async remove(ids: readonly string[], options: RemoveOptions): Promise<void> {
    await (await this.#store()).remove(ids, options);
  }

  async removableBytes(ids: readonly string[]): Promise<number> {
    return (await this.#store()).removableBytes(ids);
  }

  changes(id: string): (signal: AbortSignalLike) => Promise<void> {
    let changed: ((signal: AbortSignalLike) => Promise<void>) | undefined;
    return async (signal) => {
      changed ??= (await this.#store()).changes?.(id);
      await changed?.(signal);
    };
  }

  async close(): Promise<void> {
    // One that was never opened, or could not be, has nothing open.
    await (await this.#opened?.catch(() => undefined))?.close();
  }
}

function lateCalls(queue: () => Promise<CallQueue>): CallQueue {
  return {
    checkRights: async () => (await queue()).checkRights(),
    submit: async (...args) => (await queue()).submit(...args),
    claim: async (...args) => (await queue()).claim(...args),
    beginAttempt: async (...args) => (await queue()).beginAttempt(...args),
    isQueued: async (...args) => (await queue()).isQueued(...args),
    workflows: async (...args) => (await queue()).workflows(...args),
    resume: async (...args) => (await queue()).resume(...args),
    leave: async (...args) => (await queue()).leave(...args),
    beat: async (...args) => (await queue()).beat(...args),
    take: async (...args) => (await queue()).take(...args),
    submitted: async (...args) => (await queue()).submitted(...args),
    overdue: async (...args) => (await queue()).overdue(...args),
    state: async () => (await queue()).state(),
    mail: async (...args) => (await queue()).mail(...args),
  };
}
