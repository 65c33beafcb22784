/** Instances for tests, added the way a person does it. */
import { expect } from 'vitest';
import type { RunResult } from './cli.ts';
import { run } from './cli.ts';
import { freshHome } from './home.ts';

/** A fresh home with one instance, `work` unless named: `instances add NAME ...how`. Returns the home. */
export async function homeWith(how: readonly string[], name = 'work'): Promise<string> {
  const home = freshHome();
  await addInstance(home, how, name);
  return home;
}

/** A fresh home with an instance at a URL. */
export function homeAt(url: string, name = 'work'): Promise<string> {
  return homeWith(['--url', url], name);
}

export async function addInstance(home: string, how: readonly string[], name = 'work'): Promise<void> {
  expect(await run(['instances', 'add', name, ...how], { home })).toMatchObject({ code: 0 });
}

/** Starts a tool in the background, in a process that is gone when this returns. Returns the job's id. */
export async function submitted(home: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([...words, '--background', '--quiet'], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^job_[0-9a-z]{26}\n$/);
  return stdout.trim();
}

/** The `data` of an envelope on stdout, which must be one JSON document. */
export function dataOf<T = Record<string, unknown>>(result: RunResult): T {
  return (JSON.parse(result.stdout) as { data: T }).data;
}

/** The `error` of a JSON line on stderr. */
export function errorOf(result: RunResult): {
  code: string;
  message: string;
  hint?: string;
  exit_code: number;
} {
  const line = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  return (JSON.parse(line) as { error: ReturnType<typeof errorOf> }).error;
}
