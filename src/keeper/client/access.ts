import { storeOf } from '../../config/settings/store-address.ts';
import { HANDED_ON } from '../../config/target/server-environment.ts';
import { KeeperAbsentError } from '../../errors.ts';
import type { JobRecord } from '../../jobs/record.ts';
import { isSurely } from '../../lib/disk/holder.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { sha256 } from '../../lib/sha256.ts';
import { presentKeepers } from '../presence.ts';
import type { KeeperConfig } from '../protocol.ts';
import { type KeeperState, keeperAtWork, liveKeepers, removeState } from '../state.ts';
import { KeeperClient, NobodyListensError } from './client.ts';
import type { StartOptions } from './start.ts';

export interface KeeperAccess extends Omit<StartOptions, 'unusable' | 'keeperConfig'> {
  keeperConfig: Omit<KeeperConfig, 'id' | 'token' | 'fingerprint'>;
  /** The target with its variables filled in. Error: UsageError. */
  target: () => unknown;
  log: (line: string) => void;
}

/** How long a keeper whose socket is gone gets to put it back, in milliseconds; it looks for that every two seconds. */
const BACK_MS = 5_000;
const BACK_LOOK_MS = 50;

/**
 * The instance's keeper, for work. One of another program version or of a changed configuration is told to end with its last job when
 * `start` asks for one in its place, and is otherwise left alone. Undefined when there is none and `start` is false. Errors: IoError when
 * it does not start, UnreachableError when it does not answer, UsageError for variables that are not set.
 */
export async function useKeeper(access: KeeperAccess, start: boolean): Promise<KeeperClient | undefined> {
  const unusable = new Set<string>();
  const fingerprint = fingerprintOf(access);
  for (;;) {
    const there = keeperAtWork(access.dir);
    const state =
      there && !unusable.has(there.id)
        ? there
        : start
          ? await (await import('./start.ts')).startKeeper({
              ...access,
              keeperConfig: { ...access.keeperConfig, fingerprint },
              unusable,
            })
          : undefined;
    if (!state) return undefined;
    try {
      const { client, stale } = await connectTo(state, access, fingerprint);
      if (stale === null) return client;
      access.log(`the keeper (process ${state.holder.pid}) is of no use: ${stale}`);
      unusable.add(state.id);
      if (start && stale !== 'retiring') await client.retire();
      client.close();
      if (!start) return undefined;
    } catch (error) {
      access.signal?.throwIfAborted();
      if (error instanceof NobodyListensError) {
        access.log(error.message);
        unusable.add(state.id);
        // Whatever has its pid now is no keeper. One that is there all the same can still be found, and stopped.
        if (!isSurely(state.holder)) removeState(access.dir, state);
        continue;
      }
      // It may have ended in this moment; one that is still there and does not answer is another matter.
      const gone = !liveKeepers(access.dir).some((one) => one.id === state.id);
      if (!gone) throw error;
      access.log((error as Error).message);
      unusable.add(state.id);
    }
  }
}

/**
 * A keeper that is there, and has lost its socket to whoever tidies up temporary files, has it again in a moment; one that is ending is gone in a
 * moment.
 */
async function connectTo(
  state: KeeperState,
  { signal, sleep }: Pick<KeeperAccess, 'signal' | 'sleep'>,
  fingerprint?: string,
) {
  const until = monotonic() + BACK_MS;
  for (;;) {
    try {
      return await KeeperClient.connect(state, {
        signal,
        ...(fingerprint === undefined ? {} : { fingerprint }),
      });
    } catch (error) {
      const back = error instanceof NobodyListensError && isSurely(state.holder);
      if (!back || monotonic() > until) throw error;
      await sleep(BACK_LOOK_MS);
    }
  }
}

/** The keeper that holds a job. Error: KeeperAbsentError when it cannot be found: its job is then lost, just about to be recorded, or another machine's. */
export async function keeperOf(
  { dir, ...patience }: Pick<KeeperAccess, 'dir' | 'signal' | 'sleep'>,
  job: JobRecord,
): Promise<KeeperClient> {
  const absent = () =>
    new KeeperAbsentError(`the keeper that holds ${job.job_id} is ending or cannot be found`);
  const { holder } = job;
  const state = (await presentKeepers(dir)).find(
    (one) => one.holder.pid === holder?.pid && one.holder.started === holder.started,
  );
  if (!state) throw absent();
  try {
    return (await connectTo(state, patience)).client;
  } catch (error) {
    throw error instanceof NobodyListensError ? absent() : error;
  }
}

/** What a stdio server gets of the caller's environment without being named, but for the kind of terminal. */
const SURROUNDINGS = HANDED_ON.filter((name) => name !== 'TERM');

/** What says how a server over HTTP is reached. */
const ROUTING = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']
  .flatMap((name) => [name, name.toUpperCase()])
  .concat('NODE_EXTRA_CA_CERTS');

/** What must be the same for a keeper to do as well as a connection of one's own. Values and all; it never touches a disk. */
export function fingerprintOf({
  keeperConfig,
  target,
  env,
}: Pick<KeeperAccess, 'keeperConfig' | 'target' | 'env'>): string {
  const { identity, cwd } = keeperConfig;
  // How long connecting may take matters for the first command only.
  const settings = { ...keeperConfig.settings, connectTimeoutMs: null };
  const stdio = identity.kind === 'stdio';
  const folder = stdio && identity.cwd === undefined ? cwd : null;
  const surroundings = (stdio ? SURROUNDINGS : ROUTING).map((name) => env[name] ?? null);
  // Its jobs must be found by whoever asks it for them.
  const store = storeOf(keeperConfig.name, settings, env) ?? null;
  return sha256(JSON.stringify([target(), settings, folder, surroundings, store]));
}
