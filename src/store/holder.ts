/** Whether the process that held a call still lives. A pid alone is no identity: pids are used again, machines restart. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { HolderFacts } from '../jobs/record.ts';

let current: HolderFacts | undefined;

/** This process, as another one can recognise it. `started` and `boot_id` are null where the system does not tell (only Linux does). */
export function currentHolder(): HolderFacts {
  current ??= {
    pid: process.pid,
    started: processState(process.pid)?.started ?? null,
    boot_id: bootId(),
    pid_ns: pidNamespace(),
    host: hostname(),
  };
  return current;
}

/**
 * False only when the process is certainly gone: same machine, and another boot, no such pid, or a pid that was given to a later
 * process. A holder on another machine cannot be asked and counts as alive.
 */
export function isHolderAlive(holder: HolderFacts): boolean {
  const place = placeOf(holder);
  if (place !== 'here') return place === 'elsewhere';
  if (!isPidAlive(holder.pid)) return false;
  const state = processState(holder.pid);
  if (state === undefined) return true;
  if (holder.started !== null && state.started !== holder.started) return false;
  return !state.ended;
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

/** Whether the process can be reached, and signalled, from here: it is certainly the one that is meant. */
export function isSurely(holder: HolderFacts): boolean {
  if (placeOf(holder) !== 'here') return false;
  if (process.platform === 'linux' && holder.started === null) return false;
  return isHolderAlive(holder);
}

/** Whether the holder is one of this machine's (and container's) processes, alive or not. */
export function isHere(holder: HolderFacts): boolean {
  return placeOf(holder) === 'here';
}

/** Whether some process of this machine has the pid. */
export function isPidAlive(pid: number): boolean {
  // Zero and negative numbers are groups of processes to kill(2).
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/** `pid:[4026531836]`; null where there are no such namespaces. */
function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

/** From /proc/<pid>/stat (proc(5)): field 3 is the state, field 22 the start time. The name in field 2 may hold spaces and brackets. */
function processState(pid: number): { ended: boolean; started: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const started = fields[19];
  if (started === undefined) return undefined;
  return { ended: fields[0] === 'Z' || fields[0] === 'X', started };
}
