/** What a server says with an HTTP error is told, with the exit code that the status comes to. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { type Exchange, type Hostile, hostileServer, type Misdeed } from '../../support/hostile.ts';
import { answer, answerTo, stream } from '../../support/http-faults.ts';
import { type Work, workAt } from '../../support/work.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT = { 'content-type': 'text/plain' };

async function place(): Promise<{ server: Hostile; work: Work }> {
  const server = await hostileServer();
  return { server, work: await workAt(server.url) };
}

const rpcError =
  (code: number, message: string, id?: null) =>
  (exchange: Exchange): string =>
    JSON.stringify({ jsonrpc: '2.0', id: id === null ? null : exchange.id, error: { code, message } });

interface Row {
  what: string;
  misdeed: Misdeed;
  code: number;
  stderr: RegExp;
}

/** To whatever is asked, from the first request on. */
const AT_ONCE: Row[] = [
  {
    what: '401 without a challenge',
    misdeed: answer(401, 'who are you?', TEXT),
    code: 4,
    stderr:
      /^error: work requires authentication \(HTTP 401\): who are you\?\nhint: log in, or configure .*: mcp2cli auth login work\n$/,
  },
  {
    what: '403 with text',
    misdeed: answer(403, 'Access is only allowed at localhost:8931\nand more', TEXT),
    code: 4,
    stderr: /^error: work refuses access \(HTTP 403\): Access is only allowed at localhost:8931\n$/,
  },
  {
    what: '403 with a challenge',
    misdeed: answer(403, '{"error":"insufficient_scope","error_description":"mail:read is missing"}', {
      ...JSON_TYPE,
      'www-authenticate': 'Bearer error="insufficient_scope"',
    }),
    code: 4,
    stderr:
      /^error: work refuses access \(HTTP 403\): mail:read is missing.*\nhint: log in, or configure .*: mcp2cli auth login work\n$/,
  },
  {
    what: '403 with a JSON-RPC error of the transport',
    misdeed: answer(403, rpcError(-32000, 'Invalid Host: work.local', null), JSON_TYPE),
    code: 4,
    stderr: /^error: work refuses access \(HTTP 403\): Invalid Host: work\.local\n$/,
  },
  {
    what: '301 to another place',
    misdeed: answer(301, 'Moved', { location: 'https://elsewhere.example/mcp' }),
    code: 3,
    stderr:
      /^error: work answered HTTP 301 Moved Permanently: it redirects to https:\/\/elsewhere\.example\/mcp\nhint: .*\n$/,
  },
  {
    what: '307 to another origin',
    misdeed: answer(307, '', { location: 'http://user:secret@elsewhere.example/mcp' }),
    code: 3,
    stderr:
      /^error: work answered HTTP 307 .*: it redirects to http:\/\/elsewhere\.example\/mcp\nhint: .*\n$/,
  },
  {
    what: '429 with a long Retry-After',
    misdeed: answer(429, 'Too many requests', { ...TEXT, 'retry-after': '3600' }),
    code: 3,
    stderr:
      /^error: work answered HTTP 429 Too Many Requests: Too many requests\nhint: the server asks to wait 60 min before the next try\n$/,
  },
  {
    what: '502 with a page',
    misdeed: answer(
      502,
      '<!DOCTYPE html><html><head>\n<title>Bad\n gateway</title></head><body>x</body></html>',
      {
        'content-type': 'text/html',
      },
    ),
    code: 3,
    stderr:
      /^error: work answered HTTP 502 Bad Gateway: Bad gateway\nhint: a gateway answered in place of the server: is the server behind it running\?\n$/,
  },
  {
    what: '404 with text',
    misdeed: answer(404, '\n\nno such page\n', TEXT),
    code: 3,
    stderr: /^error: work answered HTTP 404: no such page\nhint: is this the URL of an MCP endpoint.*\n$/,
  },
  {
    what: '200 with a page',
    misdeed: answer(200, '<html><body><script>x()</script>Sign in to Corp Wifi</body></html>', {
      'content-type': 'text/html',
    }),
    code: 3,
    stderr:
      /^error: work answered \S+ with no JSON \(text\/html\): Sign in to Corp Wifi\nhint: that is a web page; [^\n]*\n$/,
  },
  {
    what: 'no jsonrpc',
    misdeed: answer(200, ({ id }) => JSON.stringify({ id, result: {}, error: null }), JSON_TYPE),
    code: 3,
    stderr:
      /^error: work answered \S+ with no JSON-RPC 2\.0 message \("jsonrpc": "2\.0" is missing\): \{.*\}\n$/,
  },
];

describe('to the first request', () => {
  it.each(AT_ONCE)('$what', async ({ misdeed, code, stderr }) => {
    const { server, work } = await place();
    server.on('*', misdeed);
    expect(await work.run('work --n 1')).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(stderr),
    });
  });
});

/** To tools/call. */
const CALLS: (Row & { job: string })[] = [
  {
    what: "403 with the call's own JSON-RPC error",
    misdeed: answer(403, rpcError(-32000, 'quota exhausted for project 7'), JSON_TYPE),
    code: 1,
    stderr: /^error: quota exhausted for project 7\n$/,
    job: 'failed',
  },
  {
    what: '429 with a JSON-RPC error',
    misdeed: answer(429, rpcError(-32000, 'quota exhausted for project 7'), {
      ...JSON_TYPE,
      'retry-after': '1',
    }),
    code: 3,
    stderr:
      /work answered HTTP 429 Too Many Requests: quota exhausted for project 7\nhint: the server asks to wait 1 s before the next try\n$/,
    job: 'failed',
  },
  {
    what: '200 with an error whose id is null',
    misdeed: answer(200, rpcError(-32600, 'Invalid Request', null), JSON_TYPE),
    code: 1,
    stderr: /^error: Invalid Request\n$/,
    job: 'failed',
  },
  {
    what: 'an event with an error whose id is null',
    misdeed: stream((_, exchange) => `data: ${rpcError(-32600, 'Invalid Request', null)(exchange)}\n\n`),
    code: 1,
    stderr: /^error: Invalid Request\n$/,
    job: 'failed',
  },
  {
    what: 'an event that is no JSON-RPC',
    misdeed: stream(() => 'event: message\ndata: {"error":"Session not found"}\n\n'),
    code: 3,
    stderr: /work answered tools\/call with no JSON-RPC 2\.0 message .*: \{"error":"Session not found"\}\n$/,
    job: 'lost',
  },
  {
    what: 'an event stream that brings nothing',
    misdeed: stream(() => ': nothing\n\n'),
    code: 3,
    stderr: /the connection was lost before the answer to tools\/call\n$/,
    job: 'lost',
  },
  {
    what: '200 with nothing',
    misdeed: answer(200, '', JSON_TYPE),
    code: 3,
    stderr: /work answered tools\/call with nothing \(HTTP 200\)\n$/,
    job: 'lost',
  },
];

describe('to the call, which is sent once', () => {
  it.each(CALLS)('$what', async ({ misdeed, code, stderr, job }) => {
    const { server, work } = await place();
    await work.run('ls');
    server.on('tools/call', misdeed);
    expect(await work.run('work --n 1')).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(stderr),
    });
    expect(server.count('tools/call')).toBe(1);
    expect(await work.run('work --n 2 --background')).toMatchObject({ code });
    expect(await work.json('jobs list')).toMatchObject([{ status: job }]);
    expect(server.count('tools/call')).toBe(2);
  });
});

describe('a busy server that says when to come back', () => {
  const busy = (status: number) => answer(status, 'busy', { 'retry-after': '1' });

  it.each([
    ['server/discover', 503],
    ['server/discover', 429],
    ['initialize', 429],
    ['initialize', 503],
    ['tools/list', 503],
  ])('%s is asked again after HTTP %i', async (method, status) => {
    const { server, work } = await place();
    server.on(method, busy(status), 1);
    expect(await work.run('work --n 1')).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' });
    const [first, second] = server.seen.filter((one) => one.method === method);
    if (method !== 'server/discover' || second)
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990);
  });

  it('no longer than --timeout, and a call not at all', async () => {
    const { server, work } = await place();
    await work.run('ls');
    server.on('initialize', busy(503));
    expect(await work.run('work --n 1 --timeout 3s')).toMatchObject({ code: 124, stdout: '' });
    server.behave();
    server.on('tools/call', busy(503));
    expect(await work.run('work --n 1')).toMatchObject({ code: 3, stdout: '' });
    expect(server.count('tools/call')).toBe(1);
  });
});

describe('a session that is gone between initialize and the call', () => {
  const gone = answer(404, rpcError(-32001, 'Session not found', null), JSON_TYPE);

  it('is opened anew, and the call sent once more', async () => {
    const { server, work } = await place();
    await work.run('ls');
    const before = server.count('initialize');
    server.on('tools/call', gone, 1);
    expect(await work.run('work --n 1')).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' });
    expect({ calls: server.count('tools/call'), sessions: server.count('initialize') - before }).toEqual({
      calls: 2,
      sessions: 2,
    });
  });

  it('once: the second time it is an error', async () => {
    const { server, work } = await place();
    await work.run('ls');
    server.on('tools/call', gone);
    expect(await work.run('work --n 1')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('work no longer knows the session (HTTP 404): Session not found'),
    });
    expect(server.count('tools/call')).toBe(2);
  });

  it('not after HTTP 400, which may mean the call', async () => {
    const { server, work } = await place();
    await work.run('ls');
    server.on(
      'tools/call',
      answer(400, rpcError(-32000, 'Bad Request: No valid session ID provided', null), JSON_TYPE),
      1,
    );
    expect(await work.run('work --n 1')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('Bad Request: No valid session ID provided'),
    });
    expect(server.count('tools/call')).toBe(1);
  });

  it('a list that was refused so is asked for again', async () => {
    const { server, work } = await place();
    server.on('tools/list', gone, 1);
    expect(await work.run('work --n 1')).toMatchObject({ code: 0, stdout: 'worked\n' });
  });
});

it('what the person sent in a header is taken out of what the server says', async () => {
  const server = await hostileServer();
  const home = freshHome();
  const secret = 'tok-7fc1a2b3c4';
  await run(['instances', 'add', 'work', '--url', server.url, '--header', `X-Key: ${secret}`], { home });
  const echo = ({ request }: Exchange) => `no key like ${String(request.headers['x-key'])}`;
  for (const status of [401, 403, 404, 429, 500]) {
    server.behave();
    server.on('*', answer(status, echo, TEXT));
    const { stdout, stderr } = await run(['-v', 'work', 'work', '--n', '1'], { home });
    expect(stderr).toContain('no key like ***');
    expect(stdout + stderr).not.toContain(secret);
  }
  server.behave();
  server.on('*', answer(301, '', { location: `https://elsewhere.example/?key=${secret}` }));
  expect((await run(['work', 'work', '--n', '1'], { home })).stderr).toContain('elsewhere.example/?key=***');
  server.behave();
  server.on('tools/call', (exchange) => exchange.raw(answerTo(exchange)));
  expect(await run(['work', 'work', '--n', '1'], { home })).toMatchObject({ code: 0, stdout: 'worked\n' });
});
