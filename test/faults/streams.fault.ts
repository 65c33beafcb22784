/** Event streams of every line end, cut at every byte, of many megabytes in sum, and streams that close at once. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { inLanes } from '../../src/lib/lanes.ts';
import { type Exchange, type Hostile, hostileServer, TOOL } from '../support/hostile.ts';
import { answerTo } from '../support/http-faults.ts';
import { ledger } from '../support/ledger.ts';
import { peakOf } from '../support/memory.ts';
import { type Work, workAt } from '../support/work.ts';

const ENDS: Record<string, readonly string[]> = {
  LF: ['\n'],
  CR: ['\r'],
  CRLF: ['\r\n'],
  'all of them in turn': ['\n', '\r', '\r\n'],
};

const DESCRIPTION = 'é 日本 😀';

async function place(): Promise<{ server: Hostile; work: Work }> {
  const server = await hostileServer();
  return { server, work: await workAt(server.url) };
}

/** Lines with these ends in turn. A CR before an LF would be one end of two. */
function text(lines: readonly string[], ends: readonly string[]): Buffer {
  return Buffer.from(lines.map((line, i) => `${line}${ends[i % ends.length]}`).join(''));
}

/** The lines of a stream that answers: everything that the grammar has, the answer in two lines of data. */
function linesOf(id: unknown, result: unknown): string[] {
  const json = JSON.stringify({ jsonrpc: '2.0', id, result });
  const half = json.indexOf(',"result"') + 1;
  return [
    ': a comment',
    'event: ping',
    'data: keep',
    '',
    'id: 7',
    'event: message',
    `data: ${json.slice(0, half)}`,
    `data:${json.slice(half)}`,
    '',
  ];
}

function head(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.socket?.setNoDelay(true);
}

/** Resolves when the bytes have left this process, and the other side had a moment to read them alone. */
async function sent(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (bytes.length > 0) await new Promise<void>((resolve) => response.write(bytes, () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A list of tools in so many pages that each can be cut at another byte; the stream of each page is written by `write`. */
function pagesOf(
  server: Hostile,
  ends: readonly string[],
  write: (bytes: Buffer, cut: number, exchange: Exchange) => Promise<void>,
): { pages: () => number } {
  let pages = 0;
  server.on('tools/list', async (exchange) => {
    const cut = Number(exchange.params['cursor'] ?? 0);
    const tool = { ...TOOL, name: `t${cut}`, description: DESCRIPTION };
    const page = (more: object) => text(linesOf(exchange.id, { tools: [tool], ...more }), ends);
    const bytes = page({ nextCursor: `${cut + 1}` });
    pages = cut + 1;
    await write(cut < bytes.length ? bytes : page({}), cut, exchange);
  });
  return { pages: () => pages };
}

async function listedWhole(work: Work, pages: () => number): Promise<string | undefined> {
  const { code, stdout, stderr } = await work.run('--json ls', { timeoutMs: 120_000 });
  if (code !== 0 || stderr !== '') return `${code} ${stderr.slice(0, 400)}`;
  const { items } = JSON.parse(stdout).data as { items: { id: string; description: string }[] };
  const names = Array.from({ length: pages() }, (_, i) => `t${i}`).sort();
  if (JSON.stringify(items.map(({ id }) => id).sort()) !== JSON.stringify(names))
    return `${items.length} tools of ${pages()}`;
  const other = items.find(({ description }) => description !== DESCRIPTION);
  return other && `${other.id}: ${other.description}`;
}

it.each(Object.entries(ENDS))('lines that end with %s, cut in two at every byte', async (_, ends) => {
  const book = ledger('event streams cut in two at every byte');
  const { server, work } = await place();
  const { pages } = pagesOf(server, ends, async (bytes, cut, { response }) => {
    book.tried();
    head(response);
    await sent(response, bytes.subarray(0, cut));
    response.end(bytes.subarray(cut));
  });
  const problem = await listedWhole(work, pages);
  if (problem) book.lost(problem);
  expect(pages()).toBeGreaterThan(150);
  book.settle();
});

it.each(Object.entries(ENDS))('lines that end with %s, byte by byte', async (_, ends) => {
  const book = ledger('event streams byte by byte');
  const { server, work } = await place();
  server.on('tools/call', async ({ response, id }) => {
    head(response);
    for (const byte of text(linesOf(id, server.callResult), ends)) await sent(response, Uint8Array.of(byte));
    response.end();
  });
  book.tried();
  const { code, stdout, stderr } = await work.run('work --n 1');
  if (code !== 0 || stdout !== 'worked\n') book.lost(`${code} ${stderr}`);
  server.audit(book);
  book.settle();
});

it('lines of every end, broken at a byte and resumed', async () => {
  const book = ledger('event streams broken at a byte, and resumed');
  // They wait for most of the time.
  await inLanes(4, Object.entries(ENDS), async ([name, ends]) => {
    const { server, work } = await place();
    let rest: Buffer | undefined;
    const { pages } = pagesOf(server, ends, async (bytes, cut, { response }) => {
      head(response);
      // Each time it takes a pause: every ninth byte.
      if (cut % 9 > 0) return void response.end(bytes);
      book.tried();
      rest = bytes;
      const prime = text(['id: prime', 'retry: 0', 'data:', ''], ends);
      await sent(response, Buffer.concat([prime, bytes.subarray(0, cut)]));
      response.destroy();
    });
    server.on('GET', ({ request, response }) => {
      if (request.headers['last-event-id'] === undefined) return false;
      head(response);
      response.end(rest);
      return true;
    });
    const problem = await listedWhole(work, pages);
    if (problem) book.lost(`${name}: ${problem}`);
  });
  book.settle();
});

it.each(Object.entries(ENDS))('lines that end with %s, ended at a byte for good', async (_, ends) => {
  const book = ledger('event streams that end in the middle');
  const whole = text(linesOf(1, { content: [] }), ends);
  const cuts = Array.from({ length: 12 }, (_, i) => Math.floor(((i + 0.5) * whole.length) / 12));
  await inLanes(3, cuts, async (cut) => {
    const { server, work } = await place();
    await work.run('ls');
    server.on('tools/call', ({ response, id }) => {
      head(response);
      response.end(text(linesOf(id, { content: [] }), ends).subarray(0, cut));
    });
    book.tried();
    const { code, stdout, stderr } = await work.run('--timeout 20s work --n 1');
    // The end of the stream is told at once, and nobody knows what the call did.
    if (code !== 3 || stdout !== '' || !stderr.startsWith('error: '))
      book.wrong(`cut at ${cut}: ${code} ${stdout}${stderr}`);
    server.audit(book);
  });
  book.settle();
});

const NOTE = (data: string) =>
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } });

/** What a stream of 80 MiB in sum may be made of. */
const FLOODS: Record<string, readonly string[]> = {
  'notes of 64 KiB': [`data: ${NOTE('x'.repeat(64 * 1024))}`, ''],
  'notes of 100 bytes': [`data: ${NOTE('x'.repeat(100))}`, ''],
  comments: [`: ${'x'.repeat(1_000)}`],
  'ids and retries': [`id: ${'7'.repeat(100)}`, 'retry: 1000', ''],
  'fields unheard of': [`x: ${'y'.repeat(1_000)}`, ''],
  'events of other types': ['event: ping', `data: ${'x'.repeat(10_000)}`, ''],
};

it.each(Object.keys(ENDS))('80 MiB in sum, with lines that end with %s', async (name) => {
  const book = ledger('event streams of 80 MiB in sum');
  const ends = ENDS[name] ?? [];
  // What is dear to write is written with one line end.
  const kinds = Object.entries(FLOODS).slice(0, name === 'LF' ? undefined : 3);
  await inLanes(2, kinds, async ([kind, lines]) => {
    const { server, work } = await place();
    await work.run('ls');
    const times = Math.ceil(65_536 / (lines.join('').length + lines.length));
    const part = text(
      Array(times * 3)
        .fill(lines)
        .flat(),
      ends,
    );
    server.on('tools/call', async (exchange) => {
      const { response } = exchange;
      head(response);
      const gone = once(response, 'close');
      for (let bytes = 0; bytes < 80 * 1024 * 1024 && !response.destroyed; bytes += part.length)
        if (!response.write(part)) await Promise.race([gone, once(response, 'drain')]);
      response.end(`data: ${answerTo(exchange)}\n\n`);
    });
    book.tried();
    const { end, mib } = await peakOf(work.start('work --n 1', { timeoutMs: 120_000 }));
    if (end.code !== 0 || end.stdout !== 'worked\n')
      book.lost(`${kind}: ${end.code} ${end.stderr.slice(0, 400)}`);
    if (mib > 300) book.wrong(`${kind}: ${Math.round(mib)} MiB of memory`);
    server.audit(book);
  });
  book.settle();
});

/** Streams that close as soon as they were opened, and how they ask to be opened again. */
const CLOSING: Record<string, string> = {
  'retry: 0': 'id: 1\nretry: 0\ndata:\n\n',
  'retry: 0 and CRLF': 'id: 1\r\nretry: 0\r\ndata:\r\n\r\n',
  'retry: 0 in each of many events': 'id: 1\nretry: 0\ndata:\n\n'.repeat(1_000),
  'a retry that is negative': 'id: 1\nretry: -1\ndata:\n\n',
  'a retry of words': 'id: 1\nretry: soon\ndata:\n\n',
  'a retry of 0.001': 'id: 1\nretry: 0.001\ndata:\n\n',
  'retry: 00000': 'id: 1\nretry: 00000\ndata:\n\n',
  'a ping each time': 'id: 1\nretry: 0\ndata: {"jsonrpc":"2.0","id":"p","method":"ping"}\n\n',
  'a note each time': `id: 1\nretry: 0\ndata: ${NOTE('again')}\n\n`,
  'another id each time': 'id: NEXT\nretry: 0\ndata:\n\n',
  'comments only': 'id: 1\nretry: 0\ndata:\n\n: x\n',
  'an unfinished event': 'id: 1\nretry: 0\ndata:\n\ndata: {',
};

it('streams that close at once are asked for again a few times a second at most', async () => {
  const book = ledger('event streams that close at once');
  await inLanes(4, Object.entries(CLOSING), async ([name, words]) => {
    const { server, work } = await place();
    await work.run('ls');
    const before = server.count('GET');
    let next = 0;
    const close = ({ response }: Exchange) => {
      head(response);
      response.end(words.replaceAll('NEXT', `${next++}`));
    };
    server.on('tools/call', close);
    server.on('GET', close);
    book.tried();
    const { code, stderr } = await work.run('--timeout 4s work --n 1');
    const gets = server.count('GET') - before;
    if (code !== 124) book.wrong(`${name}: ${code} ${stderr}`);
    // Of the answer's stream and of the session's, each four times a second at most.
    if (gets > 40) book.wrong(`${name}: ${gets} GETs in 4 s`);
    server.audit(book);
  });
  book.settle();
});
