/** Floods and misdeeds of a server over stdio, and floods of questions: commands end, memory stays small, nothing stays behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { start } from '../support/cli.ts';
import { freshDir } from '../support/home.ts';
import { hostileServer } from '../support/hostile.ts';
import { homeWith } from '../support/instance.ts';
import { configure, endKeepers, keepers } from '../support/keeper.ts';
import { ledger } from '../support/ledger.ts';
import { workAt } from '../support/work.ts';

const SERVER = fileURLToPath(new URL('../support/hostile-stdio.js', import.meta.url));

/** Each misdeed, and the exit codes that it may come to. */
const MISDEEDS: [words: string, code: number, stdout: RegExp][] = [
  ['stderr-flood --size 200', 0, /^flooded\n$/],
  ['stdout-flood --size 70', 3, /^$/],
  ['garbage', 0, /^among garbage\n$/],
  ['deep --size 100000', 3, /^$/],
  ['exit', 3, /^$/],
  ['half', 3, /^$/],
  ['wrong-id', 124, /^$/],
  // The last: questions over stdio name no call, and may come when another one is already there.
  ['elicit-flood --size 5000', 8, /^$/],
];

it.skipIf(process.platform !== 'linux').each([
  ['without a keeper', false],
  ['through a keeper', true],
])('misdeeds over stdio, %s', async (_, keepAlive) => {
  const book = ledger(`misdeeds over stdio${keepAlive ? ', through a keeper' : ''}`);
  const calls = join(freshDir('calls'), 'calls');
  const home = await homeWith(['--env', `HOSTILE_CALLS=${calls}`, '--', process.execPath, SERVER]);
  configure(home, { keepAlive });
  endKeepers(home);
  for (const [words, code, stdout] of MISDEEDS) {
    book.tried();
    const handle = start(
      ['work', '--timeout', code === 124 ? '3s' : '20s', '--verbose', ...words.split(' ')],
      {
        home,
        timeoutMs: 60_000,
      },
    );
    let kib = 0;
    const timer = setInterval(() => {
      kib = Math.max(kib, rss(handle.pid));
    }, 20);
    const end = await handle.done;
    clearInterval(timer);
    if (end.code !== code || !stdout.test(end.stdout))
      book.wrong(`${words}: ${end.code} ${end.stdout.slice(0, 200)} ${end.stderr.slice(-400)}`);
    if (kib > 900 * 1024) book.wrong(`${words}: ${Math.round(kib / 1024)} MiB of memory`);
    if (keepAlive)
      for (const { pid } of await keepers(home))
        if (rss(pid) > 900 * 1024) book.wrong(`${words}: the keeper has ${Math.round(rss(pid) / 1024)} MiB`);
    const sent = readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`"${words.split(' ')[0]}"`));
    if (sent.length !== 1) book.twice(`${words}: ${sent.length} calls`);
  }
  book.settle();
});

function rss(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

it('a flood of questions and notifications over HTTP', async () => {
  const book = ledger('floods over HTTP');
  const server = await hostileServer();
  const work = await workAt(server.url, { MCP2CLI_RETRY_BUDGET: '1s' });
  await work.run('ls');
  const requestedSchema = { type: 'object', properties: { yes: { type: 'boolean' } } };
  const floods: [string, (i: number) => object][] = [
    ['elicitation/create', (i) => ({ id: `ask-${i}`, params: { message: `${i}?`, requestedSchema } })],
    [
      'notifications/progress',
      (i) => ({ params: { progressToken: i, progress: i, message: 'x'.repeat(1_000) } }),
    ],
    ['notifications/message', (i) => ({ params: { level: 'info', data: `${i}` } })],
    ['notifications/tools/list_changed', () => ({})],
    ['ping', (i) => ({ id: `ping-${i}` })],
    ['roots/list', (i) => ({ id: `roots-${i}` })],
    ['nonsense/__proto__', (i) => ({ id: i })],
  ];
  for (const [n, [method, message]] of floods.entries()) {
    book.tried();
    server.on(
      'tools/call',
      (exchange) => {
        const send = exchange.stream();
        for (let i = 0; i < 5_000; i++) send({ jsonrpc: '2.0', method, ...message(i) });
        send({ jsonrpc: '2.0', id: exchange.id, result: { content: [{ type: 'text', text: 'at last' }] } });
        exchange.response.end();
      },
      1,
    );
    const end = await work.run(`work --n ${n}`, { timeoutMs: 60_000 });
    const expected = method === 'elicitation/create' ? [0, 8] : [0];
    if (!expected.includes(end.code ?? -1)) book.wrong(`${method}: ${end.code} ${end.stderr.slice(-400)}`);
    if (end.code === 0 && end.stdout !== 'at last\n') book.lost(`${method}: ${end.stdout}`);
    if (end.stderr.length > 2_000_000) book.wrong(`${method}: ${end.stderr.length} characters on stderr`);
  }
  server.audit(book);
  expect(server.calls.size).toBe(floods.length);
  book.settle();
});
