/** System calls that fail, or that are the last thing a process does, by `strace -e inject`. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from './cli.ts';
import { startCommand } from './cli.ts';
import { BIN } from './env.ts';
import { freshDir } from './home.ts';

/** The system calls that make, name and remove files. */
export const CALLS = [
  'openat',
  'write',
  'pwrite64',
  'fsync',
  'rename',
  'link',
  'mkdir',
  'unlink',
  'rmdir',
] as const;
export type Call = (typeof CALLS)[number];

/** A place in a process's life: the n-th system call of its kind (1: the first) in its main thread. */
export interface Point {
  call: Call;
  n: number;
  /** What strace printed for it. */
  line: string;
}

/** Whether this process may trace others. */
export function canTrace(): boolean {
  return spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0;
}

/** `error=ENOSPC`, `signal=SIGKILL`. */
export interface Injection {
  point: Pick<Point, 'call' | 'n'>;
  fault: string;
}

export interface Traced extends RunResult {
  /** The main thread's calls of these kinds, in order. */
  points: Point[];
  /** Those that were tampered with: made to fail, or the last one. */
  hit: Point[];
}

/** A call that was tampered with in the way that Node's threads wake each other: the process may wait for ever. */
const NODES_OWN = /^\d+ +write\((?:[3-9]|\d\d+)<(?:anon_inode|pipe):.*\(INJECTED\)/;

/**
 * Runs `mcp2cli ARGS` traced. Killed by strace's injection it ends with code 137. Calls of Node's own come when they come, on a busy machine too: where
 * one of them was hit in the place of the one that was meant, it is run again, `tries` times in all.
 */
export async function traced(
  args: readonly string[],
  home: string,
  injection?: Injection,
  tries = 3,
): Promise<Traced> {
  const log = join(freshDir('strace'), 'log');
  const inject = injection
    ? ['-e', `inject=${injection.point.call}:${injection.fault}:when=${injection.point.n}`]
    : [];
  const words = ['-f', '-qq', '-y', '-s', '64', '-o', log, '-e', `trace=${CALLS.join(',')}`, ...inject];
  const handle = startCommand('strace', [...words, process.execPath, BIN, ...args], {
    home,
    cwd: '/',
    timeoutMs: 60_000,
  });
  const end = await handle.done.catch((error: Error) => error);
  const lines = readFileSync(log, 'utf8').split('\n');
  rmSync(log);
  if (tries > 1 && lines.some((line) => NODES_OWN.test(line)))
    return traced(args, home, injection, tries - 1);
  if (end instanceof Error) throw end;
  const main = /^\d+/.exec(lines[0] ?? '')?.[0] ?? '';
  const counts = new Map<string, number>();
  const points: Point[] = [];
  const hit: Point[] = [];
  for (const line of lines) {
    const match = /^(\d+) +(\w+)\(/.exec(line);
    if (!match) continue;
    const call = match[2] as Call;
    const point = { call, n: 0, line: line.slice(match[1]?.length).trim() };
    if (match[1] !== main) continue;
    point.n = (counts.get(call) ?? 0) + 1;
    counts.set(call, point.n);
    points.push(point);
    if (line.includes('(INJECTED)')) hit.push(point);
  }
  const last = points.at(-1);
  if (last && lines.some((line) => line.includes('+++ killed by SIGKILL'))) hit.push(last);
  return { ...end, points, hit };
}
