/** What the parts of the store in Redis have in common: the connection, the keys, and what a job's hash means now. */
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { isProvedGone } from '../../../lib/disk/holder.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';
import { randomId } from '../../../lib/random-id.ts';
import type { Claim } from '../../call-queue.ts';
import type { JobRecord } from '../../record.ts';
import { assemble, needsHolder, settled } from '../assemble.ts';
import type { JobFacts } from '../job-files.ts';
import { checkedId, unknownJob } from '../job-id.ts';
import type { StoreConnection } from './connection.ts';
import { factsOf, type Keys, keysOf, readHash } from './layout.ts';
import type { ScriptName } from './scripts/all.ts';
import { notBegun, workerGone } from './unworked-ends.ts';

export type Hash = Record<string, string>;

/** What a job's facts come to. `again`: its hash where that had to be read once more, which is the one that counts. */
export type Settled = ReturnType<typeof settled> & { again?: Hash };

/** A hash as scripts return it, names and values in turn. */
export function hashOf(texts: readonly string[]): Hash {
  const hash: Hash = {};
  for (let i = 0; i < texts.length; i += 2) hash[texts[i] as string] = texts[i + 1] as string;
  return hash;
}

export class Access {
  readonly redis: StoreConnection['redis'];
  readonly address: StoreAddress;
  /** The instance's name here, which records have. */
  readonly instance: string;
  readonly keys: Keys;
  readonly #connection: StoreConnection;

  constructor(connection: StoreConnection, address: StoreAddress, instance: string) {
    this.#connection = connection;
    this.redis = connection.redis;
    this.address = address;
    this.instance = instance;
    this.keys = keysOf(address);
  }

  /** Milliseconds that an ended job stays; 0: for good. */
  get staysMs(): number {
    return Math.floor(this.address.ttlMs ?? 0);
  }

  /** The key of a job. Error: UsageError for what is no id. */
  job(id: string): string {
    return this.keys.job(checkedId(id));
  }

  run(name: ScriptName, job: string, args: readonly (string | number)[]): Promise<unknown> {
    const { ids, glance, ends } = this.keys;
    return this.#connection.run(name, [ids, glance, ends, job], args);
  }

  /** A script about one job. Error: UsageError for a job that is not there. */
  async change(name: ScriptName, id: string, args: readonly (string | number)[]): Promise<unknown> {
    const said = await this.run(name, this.job(id), [id, `${this.keys.changes}${id}`, ...args]);
    if (said === 'missing') throw unknownJob(id, this.instance);
    return said;
  }

  ask<T>(work: (redis: StoreConnection['redis']) => Promise<T>): Promise<T> {
    return this.#connection.ask(() => work(this.redis));
  }

  async hash(id: string): Promise<Hash> {
    const hash = await this.ask((redis) => redis.hgetall(this.job(id)));
    if (Object.keys(hash).length === 0) throw unknownJob(id, this.instance);
    return hash;
  }

  facts(id: string, { result: _, plan: __, ...hash }: Hash): JobFacts {
    const path = this.keys.job(id);
    return factsOf(path, id, readHash(path, hash));
  }

  /** What facts say once the holder's lease was looked for; a holder that is gone may have written something just before it went. */
  async settled(id: string, facts: JobFacts): Promise<Settled> {
    const record = assemble(facts);
    const { holder } = record;
    if (!needsHolder(record) || !holder || (await this.isHeld(holder))) return { record, end: facts.end };
    if (holder.worker !== undefined) return this.#workerGone(id, record);
    const again = await this.hash(id);
    const last = this.facts(id, again);
    const now = settled(
      last,
      () => false,
      () => last,
    );
    return { ...now, again };
  }

  /**
   * Claims a job: for a worker, with its token, its facts as JSON and the milliseconds of its lease, or ('') for a reader, who begins nothing. `gone`:
   * when the lease of the worker ended that had the job, milliseconds since 1970; `hash`: that of a job which the worker has now.
   */
  async claim(
    id: string,
    claimant: readonly (string | number)[],
    lease: string,
  ): Promise<Pick<Claim, 'decision' | 'attempt'> & { gone: number | undefined; hash: Hash }> {
    const ends = [workerGone(), notBegun(), this.staysMs];
    const channel = `${this.keys.changes}${id}`;
    const said = await this.run('jobClaim', this.job(id), [id, channel, ...claimant, ...ends, lease]);
    const [decision, attempt, ended, hash = []] = said as [Claim['decision'], number, string, string[]?];
    return { decision, attempt, gone: ended === '' ? undefined : Number(ended), hash: hashOf(hash) };
  }

  /** Other workers take its job over. Where there are none, and have been none for a while, the job is lost, which is written. */
  async #workerGone(id: string, record: JobRecord): Promise<Settled> {
    const { decision, gone } = await this.claim(id, ['', randomId(), 'null', 0], '');
    if (decision !== 'wait') {
      const again = await this.hash(id);
      const last = this.facts(id, again);
      return { record: assemble(last), end: last.end, again };
    }
    if (gone === undefined) return { record, end: undefined };
    const message = `its worker is gone (process ${record.holder?.pid} on ${record.holder?.host})`;
    return {
      record: { ...record, trouble: { since: new Date(gone).toISOString(), message } },
      end: undefined,
    };
  }

  async isHeld(holder: HolderFacts): Promise<boolean> {
    // Of a process of this machine more is known than its lease says. Nothing else is: machines may have the same name.
    if (isProvedGone(holder)) return false;
    return (await this.ask((redis) => redis.exists(this.keys.lease(holder)))) === 1;
  }

  /** Takes jobs off the lists whose time is over. */
  async sweep(): Promise<void> {
    const most = 1_000;
    while ((await this.run('jobSweep', this.keys.jobs, [most])) === most);
  }
}
