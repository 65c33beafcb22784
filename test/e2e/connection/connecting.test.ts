/** A server that gives no answer when it is first spoken to: told at once where none can come, and otherwise when connecting has taken too long. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { hostileServer, type Misdeed } from '../../support/hostile.ts';
import { endKeepers } from '../../support/keeper.ts';
import { MISDEEDS, SLOW } from '../../support/misdeeds.ts';

const SILENT: Misdeed = SLOW['silence'] as Misdeed;
/** Says nothing, reads on, and ends with its input. */
const SILENT_STDIO = [process.execPath, '-e', 'process.stdin.resume()'];

const go = (words: string[]) => run(words, { home: freshHome() });

describe('an answer to initialize that cannot come any more', () => {
  it.each([
    ['a stream that closes', /the connection was lost before the answer to initialize/],
    ['an empty body', /answered initialize with nothing/],
    ['HTTP 202', /initialize/],
    ['another id', /initialize/],
  ] as const)('%s is told at once', async (name, words) => {
    const server = await hostileServer();
    server.on('initialize', MISDEEDS[name]);
    const { code, stdout, stderr } = await go([
      '--url',
      server.url,
      '--connect-timeout',
      '0',
      'work',
      '--n',
      '1',
    ]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('is waited for no longer than asked about versions', async () => {
    const server = await hostileServer();
    server.on('server/discover', MISDEEDS['a stream that closes']);
    const { code, stdout } = await go(['--url', server.url, 'work', '--n', '1']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'worked\n' });
  });
});

describe('a server that stays silent', () => {
  it('over HTTP is told of when connecting has taken too long', async () => {
    const server = await hostileServer();
    server.on('initialize', SILENT);
    expect(await go(['--url', server.url, '--connect-timeout', '4s', 'work', '--n', '1'])).toMatchObject({
      code: 3,
      stdout: '',
      stderr:
        'error: cannot reach the server: no answer to initialize within 4 s\nhint: --connect-timeout DURATION gives it longer (0: no limit)\n',
    });
  });

  it('over HTTP+SSE is told of, too', async () => {
    const server = await hostileServer();
    server.on('*', ({ request, response }) => {
      if (request.method === 'POST') return response.writeHead(405).end();
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': nothing\n\n');
    });
    const { code, stderr } = await go(['--url', server.url, '--connect-timeout', '1s', 'ls']);
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/no endpoint event within 1 s\n/),
    });
  });

  it('over HTTP+SSE that refuses is told of in its own words', async () => {
    const server = await hostileServer();
    let stream: ServerResponse | undefined;
    server.on('*', ({ request, response, id }) => {
      if (request.method === 'GET') {
        stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
        return stream.write('event: endpoint\ndata: /messages\n\n');
      }
      if (request.url !== '/messages') return response.writeHead(405).end();
      response.writeHead(202).end();
      const error = { code: -32603, message: 'out of licences' };
      return stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, error })}\n\n`);
    });
    const { code, stderr } = await go(['--url', server.url, 'ls']);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('out of licences') });
  });

  it('over stdio is told of, by the setting of its instance, also through a keeper', async () => {
    const home = freshHome();
    endKeepers(home);
    await run(['instances', 'add', 'work', '--', ...SILENT_STDIO], { home });
    const set = await run(['instances', 'set', 'work', 'connectTimeout', '1s'], { home });
    expect(set.stdout).toBe('work: connectTimeout is 1s\n');
    const alone = await run(['work', 'ls'], { home });
    expect(alone).toMatchObject({ code: 3, stdout: '' });
    expect(alone.stderr).toMatch(/cannot reach work: no answer to \S+ within 1 s/);
    await run(['instances', 'set', 'work', 'keepAlive', 'true'], { home });
    const kept = await run(['work', 'ls'], { home });
    expect(kept).toMatchObject({ code: 3, stdout: '' });
    expect(kept.stderr).toMatch(/cannot reach work: no answer to \S+ within 1 s/);
  });

  it('is waited for within --timeout all the same', async () => {
    const server = await hostileServer();
    server.on('initialize', SILENT);
    expect((await go(['--timeout', '1s', '--url', server.url, 'work', '--n', '1'])).code).toBe(124);
  });

  it('is given the time that it needs', async () => {
    const server = await hostileServer();
    server.on('initialize', async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return false;
    });
    expect(await go(['--url', server.url, '--connect-timeout', '0', 'work', '--n', '1'])).toMatchObject({
      code: 0,
    });
  });
});

it('a limit that is none is a usage error', async () => {
  const { code, stderr } = await go(['--url', 'http://127.0.0.1:9/mcp', '--connect-timeout', 'soon', 'ls']);
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--connect-timeout: not a duration: "soon"/),
  });
});
