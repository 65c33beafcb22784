/** The store in Redis of an instance that has one: whether it is there, and what it keeps of what it promises. */
import { STORE_KEY, type StoreAddress, storeOf } from '../config/settings/store-address.ts';
import { targetHash } from '../config/target/target-hash.ts';
import type { CallQueue, QueueState } from '../jobs/call-queue.ts';
import type { JobListing } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import { openJobStore } from '../jobs/store/job-store.ts';
import type { StoreConnection } from '../jobs/store/redis/connection.ts';
import { counted } from '../lib/text/counted.ts';
import { formatBytes } from '../lib/text/format-bytes.ts';
import { attempt, type Check, checked, failed } from './finding.ts';
import { jobCounts, jobsElsewhere } from './jobs.ts';
import { skewCheck } from './skew.ts';
import type { Machine, Subject } from './subject.ts';

const GUARANTEES = 'docs/shared-store.md says what can be lost';

/** Whether an instance's jobs are somewhere else than in its files, or were meant to be. */
export function isShared({ name, settings }: Subject, env: Machine['context']['env']): boolean {
  try {
    return settings !== undefined && storeOf(name, settings, env) !== undefined;
  } catch {
    return true;
  }
}

export interface StoreFindings {
  checks: Check[];
  /** The records that could be read: none where the store was not asked, or did not answer. */
  jobs: readonly JobRecord[];
}

/** Everything about an instance's store; nothing where its jobs are files. `offline`: it is not asked. Never throws. */
export async function checkStore(
  subject: Subject,
  machine: Machine,
  offline: boolean,
): Promise<StoreFindings> {
  const { name, settings } = subject;
  const { env, clock } = machine.context;
  if (!settings) return { checks: [], jobs: [] };
  let jobs: readonly JobRecord[] = [];
  try {
    const address = storeOf(name, settings, env);
    if (!address) return { checks: [], jobs };
    const around = [...(await checkKey(env)), ...leftInFiles(subject, machine)];
    if (offline) return { checks: [checked('store', 'ok', `${address.shown}, not asked`), ...around], jobs };
    const [{ connectStore }, { RedisJobStore }] = await Promise.all([
      import('../jobs/store/redis/connection.ts'),
      import('../jobs/store/redis/redis-store.ts'),
    ]);
    const begun = clock.monotonic();
    const connection = await connectStore(address, 0);
    const ms = Math.round(clock.monotonic() - begun);
    const store = new RedisJobStore(connection, address, name);
    try {
      const checks = [
        checked('store', 'ok', `${address.shown}, ${versionOf(connection.info)}, connected in ${ms} ms`),
        ...(await checkRights(connection, address)),
        ...(await checkPersistence(connection, address)),
        ...checkMemory(connection.info),
        ...(await attemptLater('clock', () => checkClock(connection, machine))),
        ...(await attemptLater('jobs', async () => {
          const listing = await store.list();
          jobs = listing.jobs;
          return checkSharedJobs(listing, subject);
        })),
        ...(await attemptLater('workers', () => checkWorkers(store.calls, subject))),
        ...around,
      ];
      return { checks, jobs };
    } finally {
      await store.close();
    }
  } catch (error) {
    return { checks: [failed('store', error)], jobs };
  }
}

async function attemptLater(check: string, work: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await work();
  } catch (error) {
    return [failed(check, error)];
  }
}

async function checkKey(env: Machine['context']['env']): Promise<Check[]> {
  const { storeKey } = await import('../jobs/store/redis/sealed-call.ts');
  return attempt('store key', () => [
    storeKey(env[STORE_KEY])
      ? checked(
          'store key',
          'ok',
          `${STORE_KEY} is set: calls and answers wait sealed for whoever takes them`,
        )
      : checked('store key', 'ok', `no ${STORE_KEY}: calls with secrets are not handed to workers`),
  ]);
}

/** Jobs from before there was a store: nobody sees them any more. */
function leftInFiles({ name }: Subject, { paths, context }: Machine): Check[] {
  return attempt('jobs', () => {
    const dir = paths.jobsDir(name);
    const { jobs } = openJobStore({ dir, instance: name, clock: context.clock }).list();
    if (jobs.length === 0) return [];
    return [
      checked('jobs', 'warning', `${counted(jobs.length, 'job')} in files, which are not looked at`, {
        hint: `copy them to the store: mcp2cli ${name} jobs migrate`,
        path: dir,
      }),
    ];
  });
}

function versionOf(info: ReadonlyMap<string, string>): string {
  const valkey = info.get('valkey_version');
  return valkey ? `Valkey ${valkey}` : `Redis ${info.get('redis_version') ?? '(no version told)'}`;
}

/** What the store's user may not do, and has to. One that may do all but what workers need is right for machines that only submit. */
async function checkRights(connection: StoreConnection, address: StoreAddress): Promise<Check[]> {
  const { inOneLine, neededRights, refusalsOf, userOf, workersRefusalsOf } = await import(
    '../jobs/store/redis/demands/rights.ts'
  );
  const who = userOf(address);
  const hint = `ACL SETUSER ${address.username ?? 'default'} ${neededRights(address.prefix)}`;
  const refused = await refusalsOf(connection, address);
  if (refused.length > 0) {
    const reasons = [...new Set(refused.map(({ what, why }) => `${what}: ${why}`))];
    const message = `${who} may not do all that is needed: ${reasons.join('; ')}`;
    return [checked('store rights', 'problem', message, { hint })];
  }
  const toWorkers = await workersRefusalsOf(connection, address);
  const may = `${who} may do what is needed`;
  if (toWorkers.length === 0) return [checked('store rights', 'ok', may)];
  const message = `mcp2cli worker would not begin with ${who}: ${inOneLine(toWorkers)}`;
  return [
    checked('store rights', 'ok', `${may}, but for mcp2cli worker`),
    checked('store rights', 'warning', message, { hint }),
  ];
}

/** What a crash, a loss of power or a failover may take of what was acknowledged. */
async function checkPersistence(
  { redis, info }: StoreConnection,
  { waitAof }: StoreAddress,
): Promise<Check[]> {
  const check = (status: Check['status'], message: string, hint = GUARANTEES) =>
    checked('store persistence', status, message, { hint });
  const wrong = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
    (field) => (info.get(field) ?? 'ok') !== 'ok',
  );
  if (wrong.length > 0)
    return [check('problem', `it cannot write to its disk (${wrong.join(', ')})`, 'see its log')];
  if (info.get('role') === 'slave')
    return [check('problem', 'it is a replica: it takes no writes', 'give the address of the primary')];
  const replicas = Number(info.get('connected_slaves') ?? 0);
  const failover =
    replicas > 0
      ? [
          check(
            'warning',
            `${counted(replicas, 'replica')}: a failover may forget what had not reached them yet`,
          ),
        ]
      : [];
  // Most users may not ask for its configuration.
  const set = await settingsOf(redis);
  const kept = waitAof
    ? checked('store persistence', 'ok', `store.waitAof: what it acknowledged is on its disk${waited(set)}`)
    : persistence(info.get('aof_enabled') === '1', set, check);
  return [kept, ...failover];
}

/** With an append-only file that is never synced there is nothing to wait for. */
function waited(set: Settings | undefined): string {
  return set === undefined ? '' : ` (appendfsync ${set.appendfsync})`;
}

type Settings = { appendfsync: string | undefined; save: string | undefined };

async function settingsOf(redis: StoreConnection['redis']): Promise<Settings | undefined> {
  try {
    const asked = async (name: string) => ((await redis.config('GET', name)) as string[])[1];
    return { appendfsync: await asked('appendfsync'), save: await asked('save') };
  } catch {
    return undefined;
  }
}

function persistence(
  hasAof: boolean,
  set: Settings | undefined,
  check: (status: Check['status'], message: string, hint?: string) => Check,
): Check {
  if (hasAof) {
    switch (set?.appendfsync) {
      case 'always':
        return checked('store persistence', 'ok', 'appendfsync always: what it acknowledged is on its disk');
      case undefined:
        return check(
          'ok',
          'an append-only file; whether each write is on its disk (appendfsync) is not told',
        );
      default:
        return check(
          'warning',
          `appendfsync ${set?.appendfsync}: a loss of power may take the last second, and a call be sent twice for it`,
          `appendfsync always keeps that; ${GUARANTEES}`,
        );
    }
  }
  if (set?.save === '')
    return check(
      'problem',
      'nothing is written to its disk: all jobs are gone when it ends',
      'appendonly yes',
    );
  return check(
    'warning',
    'no append-only file: what came after the last snapshot is gone when it is killed',
    `appendonly yes; ${GUARANTEES}`,
  );
}

/** An eviction policy was refused with the connection. */
function checkMemory(info: ReadonlyMap<string, string>): Check[] {
  const used = Number(info.get('used_memory') ?? 0);
  const most = Number(info.get('maxmemory') ?? 0);
  if (most === 0) return [checked('store memory', 'ok', `${formatBytes(used)} used, no limit set`)];
  const message = `${formatBytes(used)} of ${formatBytes(most)} used`;
  if (used < most * 0.8) return [checked('store memory', 'ok', message)];
  return [
    checked('store memory', 'warning', `${message}: when it is full no job can be made`, {
      hint: 'jobs prune, a shorter ttl, or a larger maxmemory',
    }),
  ];
}

async function checkClock({ redis, ask }: StoreConnection, { context }: Machine): Promise<Check[]> {
  const before = context.clock.now().getTime();
  const [seconds, micros] = await ask(() => redis.time());
  const here = (before + context.clock.now().getTime()) / 2;
  return [skewCheck(Number(seconds) * 1_000 + Number(micros) / 1_000 - here, 'store')];
}

function checkSharedJobs({ jobs, problems }: JobListing, { name, identity }: Subject): Check[] {
  return [
    checked('jobs', 'ok', `${jobCounts(jobs)}, in the store`),
    ...problems.map(({ code, message, path }) =>
      checked('jobs', code === 'newer' ? 'warning' : 'problem', message, {
        path,
        hint: code === 'newer' ? 'use the version of mcp2cli that wrote it' : 'it is left as it is',
      }),
    ),
    ...jobsElsewhere(jobs, name, identity && targetHash(identity)),
  ];
}

/** Those who make the calls that wait; nothing where there are none of either. */
async function checkWorkers(calls: CallQueue, { name, identity }: Subject): Promise<Check[]> {
  const target = identity && targetHash(identity);
  const used = (await calls.state()).filter((one) => one.workers.length + one.waiting + one.running > 0);
  return used.map((one) => {
    const status = one.waiting > 0 && one.workers.length === 0 ? 'warning' : 'ok';
    const own = one.target === target;
    const message = own ? queueText(one) : `of another server (target ${one.target}): ${queueText(one)}`;
    const hint = own
      ? `nobody makes them: mcp2cli worker ${name}`
      : `nobody makes them: a worker is needed whose ${name} leads to that server`;
    return checked('workers', status, message, status === 'ok' ? {} : { hint });
  });
}

function queueText({ workers, waiting, running, oldest }: QueueState): string {
  const since = oldest === null ? '' : ` since ${oldest}`;
  const waits = waiting === 0 ? 'no call waits' : `${counted(waiting, 'call')} waiting${since}`;
  const alive = workers.length === 0 ? 'no worker lives' : `${counted(workers.length, 'worker')} alive`;
  return `${alive}, ${running} under way, ${waits}`;
}
