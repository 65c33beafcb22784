/** Copies jobs from one store to another. Nothing that runs in a process is copied: its end would come to the store that it began in. */
import { CliError } from '../../../errors.ts';
import type { AbortSignalLike } from '../../../lib/clock.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import type { JobStore, RemoveOptions } from '../../ports.ts';
import { isTerminal, type JobRecord } from '../../record.ts';
import type { JobCopies, JobCopy } from './job-copy.ts';

/** One end of a migration. */
export interface Place {
  store: JobStore;
  copies: JobCopies;
}

/** A job that stays where it is alone, and why. */
export interface LeftJob {
  job_id: string;
  /** `held`: it runs in a process, or waits for one; `refused`: it cannot be read there, or not be kept here. */
  code: 'held' | 'refused';
  message: string;
}

export interface Migration {
  /** Oldest first, as all of these. */
  copied: string[];
  /** Were there already. */
  present: string[];
  left: LeftJob[];
}

export interface MigrateOptions {
  /** Copy nothing, but say what would be copied. */
  dryRun: boolean;
  signal: AbortSignalLike;
  /** Hears of each job that is done. */
  onJob?: (done: number, all: number) => void;
}

/**
 * Copies jobs that `to` does not have, oldest first, each whole or not at all: what is ended in the middle is begun again without harm. A job that
 * was copied while its task ran, and has ended in `from` since, gets its end. Errors: the signal's reason, those of the stores; what was copied
 * before stays.
 */
export async function migrateJobs(
  from: Place,
  to: Place,
  { dryRun, signal, onJob }: MigrateOptions,
): Promise<Migration> {
  const { jobs, problems } = await from.store.list();
  const there = await to.store.list();
  const known = new Map(there.jobs.map((job) => [job.job_id, job]));
  // Also what cannot be read there is there.
  const taken = new Set([...known.keys(), ...there.problems.map(({ job_id }) => job_id)]);
  const migration: Migration = {
    copied: [],
    present: [],
    left: problems.map(({ job_id, message }) => ({ job_id, code: 'refused', message })),
  };
  for (const [i, job] of [...jobs].reverse().entries()) {
    if (signal.aborted) throw signal.reason;
    await migrate(from, to, job, { dryRun, taken, known: known.get(job.job_id) }, migration);
    onJob?.(i + 1, jobs.length);
  }
  return migration;
}

async function migrate(
  from: Place,
  to: Place,
  job: JobRecord,
  { dryRun, taken, known }: { dryRun: boolean; taken: ReadonlySet<string>; known: JobRecord | undefined },
  { copied, present, left }: Migration,
): Promise<void> {
  const { job_id } = job;
  const held = heldBecause(job);
  if (held !== undefined) {
    left.push({ job_id, code: 'held', message: held });
    return;
  }
  const isBehind = known !== undefined && !isTerminal(known.status) && isTerminal(job.status);
  if (taken.has(job_id) && !isBehind) {
    present.push(job_id);
    return;
  }
  try {
    const stepJobs = job.kind === 'workflow' ? (await from.copies.take(job_id)).stepJobs : [];
    const open = await heldStep(from, stepJobs);
    if (open !== undefined) {
      left.push({ job_id, code: 'held', message: open });
      return;
    }
    const done =
      dryRun || (isBehind ? await addEnd(from, to, job_id) : await copyWhole(from, to, job_id, stepJobs));
    (done ? copied : present).push(job_id);
  } catch (error) {
    if (!isOfJob(error)) throw error;
    // Removed meanwhile.
    if (error.code === 'unknown_job') return;
    left.push({ job_id, code: 'refused', message: error.message });
  }
}

/** False where it is there meanwhile. */
async function copyWhole(from: Place, to: Place, id: string, stepJobs: readonly string[]): Promise<boolean> {
  const copies: JobCopy[] = [];
  for (const step of stepJobs) {
    try {
      copies.push(await from.copies.take(step));
    } catch (error) {
      // The job of a step that has gone by itself is missed by nobody.
      if (!isOfJob(error) || error.code !== 'unknown_job') throw error;
    }
  }
  return to.copies.put(await from.copies.take(id), copies);
}

/** Gives a job that was copied while it ran the end that it has come to. */
async function addEnd(from: Place, to: Place, id: string): Promise<boolean> {
  const { end } = (await from.copies.take(id)).facts;
  // Who asked last has found the job lost, and nobody has said so for good: there is nothing to add.
  if (!end) return false;
  await to.store.finish(id, end);
  return true;
}

/** Why the job of one of these steps cannot be copied now: its workflow waits for that. */
async function heldStep({ store }: Place, ids: readonly string[]): Promise<string | undefined> {
  for (const id of ids) {
    let held: string | undefined;
    try {
      held = heldBecause(await store.read(id));
    } catch (error) {
      if (!isOfJob(error) || error.code !== 'unknown_job') throw error;
    }
    if (held !== undefined) return `a step of it, ${id}: ${held}`;
  }
  return undefined;
}

/** What is wrong with one job, and keeps no other from being copied. */
function isOfJob(error: unknown): error is CliError {
  return (
    error instanceof CliError &&
    ['unknown_job', 'record_damaged', 'record_newer', 'result_too_large'].includes(error.code)
  );
}

/** Why a job cannot be copied now; undefined for one that has ended, and for a task that lives at its server whoever asks about it. */
function heldBecause({ status, holder, remote_task_id }: JobRecord): string | undefined {
  if (isTerminal(status) || (holder == null && remote_task_id !== null)) return undefined;
  if (holder == null) return `it is ${status} and waits for a worker`;
  const { pid, host, keeper } = holder;
  return `it is ${status}: ${keeper ? 'a keeper' : 'a process'} on ${host} has it (pid ${pid})`;
}

/**
 * Removes those of `ids` that have ended and that `to` has as they are in `from`. Errors: as for `JobStore.remove`, and those of reading; what
 * was told before is removed.
 */
export async function removeMigrated(
  from: Place,
  to: Place,
  ids: readonly string[],
  options: RemoveOptions,
): Promise<void> {
  for (const id of ids) {
    if (options.signal.aborted) throw options.signal.reason;
    if (await isSame(from, to, id)) await from.store.remove([id], options);
  }
}

async function isSame(one: Place, other: Place, id: string): Promise<boolean> {
  try {
    const record = await one.store.read(id);
    const same = stringifyJson(record) === stringifyJson(await other.store.read(id));
    if (!isTerminal(record.status) || !same) return false;
    const stepJobs = record.steps ? (await one.copies.take(id)).stepJobs : [];
    const there = await Promise.all(stepJobs.map((step) => isSame(one, other, step)));
    return there.every((step) => step);
  } catch (error) {
    if (isOfJob(error)) return false;
    throw error;
  }
}
