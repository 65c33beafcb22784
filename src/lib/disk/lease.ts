/**
 * A sign of life that the kernel keeps: a socket in a job's folder on which the job's holder listens. Connecting to it succeeds as long as the
 * process lives, paused, hung or swamped as it may be, from any container and whatever its pid means there, and is refused from the moment
 * it ends, however it ends. No clock is involved, so that nothing has to be refreshed, and no suspended machine or paused container is taken
 * for a dead one. (A heartbeat would need a limit, and a paused holder may always have been paused for longer.)
 *
 * It proves something only within one kernel, on a disk of that kernel's own: see `isOwnDisk`. Elsewhere nothing is concluded.
 */
import { closeSync, existsSync, linkSync, openSync, rmSync, statfsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { monotonic } from '../monotonic.ts';

/** The socket's name in a job's folder. */
export const LEASE_FILE = 'holder.sock';

/** The longest path that a socket can have (Linux: 108 bytes with the final zero). */
const MAX_SOCKET_PATH = 107;

/** How long an answer counts while somebody waits, in milliseconds: asking starts a process. */
const ASKED_AGAIN_MS = 2_000;

/** How long the system may take to answer, in milliseconds. */
const ASK_TIMEOUT_MS = 10_000;

/**
 * File systems of Linux that one kernel alone has mounted (statfs(2)): ext2 to ext4, XFS, Btrfs, F2FS, ZFS, bcachefs, tmpfs, overlayfs. On
 * any other, FUSE and network file systems above all, a process of another kernel may be at work, and a socket's name may lead to nobody.
 */
const OWN_DISKS = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x794c7630,
]);

/** A socket of this process, and the names that it has: one in the folder of each job. */
interface Own {
  server: Server;
  names: Set<string>;
  /** The folder that it was made in, where its path is too long for a socket. */
  fd: number | undefined;
}

let own: Own | undefined;

/**
 * Leaves this process's sign of life in the folder of a job that it holds. Best effort: without it a holder in another container counts as
 * alive.
 */
export function leaveLease(folder: string): void {
  if (process.platform !== 'linux') return;
  try {
    const path = join(folder, LEASE_FILE);
    rmSync(path, { force: true });
    if (own && linked(own.names, path)) return void own.names.add(path);
    own = listen(path) ?? own;
  } catch {
    // A disk that cannot be written.
  }
}

/** The job has ended, or is not held any more. */
export function dropLease(folder: string): void {
  if (process.platform !== 'linux') return;
  const path = join(folder, LEASE_FILE);
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
  // In a folder that is not where it was the name may live on, and stand for this process.
  if (!own?.names.has(path) || !existsSync(folder)) return;
  own.names.delete(path);
  if (own.names.size > 0) return;
  own.server.close();
  if (own.fd !== undefined) closeSync(own.fd);
  own = undefined;
}

/** Gives a socket another name, if any that it has can be found. */
function linked(names: ReadonlySet<string>, path: string): boolean {
  for (const name of names)
    try {
      linkSync(name, path);
      return true;
    } catch {
      // Pruned with its job, or on another disk.
    }
  return false;
}

/** Listens for as long as this process lives, without keeping it alive. Undefined where that cannot be done. */
function listen(path: string): Own | undefined {
  const { createServer } = createRequire(import.meta.url)('node:net') as typeof import('node:net');
  const server = createServer((socket) => socket.destroy());
  // Told after `listen` has returned; whether it listens is known by then.
  server.on('error', () => {});
  const long = Buffer.byteLength(path) > MAX_SOCKET_PATH;
  const fd = long ? openSync(dirname(path), 'r') : undefined;
  server.listen(fd === undefined ? path : `/proc/self/fd/${fd}/${LEASE_FILE}`);
  server.unref();
  if (server.listening) return { server, names: new Set([path]), fd };
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** What has become of the process that left a lease. `unknown`: there is none, or it proves nothing here. */
export type LeaseState = 'held' | 'free' | 'unknown';

const answers = new Map<string, { at: number; state: LeaseState }>();

/** Asks the kernel whether somebody listens on the lease in a job's folder. Starts a process: for holders that cannot be looked at otherwise. */
export function leaseOf(folder: string): LeaseState {
  const path = join(folder, LEASE_FILE);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isSocket() || !isOwnDisk(folder)) return 'unknown';
  // All jobs of one process have one socket.
  const key = `${found.dev}:${found.ino}`;
  const before = answers.get(key);
  if (before && (before.state === 'free' || monotonic() - before.at < ASKED_AGAIN_MS)) return before.state;
  const state = ask(folder);
  answers.set(key, { at: monotonic(), state });
  return state;
}

/** Connects, as nothing in Node can without waiting: the folder is gone into by its descriptor, since its path may be too long. */
const ASK = `const [folder, name] = process.argv.slice(1);
const fd = require('fs').openSync(folder, 'r');
const socket = require('net').connect('/proc/self/fd/' + fd + '/' + name);
socket.on('connect', () => process.exit(0));
socket.on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 10 : 11));`;

const REFUSED = 10;

function ask(folder: string): LeaseState {
  const { spawnSync } = createRequire(import.meta.url)(
    'node:child_process',
  ) as typeof import('node:child_process');
  const { status } = spawnSync(process.execPath, ['-e', ASK, folder, LEASE_FILE], {
    env: {},
    stdio: 'ignore',
    timeout: ASK_TIMEOUT_MS,
  });
  if (status === 0) return 'held';
  return status === REFUSED ? 'free' : 'unknown';
}

/** Whether only this machine's kernel can have written there. */
export function isOwnDisk(dir: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return OWN_DISKS.has(statfsSync(dir).type);
  } catch {
    return false;
  }
}
