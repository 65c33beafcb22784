import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { IoError } from '../../errors.ts';
import { makePrivateDir } from '../../lib/disk/durable-file.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { KEEPER_MARK } from '../env.ts';
import { logPath, openLog } from '../log.ts';
import type { KeeperConfig } from '../protocol.ts';
import { type KeeperState, keeperAtWork, liveKeepers } from '../state.ts';
import { errorFrom, type WireError } from '../wire-error.ts';

/** How long a keeper may take until it listens, in milliseconds; it connects to its server later. */
const START_TIMEOUT_MS = 15_000;

/** How long the lock of a starter that died counts, in milliseconds. */
const STALE_LOCK_MS = 5_000;

const LOOK_MS = 15;

export interface StartOptions {
  dir: string;
  /** Absolute path of the program's own entry. */
  entry: string;
  execPath: string;
  env: Readonly<Record<string, string | undefined>>;
  keeperConfig: Omit<KeeperConfig, 'id' | 'token'>;
  /** Keepers that are no use to the caller; another one that comes up meanwhile is. */
  unusable: ReadonlySet<string>;
  sleep: (ms: number) => Promise<void>;
  signal?: AbortSignal | undefined;
}

/**
 * Starts a keeper, unless somebody else does: of any number of processes that need one at the same moment, one starts it and all use it.
 * Resolves when it listens. Error: IoError with its last words when it does not come up.
 */
export async function startKeeper(options: StartOptions): Promise<KeeperState> {
  const { dir, unusable, sleep } = options;
  makePrivateDir(dir);
  const usable = () => {
    const state = keeperAtWork(dir);
    return state && !unusable.has(state.id) ? state : undefined;
  };
  const deadline = monotonic() + 2 * START_TIMEOUT_MS;
  for (;;) {
    const running = usable();
    if (running) return running;
    const release = await tryLock(dir);
    if (release) {
      try {
        return usable() ?? (await launch(options));
      } finally {
        await release().catch(() => {});
      }
    }
    if (monotonic() > deadline)
      throw new IoError(
        `another process is starting a keeper and does not finish: ${join(dir, 'start.lock')}`,
      );
    await sleep(LOOK_MS);
  }
}

function logFor(dir: string): number {
  try {
    return openLog(dir);
  } catch (error) {
    throw new IoError(`cannot write ${logPath(dir)}: ${(error as Error).message}`, { cause: error });
  }
}

/** The lock's release, or undefined while somebody else has it. */
async function tryLock(dir: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(dir, {
      lockfilePath: join(dir, 'start.lock'),
      realpath: false,
      stale: STALE_LOCK_MS,
      // A machine that slept: two keepers would be a waste, not a fault.
      onCompromised: () => {},
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw new IoError(`cannot lock ${join(dir, 'start.lock')}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function launch({
  dir,
  entry,
  execPath,
  env,
  keeperConfig,
  signal,
}: StartOptions): Promise<KeeperState> {
  const id = randomBytes(4).toString('hex');
  const token = randomBytes(18).toString('base64url');
  const log = logFor(dir);
  const child = spawn(execPath, [entry, 'keeper', 'serve', keeperConfig.name], {
    // Not the caller's folder, which may be removed or unmounted while the keeper runs.
    cwd: keeperConfig.root,
    // A process group of its own, which a closing terminal does not signal.
    detached: true,
    stdio: ['pipe', 'pipe', log],
    env: { ...env, [KEEPER_MARK]: '1' },
    windowsHide: true,
  });
  closeSync(log);
  child.stdin?.on('error', () => {});
  child.stdin?.end(JSON.stringify({ ...keeperConfig, id, token }));
  const report = await firstLine(child, START_TIMEOUT_MS, signal);
  child.stdout?.destroy();
  child.removeAllListeners();
  child.unref();
  const state = liveKeepers(dir).find((one) => one.id === id);
  if (report === READY && state) return state;
  child.kill('SIGKILL');
  const error = errorIn(report);
  if (error) throw error;
  throw new IoError(`the keeper did not start: ${report}`, { hint: `see ${logPath(dir)}` });
}

const READY = '{"ready":true}';

/** The first line that the keeper says, or why there is none. */
function firstLine(child: ChildProcess, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => resolve('it does not answer'), timeoutMs);
    const hear = (line: string) => {
      clearTimeout(timer);
      resolve(line);
    };
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) hear(text.slice(0, text.indexOf('\n')));
    });
    child.once('error', (error) => hear(error.message));
    child.once('close', (code, why) => hear(`it ended with ${why ?? `exit code ${code}`}`));
  });
}

/** The error that a keeper could not start for. */
function errorIn(report: string): Error | undefined {
  try {
    const { error } = JSON.parse(report) as { error?: WireError };
    return error && errorFrom(error);
  } catch {
    return undefined;
  }
}
