/**
 * Jobs in Redis, for any number of machines: what a script of scripts/ has written is written once, and Redis' clock says when a job was made.
 * layout.ts has the keys. What this keeps open ends with `close`.
 */
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { CliError, UsageError } from '../../../errors.ts';
import { cutText } from '../../../lib/caps.ts';
import type { AbortSignalLike } from '../../../lib/clock.ts';
import { isHolderAlive, isSurely } from '../../../lib/disk/holder.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import type { NewQueuedJob } from '../../call-queue.ts';
import type { JobFilter, JobListing, JobStore, RemoveOptions } from '../../ports.ts';
import {
  type CallRecord,
  type JobEnd,
  type JobRecord,
  type LogEntry,
  type NewJob,
  type Observation,
  SCHEMA_VERSION,
  type StepFact,
  type TaskFact,
  type WorkflowPlan,
} from '../../record.ts';
import { checkResumable, stepsOf } from '../../workflow/steps.ts';
import { assemble } from '../assemble.ts';
import { capped, observedFields } from '../capped.ts';
import { BASE32, checkedId, isJobName, randomDigits, resolveName } from '../job-id.ts';
import { Access, type Hash, hashOf } from './access.ts';
import type { StoreConnection } from './connection.ts';
import { HolderLease } from './holder-lease.ts';
import { jsonText, logLine, newJobText, readLogLine, seenFields } from './layout.ts';
import { listJobs } from './list-jobs.ts';
import { QueuedCalls } from './queued-calls.ts';
import { RedisAnswers } from './redis-answers.ts';
import { RedisDefinitions } from './redis-definitions.ts';
import { bytesOf, removeJobs } from './remove-jobs.ts';
import { resultOf, tooLarge, writeParts } from './results.ts';
import { Subscriptions } from './subscriptions.ts';
import { notBegun } from './unworked-ends.ts';

/** The most calls of a run that are kept. */
const CALLS = 10_000;

export class RedisJobStore implements JobStore {
  readonly #access: Access;
  readonly #connection: StoreConnection;
  readonly #lease: HolderLease;
  readonly #subscriptions: Subscriptions;

  readonly calls: QueuedCalls;
  readonly definitions: RedisDefinitions;
  readonly answers: RedisAnswers;

  /** `instance`: its name here, which records have. */
  constructor(connection: StoreConnection, address: StoreAddress, instance: string) {
    this.#connection = connection;
    this.#access = new Access(connection, address, instance);
    this.#lease = new HolderLease(connection.redis, this.#access.keys.lease);
    this.#subscriptions = new Subscriptions(() => connection.another(), this.#access.keys.changes);
    this.definitions = new RedisDefinitions(this.#access);
    this.answers = new RedisAnswers(this.#access);
    this.calls = new QueuedCalls(
      this.#access,
      connection,
      (job) => this.#submit(job),
      (id, target, call) => this.#reopen(id, null, [target, call]),
      (id, hash) => this.#recordOf(id, hash, assemble(this.#access.facts(id, hash))),
    );
  }

  async create(job: NewJob): Promise<JobRecord> {
    const { keys } = this.#access;
    const plan = job.plan ? jsonText(job.plan) : '';
    const lease = this.#lease.of(job.holder);
    const args = [newJobText(job), randomDigits(), BASE32, ...lease, keys.changes, SCHEMA_VERSION, plan, ''];
    const [id] = (await this.#access.run('jobCreate', keys.jobs, args)) as [string];
    this.#lease.hold(id, job.holder);
    const { steps: _, ...created } = await this.read(id);
    return created;
  }

  async #submit(job: NewQueuedJob): Promise<{ job: JobRecord; alive: number }> {
    const { keys } = this.#access;
    const plan = job.plan ? jsonText(job.plan) : '';
    const record = newJobText({ ...job, holder: null });
    const { step } = job;
    const queued = [job.target, job.call, job.attempts];
    if (step) queued.push(step.id, step.workflow, step.round, step.token);
    const args = [record, randomDigits(), BASE32, '', 0, keys.changes, SCHEMA_VERSION, plan, ...queued];
    const said = await this.#access.run('jobCreate', keys.jobs, args);
    const [id, created, alive] = said as [string, string, number];
    if (id === '') throw superseded(step?.workflow ?? '');
    // As it was published: a worker may be at its end by now.
    const published = assemble(this.#access.facts(id, { v: String(SCHEMA_VERSION), job: record, created }));
    return { job: { ...published, instance: this.#access.instance }, alive };
  }

  async accept(id: string, fact: TaskFact): Promise<void> {
    const lease = fact.holder ? this.#lease.of(fact.holder) : ['', 0];
    const said = await this.#access.change('jobAccept', id, [
      jsonText(capped(fact)),
      jsonText(fact.remote_task_id),
      ...lease,
    ]);
    if (said === 'other') throw new CliError('internal', 70, `${id} has another remote task already`);
    if (fact.holder) this.#lease.hold(id, fact.holder);
    else await this.#lease.letGo(id);
  }

  async observe(id: string, seen: Observation): Promise<void> {
    const fields = seenFields(observedFields(seen));
    await this.#access.change('jobObserve', id, [seen.status ? 1 : 0, ...fields]);
  }

  async requestCancel(id: string): Promise<void> {
    await this.#access.change('jobCancel', id, [notBegun(), this.#access.staysMs]);
  }

  async cancelRequested(id: string): Promise<boolean> {
    const job = this.#access.job(id);
    return (await this.#access.ask((redis) => redis.hexists(job, 'cancel'))) === 1;
  }

  async hasEnded(id: string): Promise<boolean> {
    const key = this.#access.job(id);
    const [job, end] = await this.#access.ask((redis) => redis.hmget(key, 'v', 'end'));
    return job == null || end != null;
  }

  async log(id: string, text: string): Promise<void> {
    // Nothing depends on it.
    await this.#access.change('jobLog', id, logLine(text)).catch(() => {});
  }

  async readLog(id: string): Promise<LogEntry[]> {
    const key = this.#access.keys.log(checkedId(id));
    const lines = await this.#access.ask((redis) => redis.lrange(key, 0, -1));
    return lines.map(readLogLine);
  }

  async addCall(id: string, call: CallRecord): Promise<void> {
    const error = call.error && { code: call.error.code, message: cutText(call.error.message) };
    const told = jsonText({ ...call, ...(error ? { error } : {}) });
    // As for the log.
    await this.#access.change('jobCall', id, [call.id, told, CALLS]).catch(() => {});
  }

  async finish(id: string, end: JobEnd, round?: number, line?: string): Promise<JobRecord> {
    const { result, ...rest } = capped(end);
    const text = result === undefined ? undefined : jsonText(result);
    const limit = this.#access.address.resultBytes;
    const bytes = text === undefined ? 0 : Buffer.byteLength(text);
    const isKept = bytes <= limit;
    const published = isKept ? rest : tooLarge(rest, bytes, limit);
    const hash = await this.#publishEnd(id, published, isKept ? text : undefined, round, line);
    if (!hash) return this.read(id);
    // A result of megabytes is not asked for again.
    const record = assemble(this.#access.facts(id, hash));
    if (isKept && text !== undefined) record.result = result;
    return this.#recordOf(id, hash, record);
  }

  async readPlan(id: string): Promise<WorkflowPlan | undefined> {
    const plan = (await this.#access.hash(id))['plan'];
    return plan === undefined ? undefined : (parseJson(plan) as WorkflowPlan);
  }

  async keepPlan(id: string, round: number, plan: WorkflowPlan): Promise<void> {
    await this.#inRound('jobPlan', id, round, plan);
  }

  async addStep(id: string, round: number, fact: StepFact): Promise<void> {
    const told = fact.error ? { ...fact, ...capped({ error: fact.error }) } : fact;
    await this.#inRound('jobStep', id, round, told);
  }

  async #inRound(script: 'jobPlan' | 'jobStep', id: string, round: number, value: object): Promise<void> {
    if ((await this.#access.change(script, id, [round, jsonText(value)])) === 'superseded')
      throw superseded(id);
  }

  resume(id: string, holder: HolderFacts): Promise<JobRecord> {
    return this.#reopen(id, holder, []);
  }

  /** `queued`: the target and the call of a workflow for workers, which nobody holds yet. */
  async #reopen(id: string, holder: HolderFacts | null, queued: readonly string[]): Promise<JobRecord> {
    const facts = this.#access.facts(id, await this.#access.hash(id));
    const { record, end } = await this.#access.settled(id, facts);
    checkResumable(record, await this.readPlan(id));
    const gone = end === undefined && record.holder ? this.#access.keys.lease(record.holder) : '';
    // Of a process of this machine more is known than its lease says.
    if (record.holder && !isHolderAlive(record.holder)) await this.#access.ask((redis) => redis.del(gone));
    const said = await this.#access.change('jobResume', id, [
      record.resumed ?? 0,
      jsonText(holder),
      ...(holder ? this.#lease.of(holder) : ['', 0]),
      gone,
      jsonText(randomDigits()),
      ...queued,
    ]);
    if (said === 'busy')
      throw new UsageError(`${id} is being resumed by another process`, {
        code: 'being_resumed',
        hint: `wait for it with: jobs wait ${id}`,
      });
    if (holder) this.#lease.hold(id, holder);
    return this.read(id);
  }

  async read(id: string): Promise<JobRecord> {
    const access = this.#access;
    const first = await access.hash(id);
    const { record, end, again: hash = first } = await access.settled(id, access.facts(id, first));
    if (end !== undefined) {
      const partsOf = (name: string) => access.keys.parts(id, name);
      const found = await access.ask((redis) => resultOf(redis, partsOf, hash));
      if (found) record.result = found.result;
    }
    return this.#recordOf(id, hash, record);
  }

  /** A record with what its hash says of steps and calls, which are beside it. */
  async #recordOf(id: string, hash: Hash, record: JobRecord): Promise<JobRecord> {
    const access = this.#access;
    record.instance = access.instance;
    if (hash['end'] !== undefined) this.#subscriptions.forget(id);
    if (hash['plan'] !== undefined) {
      const steps = await access.ask((redis) => redis.lrange(access.keys.steps(id), 0, -1));
      const facts = steps.map((step) => parseJson(step) as StepFact);
      record.steps = stepsOf(parseJson(hash['plan']) as WorkflowPlan, facts, record.status);
    }
    if (hash['calls'] !== undefined) {
      const calls = await access.ask((redis) => redis.hvals(access.keys.calls(id)));
      record.calls = calls.map((one) => parseJson(one) as CallRecord).sort((a, b) => a.id - b.id);
    }
    return record;
  }

  list(filter: JobFilter = {}): Promise<JobListing> {
    return listJobs(this.#access, filter);
  }

  async resolve(idOrPrefix: string): Promise<string> {
    const access = this.#access;
    const id = idOrPrefix.toLowerCase();
    if (isJobName(id) && (await access.ask((redis) => redis.hexists(access.job(id), 'v'))) === 1) return id;
    await access.sweep();
    const names = await access.ask((redis) => redis.zrange(access.keys.ids, 0, -1));
    return resolveName(idOrPrefix, names, access.instance);
  }

  async latest(): Promise<string | undefined> {
    await this.#access.sweep();
    return (await this.#access.ask((redis) => redis.zrevrange(this.#access.keys.ids, 0, 0)))[0];
  }

  async isProvedHeld({ holder }: JobRecord): Promise<boolean> {
    if (holder == null) return false;
    const lease = this.#access.keys.lease(holder);
    return isSurely(holder) || (await this.#access.ask((redis) => redis.exists(lease))) === 1;
  }

  remove(ids: readonly string[], options: RemoveOptions): Promise<void> {
    return removeJobs(this.#access, ids, options);
  }

  async removableBytes(ids: readonly string[]): Promise<number> {
    let sum = 0;
    for (const id of ids) sum += await bytesOf(this.#access, id);
    return sum;
  }

  changes(id: string): (signal: AbortSignalLike) => Promise<void> {
    const changed = this.#subscriptions.to(checkedId(id));
    return (signal) => changed(signal as AbortSignal);
  }

  async close(): Promise<void> {
    await this.#lease.close();
    this.#subscriptions.close();
    this.calls.close();
    await this.#connection.close();
  }

  /** Returns the job's hash, without its result, where this end is the one that counts. */
  async #publishEnd(
    id: string,
    end: JobEnd,
    text: string | undefined,
    round: number | undefined,
    line: string | undefined,
  ): Promise<Hash | undefined> {
    const access = this.#access;
    const partsOf = (name: string) => access.keys.parts(checkedId(id), name);
    const parts = await access.ask((redis) => writeParts(redis, partsOf, text));
    const kind = text === undefined ? 'none' : parts ? 'parts' : 'inline';
    const log = line === undefined ? [''] : logLine(line);
    const args = [
      jsonText(end),
      parts ? jsonText(parts.name) : (text ?? ''),
      kind,
      access.staysMs,
      round ?? '',
    ];
    const said = await access.change('jobFinish', id, [...args, ...log]);
    const [what, hash] = said as ['won' | 'kept' | 'late' | 'earlier', string[]?];
    // Where it fails, parts that no end names are gone within the hour.
    if ((what === 'late' || what === 'earlier') && parts) await access.redis.del(parts.key).catch(() => {});
    // Whoever goes on with it since may be this process, too.
    if (what !== 'earlier') await this.#lease.letGo(id);
    return hash && hashOf(hash);
  }
}

function superseded(id: string): UsageError {
  return new UsageError(`${id} was resumed by another process`, { code: 'superseded' });
}
