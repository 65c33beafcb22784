import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { bundled } from './bundle.js';

/** Path of the worker's program: Node 20 runs no TypeScript. */
export function bundledWorker(): Promise<string> {
  return bundled('store-worker', new URL('./store-worker.ts', import.meta.url));
}

export interface Worker {
  /** The lines that were written whole, as they come. */
  facts: Record<string, unknown>[];
  /** Resolves once there are that many facts, or the process has ended. */
  reached(facts: number): Promise<void>;
  go(): void;
  kill(): void;
  /** Resolves when the process is gone and all of its output was read. */
  done: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

/** Starts a worker; it is killed when the test ends, if it has not ended by then. */
export function startWorker(script: string, work: string, dir: string, ...args: string[]): Worker {
  const child: ChildProcess = spawn(process.execPath, [script, work, dir, ...args], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const facts: Record<string, unknown>[] = [];
  let told: () => void = () => {};
  let partial = '';
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) facts.push(JSON.parse(line));
    told();
  });
  // A worker that was killed takes no more input.
  child.stdin?.on('error', () => {});
  const done = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }));
  return {
    facts,
    reached: async (count) => {
      let ended = false;
      done.then(() => {
        ended = true;
        told();
      });
      while (facts.length < count && !ended)
        await new Promise<void>((resolve) => {
          told = resolve;
        });
    },
    go: () => void child.stdin?.write('g'),
    kill: () => void child.kill('SIGKILL'),
    done,
  };
}

/**
 * Lets workers that wait at their barrier go on at the same moment, as often as they stop there, and returns what they told once all
 * have ended well.
 */
export async function together(workers: Worker[], rounds = 1): Promise<Record<string, unknown>[]> {
  for (let round = 0; round < rounds; round++) {
    // One fact for each barrier, and one for what was done after each.
    await Promise.all(workers.map((worker) => worker.reached(2 * round + 1)));
    for (const worker of workers) worker.go();
  }
  const ends = await Promise.all(workers.map((worker) => worker.done));
  const failed = ends.find((end) => end.code !== 0);
  if (failed) throw new Error(`a worker failed: ${failed.stderr}`);
  return workers.flatMap((worker) => worker.facts.filter((fact) => !('ready' in fact)));
}
