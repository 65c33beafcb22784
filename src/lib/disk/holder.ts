/** Whether the process that held a call still lives, as far as that can be told from here. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { monotonic } from '../monotonic.ts';
import type { HolderFacts } from './holder-facts.ts';
import { isOwnDisk, leaseOf, leaveLease } from './lease.ts';
import {
  bootId,
  hasFixedStarts,
  isPidAlive,
  isSameStart,
  ownStart,
  processState,
} from './process-identity.ts';

let current: HolderFacts | undefined;

/** This process, as another one can recognise it. `boot_id` and `pid_ns` are null where the system has no such thing (only Linux does). */
export function currentHolder(): HolderFacts {
  current ??= {
    pid: process.pid,
    started: ownStart(),
    boot_id: bootId(),
    pid_ns: pidNamespace(),
    host: hostname(),
  };
  return current;
}

/**
 * False only when the process is certainly gone: same machine, and another boot, no such pid, or a pid that was given to another process.
 * `folder`, a job's, may hold more proof: its lease, and the disk that it is on. One that cannot be asked about counts as alive: what is told
 * of its work is never made up.
 */
export function isHolderAlive(holder: HolderFacts, folder?: string): boolean {
  const isFree = () => folder !== undefined && leaseOf(folder) === 'free';
  switch (placeOf(holder)) {
    case 'here': {
      if (!isPidAlive(holder.pid)) return false;
      const seen = lookedAt(holder);
      return seen === 'same' || (seen === 'unknown' && !isFree());
    }
    case 'earlier':
      return false;
    case 'beside':
      return !isFree();
    // It could only have written to its own machine's disk, and that is this one.
    case 'elsewhere':
      return holder.boot_id === null || bootId() === null || folder === undefined || !isOwnDisk(folder);
  }
}

/** Whether the process is proved to be gone: it was one of this very machine, since its last start. */
export function isProvedGone(holder: HolderFacts): boolean {
  return holder.boot_id !== null && isHere(holder) && !isHolderAlive(holder);
}

/** Whether these are the facts of this process. */
export function isThisProcess({ pid, started, pid_ns }: HolderFacts): boolean {
  const me = currentHolder();
  return pid === me.pid && started === me.started && pid_ns === me.pid_ns;
}

/** Leaves a holder's lease in the folder of a job. Only a process that is there can leave a sign that it is. */
export function leaveLeaseOf(folder: string, holder: HolderFacts): void {
  if (isThisProcess(holder)) leaveLease(folder);
}

/** Whether the process can be reached, and signalled, from here: it is proved to be the one that is meant. */
export function isSurely(holder: HolderFacts): boolean {
  return placeOf(holder) === 'here' && isPidAlive(holder.pid) && look(holder) === 'same';
}

/** Whether the process is proved to live: from here, or by its lease in `folder`, a job's. */
export function isProvedAlive(holder: HolderFacts, folder: string): boolean {
  return isSurely(holder) || leaseOf(folder) === 'held';
}

/** How long a look counts where it starts a program, in milliseconds. Whoever waits looks several times a second. */
const LOOK_COUNTS_MS = 5_000;

const looks = new Map<string, { at: number; seen: Seen }>();

/** `same`: the very process; `gone`: it has ended, or the pid is another's; `unknown`: the system does not tell. */
type Seen = 'same' | 'gone' | 'unknown';

/** What has become of a holder whose pid is some process's here. */
function lookedAt(holder: HolderFacts): Seen {
  if (process.platform === 'linux') return look(holder);
  const key = `${holder.pid} ${holder.started}`;
  const before = looks.get(key);
  if (before && monotonic() - before.at < LOOK_COUNTS_MS) return before.seen;
  const seen = look(holder);
  looks.set(key, { at: monotonic(), seen });
  return seen;
}

function look({ pid, started }: HolderFacts): Seen {
  const state = processState(pid);
  if (state === undefined) return 'unknown';
  if (state.ended) return 'gone';
  const same = isSameStart(started, state.started);
  if (same) return 'same';
  return same === false && hasFixedStarts() ? 'gone' : 'unknown';
}

/**
 * Where a holder is or was. `here`: its pid means something to this process. `earlier`: this machine has been started again since. `beside`:
 * on this machine, but in another container, which may be gone. `elsewhere`: on a machine of another name and another boot, or nothing is
 * known but another name. A machine may change its name; what it was booted as, and the namespace of its pids, tell.
 */
function placeOf(holder: HolderFacts): 'here' | 'earlier' | 'beside' | 'elsewhere' {
  const boot = bootId();
  const sameHost = holder.host === hostname();
  if (holder.boot_id !== null && holder.boot_id === boot) {
    if (holder.pid_ns == null) return sameHost ? 'here' : 'beside';
    return holder.pid_ns === pidNamespace() ? 'here' : 'beside';
  }
  if (!sameHost) return 'elsewhere';
  return holder.boot_id !== null && boot !== null ? 'earlier' : 'here';
}

/** Whether the holder is one of this machine's (and container's) processes, alive or not. */
export function isHere(holder: HolderFacts): boolean {
  return placeOf(holder) === 'here';
}

/** `pid:[4026531836]`; null where there are no such namespaces. */
function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}
