/** What tests want to know about processes that are not theirs. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Whether the process runs. One that has ended and that nobody asked after (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return process.platform !== 'linux';
  }
}

/** Processes with this text in the environment that they were started with. Linux only. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The servers of a keeper, and what these have started. Linux only. */
export function serversOf(home: string, keeper: number): number[] {
  return processesWith(`HOME=${home}\0`).filter(
    (pid) => pid !== keeper && !/mcp2cli\.js/.test(commandOf(pid)),
  );
}

/** The words that a process was started with, each followed by NUL; empty where it has gone. Linux only. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Resolves when no process with this home is left: no command, no keeper, and no server of theirs. Linux only. */
export async function homeEnded(home: string, timeout = 15_000): Promise<void> {
  await expect.poll(() => processesWith(`HOME=${home}\0`), { timeout }).toEqual([]);
}

/** Kills what runs with this home, until nothing does: a keeper may be starting its server. Linux only. */
export async function endHome(home: string): Promise<void> {
  for (;;) {
    const left = processesWith(`HOME=${home}\0`);
    if (left.length === 0) return;
    kill(left);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** SIGKILL for each of them that is there yet. */
export function kill(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It had ended.
    }
}
