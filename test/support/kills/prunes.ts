/** `jobs prune` to be killed, or looked at while it removes. */
import { mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.ts';
import { type Handle, run, type StartOptions, start } from '../cli.ts';
import { freshHome } from '../home.ts';
import { diskStore, writeEnded } from '../store-fixtures.ts';

export const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
export const NO_INDEX = (name: string) => name !== '.index.json';

/** An instance `work` that leads nowhere: pruning asks no server. */
export function offline(home = freshHome(), settings: object = {}) {
  const instance = { type: 'http', url: 'http://127.0.0.1:1/mcp', ...settings };
  writeFileSync(
    join(home, 'config.json'),
    JSON.stringify({ schema_version: 1, mcpServers: { work: instance } }),
  );
  const { store, dir } = diskStore(home);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const work = (words: readonly string[], options: Partial<StartOptions> = {}) =>
    run(['work', ...words], { home, ...options });
  const prune = (...words: string[]) => work(['jobs', 'prune', ...words]);
  const names = () => readdirSync(dir).filter(NO_INDEX).sort();
  return { home, store, dir, work, prune, names };
}

/** Resolves when the process has the first folder on its way out, or has ended. */
export async function underWay(dir: string, { pid, done }: Handle): Promise<void> {
  const watcher = watch(dir);
  const first = new Promise<void>((resolve) =>
    watcher.on('change', (_, name) => {
      if (String(name).startsWith(`.gone-${pid}-`)) resolve();
    }),
  );
  await Promise.race([first, done]);
  watcher.close();
}

/** `toEqual` for thousands of records. */
export function same(a: object, b: object | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** More than one batch. */
const JOBS = 200;

/**
 * Kills `jobs prune` so many times or more, at random: every job is whole or gone, and the next one sweeps. The fault suite does it more often. Returns how
 * many kills were in time.
 */
export async function killPrunes(times: number): Promise<number> {
  const { home, store, dir, prune } = offline();
  const whole = new Map<string, JobRecord>();
  let killed = 0;
  let hit = 0;
  let left = 0;
  // Until the kills have hit what they are meant to hit, however slow the machine is.
  for (let i = 0; i < times || (i < 10 * times && (hit <= times / 4 || left === 0)); i++) {
    const missing = JOBS - store.list().jobs.length;
    for (const id of writeEnded(dir, missing, { finished_at: ago(400 - i / 2) }))
      whole.set(id, store.read(id));
    const before = store.list().jobs.length;
    const child = start(['work', 'jobs', 'prune', '--older-than', '0'], { home });
    await underWay(dir, child);
    // From the first rename to beyond the end.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 25));
    child.signal('SIGKILL');
    const { signal, stderr } = await child.done;
    expect(stderr).toBe('');
    const { jobs, problems } = store.list();
    expect(problems).toEqual([]);
    expect(jobs.filter(({ job_id }) => !same(store.read(job_id), whole.get(job_id)))).toEqual([]);
    if (signal === 'SIGKILL') killed++;
    if (signal === 'SIGKILL' && jobs.length < before) hit++;
    if (signal === 'SIGKILL' && jobs.length < before && jobs.length > 0) left++;
  }
  // The kills hit what they were meant to hit.
  expect(hit).toBeGreaterThan(times / 4);
  expect(left).toBeGreaterThan(0);
  expect(await prune('--older-than', '0')).toMatchObject({ code: 0, stderr: '' });
  expect(readdirSync(dir)).toEqual([]);
  return killed;
}
