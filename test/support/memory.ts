/** The memory that a process has had. Linux only: elsewhere it is 0. */
import { readFileSync } from 'node:fs';
import type { Handle, RunResult } from './cli.ts';

/** The most memory that a process has had so far, in MiB; 0 when it has ended. */
export function mostMib(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Waits for the end of a process, and tells the most memory that it has had, in MiB, as far as it was seen. */
export async function peakOf(handle: Handle): Promise<{ end: RunResult; mib: number }> {
  let mib = 0;
  const timer = setInterval(() => {
    mib = Math.max(mib, mostMib(handle.pid));
  }, 20);
  try {
    const end = await handle.done;
    return { end, mib };
  } finally {
    clearInterval(timer);
  }
}
