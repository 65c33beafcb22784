/** Homes with the server whose numbers are text, and numbers that JavaScript cannot hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';
import { atTestEnd, type RunResult } from './cli.ts';
import { sharedStore } from './env.ts';
import { type ExactOptions, exactHttp } from './exact-server.js';
import { homeWith } from './instance.ts';

const SERVER = fileURLToPath(new URL('./exact-server.js', import.meta.url));
export const ID = '725653563933458432';
/** The neighbour, which JavaScript takes for the same number. */
export const NEXT = '725653563933458433';

export type Way = 'JSON' | 'an event stream' | 'stdio';
export const WAYS: readonly Way[] = ['JSON', 'an event stream', 'stdio'];

/** A home with the exact server as its instance `work`; `options` count over HTTP. */
export async function homeOver(way: Way, options?: ExactOptions): Promise<string> {
  if (way === 'stdio') return homeWith(['--', process.execPath, SERVER]);
  const server = await exactHttp(way === 'an event stream', options);
  atTestEnd(() => server.close());
  return homeWith(['--url', server.url]);
}

/** All that is stored of a job, in one text. */
export async function recordOf(home: string, id: string): Promise<string> {
  const store = sharedStore();
  if (store !== undefined) return storedInRedis(store, basename(home), id);
  const folder = join(home, 'instances', 'work', 'jobs', id);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

async function storedInRedis(store: string, prefix: string, id: string): Promise<string> {
  const redis = new Redis(store);
  try {
    const hash = await redis.hgetall(`${prefix}:{work}:job:${id}`);
    expect(hash).not.toEqual({});
    return stringifyJson(
      Object.fromEntries(Object.entries(hash).map(([name, text]) => [name, parseJson(text)])),
    );
  } finally {
    redis.disconnect();
  }
}

/** The output of a command that went well, and without a word on stderr. */
export function ok({ code, stdout, stderr }: RunResult): string {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}
