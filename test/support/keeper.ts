/** Instances with keepers, and what tests want to know about the processes behind them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { atTestEnd, run } from './cli.ts';
import { addInstance, dataOf, homeWith } from './instance.ts';
import { endHome } from './processes.ts';
import { everythingStdio, STDIO_SERVER, STDIO_TASKS } from './servers.ts';

export interface KeeperStatus {
  instance: string;
  pid: number;
  answers: boolean;
  retiring: boolean;
  jobs: { job_id: string; capability: string }[];
  commands: number;
  connected: boolean;
}

/** `@modelcontextprotocol/server-everything` over stdio, as `instances add` takes it. */
export function everythingCommand(): string[] {
  const { command, args } = everythingStdio();
  return ['--', command, ...args];
}

/** The fixture server over stdio. */
export const STDIO_COMMAND = ['--', process.execPath, STDIO_SERVER];

/** A server over stdio whose one tool, `task`, is a task that lasts as long as its arguments say. */
export const TASKS_COMMAND = ['--', process.execPath, STDIO_TASKS];

/** A fresh home with instance `work` and these settings; its keepers are ended with the test. */
export async function keeperHome(how: readonly string[], settings: object = {}): Promise<string> {
  const home = await homeWith(how);
  configure(home, settings);
  endKeepers(home);
  return home;
}

/** The same with another instance beside it. */
export async function another(home: string, name: string, how: readonly string[]): Promise<void> {
  await addInstance(home, how, name);
}

export function endKeepers(home: string): void {
  atTestEnd(async () => {
    if (process.platform !== 'linux') await run(['keeper', 'stop', '--all', '--force'], { home });
    // Without the politeness of a stop: a server that is at work would be given two seconds.
    else await endHome(home);
  });
}

/** Changes settings in the configuration, as by hand; undefined takes one out. */
export function configure(home: string, settings: object, name = 'work'): void {
  const path = join(home, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  Object.assign(config.mcpServers[name], settings);
  writeFileSync(path, JSON.stringify(config));
}

export async function keepers(home: string, name?: string): Promise<KeeperStatus[]> {
  const result = await run(['keeper', 'status', ...(name ? [name] : []), '--json'], { home });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return dataOf<{ items: KeeperStatus[] }>(result).items;
}

/** The one keeper of the home. */
export async function theKeeper(home: string): Promise<KeeperStatus> {
  const all = await keepers(home);
  expect(all).toHaveLength(1);
  return all[0] as KeeperStatus;
}

/** The processes that instance `work`'s keepers say that they are; some may have ended. */
export function keeperPids(home: string): number[] {
  const dir = join(home, 'instances', 'work', 'keeper');
  try {
    return readdirSync(dir)
      .filter((name) => /^\w+\.json$/.test(name))
      .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')).holder.pid as number);
  } catch {
    return [];
  }
}
