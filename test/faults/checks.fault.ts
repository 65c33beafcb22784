/** Schemas times values: however much work a check would be, every command ends within its limits, and a keeper goes on with its other jobs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inLanes } from '../../src/lib/lanes.ts';
import { type Handle, type RunResult, run, start } from '../support/cli.ts';
import { HEAVY_CHECKS, type HeavyCheck } from '../support/heavy-checks.ts';
import { freshDir } from '../support/home.ts';
import { type Hostile, hostileServer } from '../support/hostile.ts';
import { dataOf, homeAt, submitted } from '../support/instance.ts';
import { configure, endKeepers, theKeeper } from '../support/keeper.ts';
import { ledger } from '../support/ledger.ts';
import { mostMib, peakOf } from '../support/memory.ts';

/** No command may have more, with a check's thread in it, which ends at 256 MiB. */
const MOST_MIB = 600;
/** To the end of a command that may take a second or none, on a busy machine. */
const LONGEST_MS = 20_000;

const TOOLS = { in: 'checks arguments', out: 'checks its result', quick: 'is none of that' };

/** A server without tasks; `check` is of what `in` is sent, and of what `out` brings. */
async function serverOf({ schema, value }: Pick<HeavyCheck, 'schema' | 'value'>): Promise<Hostile> {
  const server = await hostileServer();
  server.tools = Object.entries(TOOLS).map(([name, description]) => ({
    name,
    description,
    inputSchema: name === 'in' ? schema : { type: 'object' },
    ...(name === 'out' ? { outputSchema: schema } : {}),
  }));
  const serverInfo = { name: 'heavy', version: '1' };
  server.on('initialize', ({ result }) =>
    result({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }),
  );
  server.on('tools/call', ({ params, result }) => result(resultOf(params['name'], value)));
  return server;
}

function resultOf(tool: unknown, value: HeavyCheck['value']) {
  const content = [{ type: 'text', text: 'taken' }];
  return tool === 'out' ? { content, structuredContent: value() } : { content };
}

function argsOf(value: HeavyCheck['value']): string[] {
  const path = join(freshDir('args'), 'args.json');
  writeFileSync(path, JSON.stringify(value()));
  return ['--args', `@${path}`];
}

const told = (name: string, { code, signal, stdout, stderr }: RunResult) =>
  `${name}: ${code ?? signal} ${stdout.slice(0, 200)} ${stderr.slice(0, 400)}`;

it('of arguments: --timeout holds, and nothing is sent after it', async () => {
  const book = ledger('heavy checks: arguments, with --timeout');
  await inLanes(2, HEAVY_CHECKS, async ({ name, endless, schema, value }) => {
    const server = await serverOf({ schema, value });
    const home = await homeAt(server.url);
    await run(['work', 'ls'], { home });
    book.tried();
    const began = performance.now();
    const words = ['work', '--timeout', '1s', 'call', 'in', ...argsOf(value)];
    const { end, mib } = await peakOf(start(words, { home, timeoutMs: 60_000 }));
    const took = performance.now() - began;
    // It was right or not to be checked, it was wrong, or it was not found out in time.
    const sent = end.code === 0 ? 1 : 0;
    if (![0, 2, 124].includes(end.code ?? -1) || end.stdout !== (sent ? 'taken\n' : ''))
      book.wrong(told(name, end));
    // What was found to be right in time may have been answered too late.
    const late = end.code === 124 && !endless && !end.stderr.includes('nothing was sent');
    const calls = server.count('tools/call');
    if (late ? calls > 1 : calls !== sent) book.twice(`${name}: ${calls} calls`);
    if (took > LONGEST_MS) book.wrong(`${name}: took ${Math.round(took)} ms`);
    if (mib > MOST_MIB) book.wrong(`${name}: ${Math.round(mib)} MiB of memory`);
  });
  book.settle();
});

/** Checks that are surely given up. */
const ENDLESS = HEAVY_CHECKS.filter(({ endless }) => endless);

it('of arguments: SIGINT and SIGTERM end it', async () => {
  expect(ENDLESS.length).toBeGreaterThan(3);
  const book = ledger('heavy checks: a signal');
  await inLanes(2, [...ENDLESS.entries()], async ([n, { name, schema, value }]) => {
    const [signal, code] = n % 2 ? (['SIGINT', 130] as const) : (['SIGTERM', 143] as const);
    const server = await serverOf({ schema, value });
    const home = await homeAt(server.url);
    await run(['work', 'ls'], { home });
    book.tried();
    const handle = start(['work', 'call', 'in', ...argsOf(value)], { home, timeoutMs: 60_000 });
    // Reading the arguments takes less.
    await expect.poll(() => processorMs(handle), { interval: 20 }).toBeGreaterThan(1_500);
    const began = performance.now();
    handle.signal(signal);
    const end = await handle.done;
    const took = performance.now() - began;
    if (end.code !== code || end.stdout !== '') book.wrong(told(name, end));
    if (took > LONGEST_MS) book.wrong(`${name}: took ${Math.round(took)} ms after ${signal}`);
    // Where the machine is so busy that the check was given up by then, it said so.
    if (server.count('tools/call') > 0 && !end.stderr.includes('the check was given up'))
      book.twice(`${name}: it was called`);
  });
  book.settle();
});

/** Time of the processor that a process has used, of all its threads. Linux only: elsewhere as if it had used enough. */
function processorMs({ pid }: Handle): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

it('of results: the result is whole, in the foreground and in the background', async () => {
  const book = ledger('heavy checks: results');
  await inLanes(2, HEAVY_CHECKS, async ({ name, schema, value }) => {
    const server = await serverOf({ schema, value });
    const home = await homeAt(server.url);
    const whole = resultOf('out', value);
    // A call that is not to be tried again is answered without a check.
    for (const flags of [
      ['--retries', '2', '--timeout', '3s'],
      ['--background', '--timeout', '3s'],
    ]) {
      const way = `${name}, ${flags[0]}`;
      book.tried();
      const words = ['work', '--json', 'call', 'out', ...flags];
      const { end, mib } = await peakOf(start(words, { home, timeoutMs: 60_000 }));
      const stored = flags[0] === '--background';
      const shown = stored ? await run(['work', '--json', 'jobs', 'show', '--latest'], { home }) : end;
      const data = dataOf<{ status?: string; result?: unknown; error?: { message: string } }>(shown);
      // A result that breaks the schema is an error of the job, which keeps it.
      const failed = stored && data.status === 'failed';
      if (end.code !== (failed ? 1 : 0)) book.wrong(told(way, end));
      if (failed && !data.error?.message.includes('outputSchema'))
        book.wrong(`${way}: ${data.error?.message}`);
      const result = stored ? data.result : data;
      if (JSON.stringify(result) !== JSON.stringify(whole)) book.torn(told(way, shown));
      if (mib > MOST_MIB) book.wrong(`${way}: ${Math.round(mib)} MiB of memory`);
    }
    if (server.count('tools/call') !== 2) book.twice(`${name}: ${server.count('tools/call')} calls`);
  });
  book.settle();
});

it('of results in a keeper: its other jobs go on', async () => {
  const book = ledger('heavy checks: in a keeper with other jobs');
  // Two at a time, each for its five seconds of the processor: every second one is enough.
  const schemas = HEAVY_CHECKS.filter((_, i) => i % 2 === 0);
  const server = await serverOf({ schema: {}, value: () => ({}) });
  server.tools.push(
    ...schemas.map(({ schema }, i) => ({
      name: `heavy${i}`,
      inputSchema: { type: 'object' },
      outputSchema: schema,
    })),
  );
  server.on('tools/call', ({ params: { name }, result }) => {
    const heavy = /^heavy(\d+)$/.exec(`${name}`)?.[1];
    result(
      heavy === undefined ? resultOf(name, () => ({})) : resultOf('out', schemas[+heavy]?.value ?? Object),
    );
  });
  const home = await homeAt(server.url);
  configure(home, { keepAlive: true });
  endKeepers(home);
  await run(['work', 'ls'], { home });
  const ids: string[] = [];
  for (const i of schemas.keys()) {
    book.tried();
    ids.push(await submitted(home, ['work', `heavy${i}`, '--detach']));
  }
  const { pid } = await theKeeper(home);
  let quick = 0;
  let mib = 0;
  for (let running = true; running; ) {
    const began = performance.now();
    const id = await submitted(home, ['work', 'quick', '--detach']);
    const end = await run(['work', 'jobs', 'wait', id], { home });
    const took = performance.now() - began;
    quick += 1;
    if (end.code !== 0 || end.stdout !== 'taken\n') book.lost(told('quick', end));
    if (took > 10_000) book.wrong(`another job took ${Math.round(took)} ms`);
    const keeper = await theKeeper(home);
    if (keeper.pid !== pid || !keeper.answers) book.wrong(`the keeper: ${JSON.stringify(keeper)}`);
    mib = Math.max(mib, mostMib(pid));
    running = keeper.jobs.some(({ job_id }) => ids.includes(job_id));
  }
  expect(quick).toBeGreaterThan(3);
  for (const [i, id] of ids.entries()) {
    const { result, status } = dataOf(await run(['work', '--json', 'jobs', 'show', id], { home }));
    const name = schemas[i]?.name;
    if (status !== 'completed' && status !== 'failed') book.lost(`${name}: ${status}`);
    if (JSON.stringify(result) !== JSON.stringify(resultOf('out', schemas[i]?.value ?? Object)))
      book.torn(`${name}: another result`);
  }
  if (mib > 900) book.wrong(`the keeper has had ${Math.round(mib)} MiB`);
  if (server.count('tools/call') !== ids.length + quick) book.twice(`${server.count('tools/call')} calls`);
  book.settle();
});
