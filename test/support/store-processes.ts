import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';

/** Bundles the worker into a folder, since Node 20 runs no TypeScript. Returns the script's path. */
export function bundleWorker(folder: string): string {
  const outfile = `${folder}/store-worker.mjs`;
  buildSync({
    entryPoints: [fileURLToPath(new URL('./store-worker.ts', import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  return outfile;
}

export interface Worker {
  /** The lines that were written whole, as they come. */
  facts: Record<string, unknown>[];
  /** Resolves with the first fact that has the key. */
  told(key: string): Promise<Record<string, unknown>>;
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
  const waiting: { key: string; resolve: (fact: Record<string, unknown>) => void }[] = [];
  let partial = '';
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) {
      const fact = JSON.parse(line);
      facts.push(fact);
      for (const one of waiting.filter(({ key }) => key in fact)) one.resolve(fact);
    }
  });
  // A worker that was killed takes no more input.
  child.stdin?.on('error', () => {});
  return {
    facts,
    told: (key) =>
      new Promise((resolve) => {
        const known = facts.find((fact) => key in fact);
        if (known) resolve(known);
        else waiting.push({ key, resolve });
      }),
    go: () => void child.stdin?.end('g'),
    kill: () => void child.kill('SIGKILL'),
    done: once(child, 'close').then(([code, signal]) => ({ code, signal, stderr })),
  };
}

/** Starts workers, lets them go at the same moment, and returns their facts once all have ended well. */
export async function together(workers: Worker[]): Promise<Record<string, unknown>[]> {
  await Promise.all(workers.map((worker) => worker.told('ready')));
  for (const worker of workers) worker.go();
  const ends = await Promise.all(workers.map((worker) => worker.done));
  const failed = ends.find((end) => end.code !== 0);
  if (failed) throw new Error(`a worker failed: ${failed.stderr}`);
  return workers.flatMap((worker) => worker.facts.slice(1));
}
