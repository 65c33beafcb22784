/** What the parts of the store in Redis have in common: the connection, the keys, and what a job's hash means now. */
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { isHolderAlive } from '../../../lib/disk/holder.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';
import { assemble, needsHolder, settled } from '../assemble.ts';
import type { JobFacts } from '../job-files.ts';
import { checkedId, unknownJob } from '../job-id.ts';
import type { StoreConnection } from './connection.ts';
import { factsOf, type Keys, keysOf, readHash } from './layout.ts';
import type { ScriptName } from './scripts.ts';

export type Hash = Record<string, string>;

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
  async settled(id: string, facts: JobFacts): Promise<ReturnType<typeof settled>> {
    const record = assemble(facts);
    if (!needsHolder(record) || (await this.isHeld(record.holder as HolderFacts)))
      return { record, end: facts.end };
    const last = this.facts(id, await this.hash(id));
    return settled(
      last,
      () => false,
      () => last,
    );
  }

  async isHeld(holder: HolderFacts): Promise<boolean> {
    // Of a process of this machine more is known than its lease says.
    if (!isHolderAlive(holder)) return false;
    return (await this.ask((redis) => redis.exists(this.keys.lease(holder)))) === 1;
  }

  /** Takes jobs off the lists whose time is over. */
  async sweep(): Promise<void> {
    const most = 1_000;
    while ((await this.run('jobSweep', this.keys.jobs, [most])) === most);
  }
}
