/** When a kept session is asked whether it is still there, and what becomes of a call when it is not. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { HostOptions } from '../../src/demo/http-host.ts';
import { SessionGoneError } from '../../src/errors.ts';
import { ConnectionPool } from '../../src/keeper/server/connection-pool.ts';
import { atTestEnd } from '../support/cli.ts';
import { freshDir } from '../support/home.ts';
import { demoServer } from '../support/servers.ts';

type Intercept = NonNullable<HostOptions['intercept']>;

/** A pool at a demo server, by a clock that stands where the test sets it: so long after the last answer. */
async function pooled() {
  const server = await demoServer({ dialect: 'plain', speed: 20, intercept: (...asked) => refuse(...asked) });
  let refuse: Intercept = () => false;
  const root = freshDir('pool');
  const identity = { kind: 'http' as const, url: server.url, headers: {} };
  let answeredAt = 0;
  let later = 0;
  const pool = new ConnectionPool({
    connectTarget: {
      name: 'work',
      version: '0',
      identity,
      target: () => identity,
      jobHost: { execPath: '', entry: '', root, instance: 'work', store: undefined, env: {} },
      serverFile: join(root, 'server.json'),
      catalogueFile: join(root, 'catalogue.json'),
      now: () => new Date(0),
      log: () => {},
    },
    clock: () => answeredAt + later,
  });
  atTestEnd(() => pool.close());
  return {
    server,
    pings: () => server.stats.requests['ping'] ?? 0,
    /** How long ago the last answer was, from now on. */
    setAge: (ms: number) => {
      later = ms;
    },
    /** Answers a request in the server's place from now on. */
    intercept: (next: Intercept) => {
      refuse = next;
    },
    /** One call on a connection of the pool, which has it back then. */
    async echo(message: string) {
      const { link, connection, release } = await pool.lease(new AbortController().signal);
      try {
        return await link.call({ name: 'echo', arguments: { message } }, {});
      } finally {
        answeredAt = connection.channel.answeredAt;
        release();
      }
    },
  };
}

it('an answer of less than 100 ms ago stands for the ping before a call, an older one does not', async () => {
  const { echo, pings, setAge, server } = await pooled();
  await echo('one');
  setAge(99);
  await echo('two');
  expect(pings()).toBe(0);
  setAge(100);
  await echo('three');
  expect(pings()).toBe(1);
  expect(server.stats.requests['initialize']).toBe(1);
});

it('a session that ended within these 100 ms costs no call: the server refuses it (404), and it is sent once, in a new session', async () => {
  const { echo, pings, server } = await pooled();
  await echo('one');
  await server.dropSessions();
  expect(await echo('two')).toMatchObject({ kind: 'result', result: { content: [{ text: 'two' }] } });
  expect(pings()).toBe(0);
  expect(server.stats.requests['initialize']).toBe(2);
  expect(server.stats.calls).toEqual({ echo: 2 });
});

it('a call whose refusal does not prove that it was not run is not sent again, and the next one has another session', async () => {
  const { echo, server, intercept } = await pooled();
  await echo('one');
  // The one session that there is has ended, and the server does not say so with 404.
  let ended: unknown;
  const refused: unknown[] = [];
  intercept(({ headers, rpcMethod }, response) => {
    const { 'mcp-session-id': session } = headers;
    ended ??= session;
    if (session !== ended) return false;
    refused.push(rpcMethod);
    const error = { code: -32_000, message: 'Bad Request: no valid session' };
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
    return true;
  });
  await expect(echo('two')).rejects.toThrow(SessionGoneError);
  expect(refused).toEqual(['tools/call']);
  expect(await echo('three')).toMatchObject({ kind: 'result' });
  expect(refused).toEqual(['tools/call', 'ping']);
  expect(server.stats.calls).toEqual({ echo: 2 });
});
