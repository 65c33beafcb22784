/**
 * Every system call on the disk in a refresh, once the last thing that a process does and once refused by the disk: a login is never damaged, and lost only
 * where the server had given out new tokens before.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readAuth } from '../../src/mcp/auth/record.ts';
import { run } from '../support/cli.ts';
import { fixtureServer } from '../support/fixture-http.ts';
import { leftovers } from '../support/leftovers.ts';
import { loggedIn, oauthRig, type Rig } from '../support/oauth/rig.ts';
import { canTrace, type Point, traced } from '../support/strace.ts';

const REFRESH = ['auth', 'token', 'work'];

/** The parts of a data root that a refresh touches. */
const TOUCHED = /instances\/work|auth-locks/;

it.skipIf(!canTrace())('a kill at every system call of a refresh', { timeout: 600_000 }, async () => {
  const rig = await rigOf();
  const outcomes: Record<string, number> = {};
  for (const point of await pointsOf(rig)) {
    const ended = await attempt(rig, point, 'signal=SIGKILL');
    outcomes[ended] = (outcomes[ended] ?? 0) + 1;
  }
  // Both happen: before the answer nothing is lost, between it and the disk the login is.
  expect(outcomes['goes on']).toBeGreaterThan(3);
  expect(Object.keys(outcomes).sort()).toEqual(['goes on', 'log in again']);
});

it.skipIf(!canTrace())('a disk that refuses each of them', { timeout: 600_000 }, async () => {
  const rig = await rigOf();
  const outcomes: Record<string, number> = {};
  const points = (await pointsOf(rig)).filter(({ call }) =>
    ['write', 'fsync', 'rename', 'mkdir'].includes(call),
  );
  for (const point of points) {
    const ended = await attempt(rig, point, 'error=ENOSPC');
    outcomes[ended] = (outcomes[ended] ?? 0) + 1;
  }
  expect(outcomes['goes on']).toBeGreaterThan(3);
});

async function rigOf(): Promise<Rig> {
  const rig = await oauthRig((await fixtureServer([{ name: 'echo', inputSchema: { type: 'object' } }])).url);
  await loggedIn(rig);
  return rig;
}

const authFile = ({ home }: Rig) => join(home, 'instances/work/auth.json');

function expire(rig: Rig): void {
  const record = JSON.parse(readFileSync(authFile(rig), 'utf8'));
  writeFileSync(authFile(rig), JSON.stringify({ ...record, expires_at: '2020-01-01T00:00:00.000Z' }));
}

async function pointsOf(rig: Rig): Promise<Point[]> {
  expire(rig);
  const { code, points } = await traced(REFRESH, rig.home);
  expect(code).toBe(0);
  return points.filter(({ line }) => TOUCHED.test(line));
}

/** One refresh with a fault in it, and what the next command makes of what it left. */
async function attempt(rig: Rig, point: Point, fault: string): Promise<string> {
  const { home, env, authorization } = rig;
  expire(rig);
  const before = authorization.counts['refresh_token'] ?? 0;
  await traced(REFRESH, home, { point, fault });
  const spent = (authorization.counts['refresh_token'] ?? 0) > before;
  // As if the next one came later than the lock of a process that died counts.
  leftovers(home, { age: true });
  // Never a part of a file.
  expect(readAuth(authFile(rig)), point.line).toBeDefined();
  const next = await run(REFRESH, { home, env });
  if (next.code === 0) {
    expect(await authorization.find(next.stdout.trim()), point.line).toBeDefined();
    return 'goes on';
  }
  expect({ at: point.line, spent, ...next }).toMatchObject({
    spent: true,
    code: 4,
    stderr: expect.stringMatching(
      /was cut off, and what it brought is lost\nhint: log in again: mcp2cli auth login work/,
    ),
  });
  await loggedIn(rig);
  return 'log in again';
}
