/** Whether the process that held a call still lives, as far as that can be told from here. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { HolderFacts } from '../jobs/record.ts';
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
 * One that cannot be asked about counts as alive: what is told of its work is never made up.
 */
export function isHolderAlive(holder: HolderFacts): boolean {
  const place = placeOf(holder);
  if (place !== 'here') return place === 'elsewhere';
  return isPidAlive(holder.pid) && lookedAt(holder) !== 'gone';
}

/** Whether the process can be reached, and signalled, from here: it is proved to be the one that is meant. */
export function isSurely(holder: HolderFacts): boolean {
  return placeOf(holder) === 'here' && isPidAlive(holder.pid) && look(holder) === 'same';
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
  if (before && performance.now() - before.at < LOOK_COUNTS_MS) return before.seen;
  const seen = look(holder);
  looks.set(key, { at: performance.now(), seen });
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
 * Where a holder is or was. `here`: its pid means something to this process. `gone`: this machine has been started again since. `elsewhere`:
 * on another machine, or in another container. A machine may change its name; what it was booted as, and the namespace of its pids, tell.
 */
function placeOf(holder: HolderFacts): 'here' | 'gone' | 'elsewhere' {
  const boot = bootId();
  if (holder.boot_id !== null && holder.boot_id === boot) {
    if (holder.pid_ns == null) return holder.host === hostname() ? 'here' : 'elsewhere';
    return holder.pid_ns === pidNamespace() ? 'here' : 'elsewhere';
  }
  if (holder.host !== hostname()) return 'elsewhere';
  return holder.boot_id !== null && boot !== null ? 'gone' : 'here';
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
