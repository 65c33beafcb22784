/**
 * Jobs on disk: a folder a job, facts that are written once, no locks. job-files.ts has the files, assemble.ts what they mean together. Any number of
 * processes may work on one store: a job appears by a rename, its end by a link that never replaces another, and only the last observation is ever replaced.
 */
import { CliError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { publishOnce, replaceFile } from '../../lib/disk/durable-file.ts';
import { isHolderAlive, isProvedAlive, leaveLeaseOf } from '../../lib/disk/holder.ts';
import type { HolderFacts } from '../../lib/disk/holder-facts.ts';
import { dropLease } from '../../lib/disk/lease.ts';
import type { JobFilter, JobListing, JobStore, RemoveOptions, StoreProblem } from '../ports.ts';
import {
  type CallRecord,
  isTerminal,
  type JobEnd,
  type JobRecord,
  type LogEntry,
  type NewJob,
  type Observation,
  type StepFact,
  type TaskFact,
  type WorkflowPlan,
} from '../record.ts';
import { checkResumable } from '../workflow/steps.ts';
import { assemble, createdRecord, reopened, settled } from './assemble.ts';
import { capped, observedFields } from './capped.ts';
import { JobIndex } from './index/job-index.ts';
import {
  FILES,
  fileText,
  isThere,
  type JobFacts,
  missingRecord,
  readFacts,
  readJobFile,
  readTaskFile,
} from './job-files.ts';
import { jobNames, newestJob, publishJob } from './job-folder.ts';
import { checkedId, isJobName, newJobId, resolveName, unknownJob } from './job-id.ts';
import { appendCall, appendLog, readCalls, readLog } from './job-log.ts';
import { removableBytes, removeJobs } from './job-removal.ts';
import { fitting, problemOf } from './listing.ts';
import { movedJobs } from './moved-jobs.ts';
import { publishEnd, resultOf } from './publish-end.ts';
import { StepFolders } from './step-folders.ts';
import {
  addStepFact,
  claimRound,
  keepPlanFile,
  readPlanFile,
  readSteps,
  setRoundAside,
} from './workflow-files.ts';

/** Up to so many records are read from their folders; for more the index pays. */
const DIRECT_LIMIT = 32;

export interface JobStoreOptions {
  /** `<home>/instances/<name>/jobs`; created with the first job. */
  dir: string;
  clock: Pick<Clock, 'now'>;
  /** The instance's name, for messages and records. */
  instance: string;
  /** A new job id that nothing has yet; default: a ULID that sorts after all there are. */
  newId?: (() => string) | undefined;
  /** Whether the process that made a record lives; default: asks the system. */
  holderAlive?: typeof isHolderAlive | undefined;
}

/** Opens the jobs of one instance. Costs nothing until a method is called. */
export function openJobStore(options: JobStoreOptions): DiskJobStore {
  return new DiskJobStore(options);
}

export class DiskJobStore implements JobStore {
  #dir: string;
  readonly #clock: Pick<Clock, 'now'>;
  #instance: string;
  readonly #newId: (() => string) | undefined;
  readonly #holderAlive: typeof isHolderAlive;
  /** Jobs that were here: one that is not any more may have moved, with its instance. */
  readonly #seen = new Set<string>();
  readonly #stepFolders = new StepFolders();

  constructor({ dir, clock, instance, newId, holderAlive }: JobStoreOptions) {
    this.#dir = dir;
    this.#clock = clock;
    this.#instance = instance;
    this.#newId = newId;
    this.#holderAlive = holderAlive ?? isHolderAlive;
  }

  create(job: NewJob): JobRecord {
    const now = this.#clock.now();
    const nextId = (newest: string | undefined) => this.#newId?.() ?? newJobId(now.getTime(), newest);
    const content = (id: string) => createdRecord(checkedId(id), job, now);
    const stored = publishJob(this.#dir, now.getTime(), nextId, content, job.plan);
    leaveLeaseOf(this.#folder(stored.job_id), job.holder);
    this.#seen.add(stored.job_id);
    return assemble({ job: stored, task: undefined, cancel: undefined, end: undefined });
  }

  accept(id: string, fact: TaskFact): void {
    this.#inFolder(id, (folder) => {
      this.#facts(id);
      // Before the record names the holder; the one until now lives as long as this takes.
      if (fact.holder) leaveLeaseOf(folder, fact.holder);
      else dropLease(folder);
      if (publishOnce(`${folder}/${FILES.task}`, fileText(capped(fact)))) return;
      if (readTaskFile(folder)?.remote_task_id !== fact.remote_task_id)
        throw new CliError('internal', 70, `${id} has another remote task already`);
    });
  }

  observe(id: string, seen: Observation): void {
    this.#inFolder(id, (folder) => {
      const job = readJobFile(folder, id);
      if (job === undefined) throw missingRecord(this.#folder(id), id, this.#instance);
      if (isTerminal(job.status) || isThere(`${folder}/${FILES.end}`)) return;
      const at = this.#clock.now().toISOString();
      const next = {
        ...job,
        ...observedFields(seen),
        updated_at: at,
        ...(seen.status ? { status_observed_at: at } : {}),
      };
      replaceFile(`${folder}/${FILES.job}`, fileText(next));
    });
  }

  requestCancel(id: string): void {
    this.#inFolder(id, (folder) => {
      if (this.#facts(id).end) return;
      publishOnce(`${folder}/${FILES.cancel}`, fileText({ requested_at: this.#clock.now().toISOString() }));
    });
  }

  cancelRequested(id: string): boolean {
    return isThere(`${this.#folder(id)}/${FILES.cancel}`);
  }

  hasEnded(id: string): boolean {
    if (!isThere(this.#folder(id)) && !this.#follow(id)) return true;
    return isThere(`${this.#folder(id)}/${FILES.end}`);
  }

  log(id: string, text: string): void {
    appendLog(this.#folder(id), this.#clock.now(), text);
  }

  readLog(id: string): LogEntry[] {
    return readLog(this.#folder(id));
  }

  addCall(id: string, call: CallRecord): void {
    appendCall(this.#folder(id), call);
  }

  finish(id: string, end: JobEnd, round?: number, line?: string): JobRecord {
    if (line !== undefined) this.log(id, line);
    const published = this.#inFolder(id, (folder) => {
      const facts = this.#facts(id);
      if (round !== undefined && round !== (facts.job.resumed ?? 0)) return false;
      const won = !facts.end && publishEnd(folder, facts, capped(end));
      dropLease(folder);
      return won;
    });
    // A result of megabytes takes longer to read than to write, and a keeper has other jobs meanwhile.
    return this.read(id, published ? end : undefined);
  }

  readPlan(id: string): WorkflowPlan | undefined {
    return this.#inFolder(id, readPlanFile);
  }

  keepPlan(id: string, round: number, plan: WorkflowPlan): void {
    this.#inFolder(id, (folder) => keepPlanFile(folder, id, round, plan));
  }

  addStep(id: string, round: number, fact: StepFact): void {
    this.#inFolder(id, (folder) => {
      if (!isThere(folder)) throw unknownJob(id, this.#instance);
      addStepFact(folder, id, round, fact.error ? { ...fact, ...capped({ error: fact.error }) } : fact);
    });
  }

  resume(id: string, holder: HolderFacts): JobRecord {
    this.#inFolder(id, (folder) => {
      const facts = this.#facts(id);
      const { record } = this.#settled(id, facts);
      checkResumable(record, readPlanFile(folder));
      const now = this.#clock.now();
      // What only a look at its holder had told is its end from now on.
      if (!this.#facts(id).end) {
        const { status, error } = record;
        publishEnd(folder, facts, { status: status as 'lost', error, finished_at: now.toISOString() });
      }
      const round = claimRound(folder, id, holder, now, (one) => this.#holderAlive(one, folder));
      leaveLeaseOf(folder, holder);
      const { job } = this.#facts(id);
      replaceFile(`${folder}/${FILES.job}`, fileText(reopened(job, round, holder, now)));
      setRoundAside(folder, round - 1);
    });
    return this.read(id);
  }

  /** `published`: the end that this process has just put there, whose result is the job's. */
  read(id: string, published?: JobEnd): JobRecord {
    return this.#inFolder(id, (folder) => {
      const { record, end } = this.#settled(id, this.#facts(id));
      record.instance = this.#instance;
      this.#seen.add(id);
      const result = resultOf(folder, end && (published ?? end));
      Object.assign(record, result, readSteps(folder, record), readCalls(folder));
      return record;
    });
  }

  list(filter: JobFilter = {}): JobListing {
    const { limit = Number.POSITIVE_INFINITY } = filter;
    const fits = fitting(filter);
    const listing: JobListing = { jobs: [], problems: [] };
    const few = limit <= DIRECT_LIMIT && fits === undefined;
    const names = jobNames(this.#dir).reverse();
    const index = new JobIndex(this.#dir, this.#clock.now().getTime(), !few, names.length);
    for (const name of names) {
      if (listing.jobs.length >= limit) return listing;
      const record = index.get(name) ?? this.#listed(name, index, listing.problems);
      if (!record || (fits !== undefined && !fits(record))) continue;
      // It may have been called otherwise when the record was written (`instances rename`).
      record.instance = this.#instance;
      listing.jobs.push(record);
    }
    if (!few) index.save();
    return listing;
  }

  resolve(idOrPrefix: string): string {
    const id = idOrPrefix.toLowerCase();
    // A full id needs no look at the others, nor does the newest. That of a step's job is known by its workflow alone.
    if (isJobName(id) && (isThere(`${this.#dir}/${id}`) || this.#stepFolders.find(this.#dir, id))) return id;
    if (id === '-1') return this.latest() ?? resolveName(idOrPrefix, [], this.#instance);
    return resolveName(idOrPrefix, jobNames(this.#dir), this.#instance);
  }

  latest(): string | undefined {
    return newestJob(this.#dir, this.#clock.now().getTime());
  }

  isProvedHeld({ job_id, holder }: JobRecord): boolean {
    return holder != null && isProvedAlive(holder, this.#folder(job_id));
  }

  remove(ids: readonly string[], options: RemoveOptions): Promise<void> {
    return removeJobs(this.#dir, ids, this.#clock.now(), options);
  }

  removableBytes(ids: readonly string[]): number {
    return removableBytes(this.#dir, ids, this.#clock.now());
  }

  close(): void {}

  #folder(id: string): string {
    return this.#stepFolders.known(this.#dir, id) ?? `${this.#dir}/${checkedId(id)}`;
  }

  /**
   * Does some work in a job's folder. Where the folder is removed meanwhile (`jobs prune`), whatever went wrong is an unknown job; where it has
   * moved, or stands in that of its workflow, the work is done there.
   */
  #inFolder<T>(id: string, work: (folder: string) => T): T {
    const folder = this.#folder(id);
    try {
      return work(folder);
    } catch (error) {
      if (isThere(folder)) throw error;
      if (!this.#stepFolders.find(this.#dir, id) && !this.#follow(id)) throw unknownJob(id, this.#instance);
      return work(this.#folder(id));
    }
  }

  /** Goes after a job that was here, with all the others of its instance. */
  #follow(id: string): boolean {
    const moved = this.#seen.has(id) ? movedJobs(this.#dir, id) : undefined;
    if (!moved) return false;
    this.#dir = moved.dir;
    this.#instance = moved.instance;
    return true;
  }

  #facts(id: string): JobFacts {
    const facts = readFacts(this.#folder(id), id);
    if (facts === undefined) throw missingRecord(this.#folder(id), id, this.#instance);
    return facts;
  }

  #settled(id: string, facts: JobFacts, again = () => this.#facts(id)) {
    const isAlive = (holder: HolderFacts) => this.#holderAlive(holder, this.#folder(id));
    return settled(facts, isAlive, again);
  }

  #listed(name: string, index: JobIndex, problems: StoreProblem[]): JobRecord | undefined {
    try {
      const look = () => readFacts(`${this.#dir}/${name}`, name, true);
      const facts = look();
      if (facts === undefined) throw missingRecord(this.#folder(name), name, this.#instance);
      const { record } = this.#settled(name, facts, () => look() ?? facts);
      index.add(record);
      return record;
    } catch (error) {
      // Removed while we were looking, whatever that looked like.
      if (!isThere(`${this.#dir}/${name}`)) return undefined;
      const problem = problemOf(name, error);
      if (problem === undefined) throw error;
      problems.push(problem);
      return undefined;
    }
  }
}
