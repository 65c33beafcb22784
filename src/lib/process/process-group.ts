import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Children lead a process group of their own (POSIX), so that whatever they start can be ended with them: a launcher (`sh -c`, `npx`) is not
 * the server, and ending it alone leaves the server behind. Windows has no groups; there the tree of processes is ended.
 */

const IS_WINDOWS = process.platform === 'win32';

/** For `spawn`: a group of its own. On Windows `detached` would open a console window. */
export const OWN_GROUP = { detached: !IS_WINDOWS, windowsHide: true } as const;

/** Groups that may have a living process, by the pid of their leader. */
const groups = new Set<number>();

/** Hears which groups there are: `+` for a new one, `-` for one that has ended. */
export type GroupListener = (change: '+' | '-', group: number) => void;
const listeners = new Set<GroupListener>();

/** Notes the group of a child that was spawned with OWN_GROUP. It ends with this process at the latest, unless that is killed with SIGKILL. */
export function noteGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (groups.size === 0) process.on('exit', killAll);
  groups.add(pid);
  for (const listener of listeners) listener('+', pid);
}

/** Forgets a group that has ended: its number may be given to somebody else. */
export function forgetGroup({ pid }: ChildProcess): void {
  if (pid === undefined || !groups.delete(pid)) return;
  if (groups.size === 0) process.off('exit', killAll);
  for (const listener of listeners) listener('-', pid);
}

/** The groups that may have a living process. */
export function currentGroups(): readonly number[] {
  return [...groups];
}

/** The listener hears of every change. Returns the way to stop. */
export function onGroups(listener: GroupListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sends a signal to everything in the child's group. Nothing happens to a group that has ended. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined || !groups.has(pid)) return;
  if (IS_WINDOWS) {
    // A process that is ended politely on Windows is ended all the same, but leaves its children.
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { windowsHide: true, stdio: 'ignore' })
      .on('error', () => child.kill(signal))
      .unref();
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether anything in the child's group still runs. A process that has ended and that nobody asked after (a zombie) does not count. */
export function groupLives(child: ChildProcess): boolean {
  const { pid } = child;
  if (pid === undefined) return false;
  const leads = child.exitCode === null && child.signalCode === null;
  if (IS_WINDOWS || leads) return leads;
  try {
    process.kill(-pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || hasLiving(pid);
}

/**
 * Reads /proc for a process of the group that is no zombie. In a container whose first process reaps nobody, the zombies of a launcher stay for
 * ever, and count as living for kill(2).
 */
function hasLiving(group: number): boolean {
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLivingMember(name, group));
  } catch {
    return true;
  }
}

function isLivingMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): pid (comm) state ppid pgrp; comm may have anything in it.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

function killAll(): void {
  for (const group of groups)
    if (IS_WINDOWS) spawnSync('taskkill', ['/pid', String(group), '/t', '/f'], { windowsHide: true });
    else
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
}
