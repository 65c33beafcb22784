/** Answers over HTTP that are odd, yet answers: event streams of every kind, encodings, media types; and floods that must not count together. */
import { describe, expect, it } from 'vitest';
import { hostileServer } from '../../support/hostile.ts';
import { answerTo, BODIES, STREAMS } from '../../support/http-faults.ts';
import { workAt } from '../../support/work.ts';

const WORKED = { code: 0, stdout: 'worked\n', stderr: '' };

describe.each([
  ['event stream', STREAMS],
  ['body', BODIES],
])('an answer in an odd %s is an answer', (_, misdeeds) => {
  it.each(Object.entries(misdeeds))('%s', async (_, misdeed) => {
    const server = await hostileServer();
    const work = await workAt(server.url);
    server.on('tools/call', misdeed);
    expect(await work.run('work --n 1')).toMatchObject(WORKED);
    expect(server.count('tools/call')).toBe(1);
  });
});

it.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('80 MiB of events whose lines end with %s, each small, end nothing', async (_, end) => {
  const server = await hostileServer();
  const work = await workAt(server.url);
  const data = JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'info', data: 'x'.repeat(64 * 1024) },
  });
  const event = Buffer.from(`event: message${end}data: ${data}${end}${end}`);
  server.on('tools/call', async (exchange) => {
    const { response } = exchange;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let sent = 0; sent < 80 * 1024 * 1024; sent += event.length)
      if (!response.write(event)) await new Promise((resolve) => response.once('drain', resolve));
    response.end(`data: ${answerTo(exchange)}${end}${end}`);
  });
  expect(await work.run('work --n 1')).toMatchObject(WORKED);
});

it('one event beyond the limit ends the call, and says why', async () => {
  const server = await hostileServer();
  const work = await workAt(server.url);
  const mebibyte = Buffer.alloc(1024 * 1024, 'x');
  server.on('tools/call', async ({ response }) => {
    let gone = false;
    response.once('close', () => {
      gone = true;
    });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: ');
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    while (!gone)
      if (!response.write(mebibyte))
        await Promise.race([closed, new Promise((resolve) => response.once('drain', resolve))]);
  });
  expect(await work.run('work --n 1')).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('its answer is larger than 64 MiB'),
  });
});

it('a stream that primes and closes at once is asked for again, ever more slowly, until --timeout', async () => {
  const server = await hostileServer();
  const work = await workAt(server.url);
  await work.run('ls');
  const before = server.count('GET');
  const closesAtOnce = ({ response }: { response: import('node:http').ServerResponse }) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: 1\nretry: 0\ndata:\n\n');
  server.on('tools/call', closesAtOnce);
  server.on('GET', closesAtOnce);
  expect(await work.run('work --n 1 --timeout 4s')).toMatchObject({ code: 124 });
  // Of the answer's stream and of the session's, each at most four times in the first second.
  const gets = server.seen.filter((one) => one.method === 'GET').slice(before);
  expect(gets.length).toBeLessThan(24);
  expect(gets.some(({ headers }) => headers['last-event-id'] === '1')).toBe(true);
});

it('a stream that broke is resumed where it was, with the call sent once', async () => {
  const server = await hostileServer();
  const work = await workAt(server.url);
  let call: { id: unknown } | undefined;
  server.on('tools/call', (exchange) => {
    call = exchange;
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream' });
    exchange.response.write('id: 7\nretry: 10\ndata:\n\n', () => exchange.response.destroy());
  });
  server.on('GET', (exchange) => {
    if (exchange.request.headers['last-event-id'] !== '7') return false;
    const json = answerTo(call as { id: unknown });
    return exchange.response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${json}\n\n`);
  });
  expect(await work.run('work --n 1')).toMatchObject(WORKED);
  expect(server.count('tools/call')).toBe(1);
});
