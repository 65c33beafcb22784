/** Whatever a server sends, it holds up the event loop of a keeper for a moment only: its other jobs, and the commands that ask it, go on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../support/cli.ts';
import { HEAVY_CHECKS } from '../support/heavy-checks.ts';
import { freshDir } from '../support/home.ts';
import { type Exchange, type Hostile, hostileServer, TOOL } from '../support/hostile.ts';
import { homeAt } from '../support/instance.ts';
import { configure, endKeepers } from '../support/keeper.ts';
import { ledger } from '../support/ledger.ts';

const HOOK = new URL('../support/loop-delay.mjs', import.meta.url);
const KIB = 1024;

interface Kind {
  name: string;
  /** How long it may hold the keeper up, in milliseconds (docs/reliability.md, "Known limits"). */
  most: number;
  prepare?: (server: Hostile) => void;
  call: (exchange: Exchange) => unknown;
}

/** Values of megabytes, or of tens of thousands of names: read in one go, as every message is. */
const LARGE = /100,000 objects|of each name|not evaluated/;

const plain = ({ result }: Exchange) => result({ content: [{ type: 'text', text: 'done' }] });
const resultOf =
  (bytes: number) =>
  ({ result }: Exchange) =>
    result({ content: [{ type: 'text', text: 'x'.repeat(bytes) }] });

const KINDS: Kind[] = [
  { name: 'nothing much', most: 100, call: plain },
  { name: 'a result of 1 MiB', most: 100, call: resultOf(KIB * KIB) },
  { name: 'a result of 8 MiB', most: 400, call: resultOf(8 * KIB * KIB) },
  {
    name: '1,000 notifications',
    most: 100,
    call: (exchange) => {
      const send = exchange.stream();
      const params = { level: 'info', data: 'a note of some length, as servers write them' };
      for (let i = 0; i < 1_000; i++) send({ jsonrpc: '2.0', method: 'notifications/message', params });
      send({ jsonrpc: '2.0', id: exchange.id, result: { content: [{ type: 'text', text: 'done' }] } });
      exchange.response.end();
    },
  },
  ...HEAVY_CHECKS.filter((_, i) => i % 3 === 0).map(
    ({ name, schema, value }): Kind => ({
      name: `a check: ${name}`,
      most: LARGE.test(name) ? 400 : 100,
      prepare: (server) => {
        server.tools = server.tools.map((tool) => ({ ...(tool as object), outputSchema: schema }));
      },
      call: ({ result }) => result({ content: [], structuredContent: value() }),
    }),
  ),
];

/** A keeper that writes down how long its event loop was held up, with a first job behind it: what that loads is loaded once. */
async function measured({ prepare, call }: Pick<Kind, 'prepare' | 'call'>) {
  const server = await hostileServer();
  const serverInfo = { name: 'heavy', version: '1' };
  const capabilities = { tools: {} };
  server.on('initialize', ({ result }) =>
    result({ protocolVersion: '2025-11-25', capabilities, serverInfo }),
  );
  server.on('tools/call', call);
  server.on('tools/call', plain, 1);
  const home = await homeAt(server.url);
  configure(home, { keepAlive: true });
  endKeepers(home);
  const file = join(freshDir('delays'), 'delays');
  writeFileSync(file, '');
  const env = { NODE_OPTIONS: `--import=${fileURLToPath(HOOK)}`, LOOP_DELAY_FILE: file };
  const work = (...words: string[]) => run(['work', ...words], { home, env, timeoutMs: 90_000 });
  const delays = () =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).longest as number);
  /** Resolves when an interval that begins from now on has been written. */
  const written = async () => {
    const seen = delays().length;
    await expect.poll(() => delays().length).toBeGreaterThan(seen + 1);
  };
  const submit = async (n: number) => {
    const sent = await work('work', '--n', `${n}`, '--background', '--detach', '-q');
    return work('--json', 'jobs', 'wait', sent.stdout.trim());
  };
  expect(await submit(0)).toMatchObject({ code: 0 });
  prepare?.(server);
  await work('refresh');
  await written();
  const before = delays().length;
  return {
    work,
    submit: () => submit(1),
    async longest() {
      await written();
      return Math.round(Math.max(...delays().slice(before)));
    },
  };
}

it.each(KINDS)('$name', async (kind) => {
  const { name, most } = kind;
  const book = ledger('what holds a keeper up');
  const { submit, longest } = await measured(kind);
  book.tried();
  const waited = await submit();
  if (!waited.stdout.startsWith('{')) book.lost(`${name}: ${waited.code} ${waited.stderr.slice(0, 300)}`);
  const ms = await longest();
  process.stdout.write(`  held up by ${name}: ${ms} ms\n`);
  if (ms > most) book.wrong(`${name}: held up for ${ms} ms`);
  book.settle();
});

it('a list of 2,000 tools', async () => {
  const book = ledger('what holds a keeper up');
  const { work, longest } = await measured({
    call: plain,
    prepare: (server) => {
      server.tools = Array.from({ length: 2_000 }, (_, i) => ({ ...TOOL, name: `tool${i}` }));
    },
  });
  book.tried();
  const listed = await work('refresh');
  if (listed.code !== 0) book.lost(`${listed.code} ${listed.stderr.slice(0, 300)}`);
  const ms = await longest();
  process.stdout.write(`  held up by a list of 2,000 tools: ${ms} ms\n`);
  if (ms > 100) book.wrong(`held up for ${ms} ms`);
  book.settle();
});
