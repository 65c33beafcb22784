/** Which keepers an instance has: a file each, readable by its owner only, written when it listens and removed when it ends. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDir, replaceFile } from '../lib/disk/durable-file.ts';
import { isHere, isHolderAlive } from '../lib/disk/holder.ts';
import type { HolderFacts } from '../lib/disk/holder-facts.ts';
import { sweepFolder } from '../lib/disk/sweep.ts';

const SCHEMA_VERSION = 1;
const SUFFIX = '.json';

export interface KeeperState {
  schema_version: number;
  id: string;
  instance: string;
  holder: HolderFacts;
  /** Path of the socket, or the name of a pipe. */
  socket: string;
  /** What a command has to say first: only who can read this file knows it. */
  token: string;
  /** The program's. */
  version: string;
  started_at: string;
  /** Takes no new work, and ends with its last job. */
  retiring?: boolean;
}

/** The keepers that live, the newest first; what dead ones left is removed. */
export function liveKeepers(dir: string): KeeperState[] {
  const states: KeeperState[] = [];
  for (const name of names(dir)) {
    const state = readState(join(dir, name));
    if (!state) continue;
    if (!isHolderAlive(state.holder)) removeState(dir, state);
    // One of another machine that shares the disk can be of no use here.
    else if (isHere(state.holder)) states.push(state);
  }
  return states.sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
}

/** The one that takes work, if any. */
export function keeperAtWork(dir: string): KeeperState | undefined {
  return liveKeepers(dir).find((state) => !state.retiring);
}

export function writeState(dir: string, state: Omit<KeeperState, 'schema_version'>): void {
  makePrivateDir(dir);
  sweepFolder(dir);
  replaceFile(statePath(dir, state.id), JSON.stringify({ ...state, schema_version: SCHEMA_VERSION }));
}

/** Removes the file and, where it is one, the socket. */
export function removeState(dir: string, { id, socket }: Pick<KeeperState, 'id' | 'socket'>): void {
  for (const path of [statePath(dir, id), ...(socket.endsWith('.sock') ? [socket] : [])]) {
    try {
      rmSync(path, { force: true });
    } catch {
      // A read-only disk: the process behind it is gone all the same.
    }
  }
}

/** Whether the file is still there, and whole: without it nobody could find the keeper. */
export function isRegistered(dir: string, id: string): boolean {
  return readState(statePath(dir, id))?.id === id;
}

function statePath(dir: string, id: string): string {
  return join(dir, `${id}${SUFFIX}`);
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
  } catch {
    return [];
  }
}

/** Undefined for a file that is not (or no longer) one of ours. */
function readState(path: string): KeeperState | undefined {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as KeeperState;
    const { holder } = state;
    const whole =
      state.schema_version === SCHEMA_VERSION &&
      [state.id, state.socket, state.token, state.version, state.started_at, holder?.host].every(
        (text) => typeof text === 'string',
      ) &&
      Number.isSafeInteger(holder.pid) &&
      // kill(0) and kill(-1) mean whole groups of processes.
      holder.pid > 1;
    return whole ? state : undefined;
  } catch {
    return undefined;
  }
}
