/** Schemas times values that would take minutes to check: commands end within their limits, results are whole, a keeper goes on with its other work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { fastClock } from '../../support/fast-clock.ts';
import { freshDir } from '../../support/home.ts';
import { type Hostile, hostileServer } from '../../support/hostile.ts';
import { dataOf, homeAt, homeWith } from '../../support/instance.ts';
import { configure, endKeepers, theKeeper } from '../../support/keeper.ts';

/** A check that is given up takes five seconds of the processor: these are over sooner. */
const env = fastClock(10);

const ROWS = Array.from({ length: 30_000 }, (_, id) => ({ id, name: `row ${id}`, tags: ['a', `${id}`] }));
/** 450 million comparisons of objects. */
const UNIQUE = { type: 'object', properties: { rows: { type: 'array', uniqueItems: true } } };
const RESULT = { content: [{ type: 'text', text: 'rows' }], structuredContent: { rows: ROWS } };

async function serverOf(tool: object): Promise<Hostile> {
  const server = await hostileServer();
  server.tools = [{ name: 'rows', inputSchema: { type: 'object' }, ...tool }];
  server.callResult = RESULT;
  // Without tasks the call runs here, and its result is checked here.
  server.on('initialize', (exchange) =>
    exchange.result({
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'hostile', version: '1' },
    }),
  );
  return server;
}

/** Resolves when the server has got a request of this method. */
function requested(server: Hostile, method: string): Promise<void> {
  return new Promise((resolve) =>
    server.on(
      method,
      () => {
        resolve();
        return false;
      },
      1,
    ),
  );
}

function argsFile(): string {
  const path = join(freshDir('args'), 'args.json');
  writeFileSync(path, JSON.stringify({ rows: ROWS }));
  return `@${path}`;
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a check of arguments at once', async (signal, code) => {
  const server = await serverOf({ inputSchema: UNIQUE });
  const home = await homeAt(server.url);
  const listed = requested(server, 'tools/list');
  const handle = start(['work', 'rows', '--args', argsFile()], { home });
  await listed;
  handle.signal(signal);
  expect(await handle.done).toMatchObject({ code, stdout: '' });
  expect(server.count('tools/call')).toBe(0);
});

it('--timeout ends a check of arguments', async () => {
  const server = await serverOf({ inputSchema: UNIQUE });
  const home = await homeAt(server.url);
  await run(['work', 'ls'], { home });
  const end = await run(['work', '--timeout', '1s', 'rows', '--args', argsFile()], { home });
  expect(end).toMatchObject({ code: 124, stdout: '' });
  expect(end.stderr).toContain('not checked in time; nothing was sent');
  expect(server.count('tools/call')).toBe(0);
});

it('arguments whose check takes too long are sent with a warning', async () => {
  const server = await serverOf({ inputSchema: UNIQUE });
  server.callResult = { content: [{ type: 'text', text: 'taken' }] };
  const home = await homeAt(server.url);
  const end = await run(['work', 'rows', '--args', argsFile()], { home, env });
  expect(end).toMatchObject({ code: 0, stdout: 'taken\n' });
  expect(end.stderr).toMatch(/^warning: the arguments of rows were not checked: the check was given up \(/);
});

it('large arguments are checked all the same', async () => {
  const inputSchema = {
    type: 'object',
    properties: { rows: { type: 'array', items: { properties: { id: { type: 'integer' } } } } },
  };
  const server = await serverOf({ inputSchema });
  const home = await homeAt(server.url);
  const path = join(freshDir('args'), 'args.json');
  writeFileSync(path, JSON.stringify({ rows: [...ROWS, { id: 'x' }] }));
  const end = await run(['work', 'rows', '--args', `@${path}`], { home });
  expect(end).toMatchObject({ code: 2, stdout: '' });
  expect(end.stderr).toContain('--rows: item 30001, id: must be an integer (given "x")');
});

it.each([
  ['in the foreground', ['--retries', '2']],
  ['in the background', ['--background', '--json']],
])('a result whose check takes too long is whole, and says so: %s', async (_, flags) => {
  const server = await serverOf({ outputSchema: UNIQUE });
  const home = await homeAt(server.url);
  const end = await run(['work', 'rows', ...flags], { home, env });
  expect(end.code).toBe(0);
  expect(end.stderr).toContain('the result was not checked: the check was given up (');
  const shown = await run(['work', '--json', 'jobs', 'wait', '--latest'], { home });
  expect(dataOf(shown)).toMatchObject({ status: 'completed', result: RESULT });
  const log = await run(['work', 'jobs', 'logs', '--latest'], { home });
  expect(log.stdout).toContain('the result was not checked');
  expect(server.count('tools/call')).toBe(1);
});

it('a keeper goes on with its other work while a hostile check runs', async () => {
  const server = await serverOf({ outputSchema: UNIQUE });
  const home = await homeWith(['--url', server.url]);
  configure(home, { keepAlive: true });
  endKeepers(home);
  // It runs, and knows the server.
  await run(['work', 'jobs', 'list'], { home, env: fastClock(5) });
  const called = requested(server, 'tools/call');
  const submitted = await run(['work', 'rows', '--background', '--detach', '--json'], { home });
  const { job_id } = dataOf<{ job_id: string }>(submitted);
  await called;
  let answered = 0;
  for (let status = 'running'; status === 'queued' || status === 'running'; ) {
    const { answers } = await theKeeper(home);
    expect(answers).toBe(true);
    answered += 1;
    status = dataOf<{ status: string }>(
      await run(['work', '--json', 'jobs', 'show', job_id], { home }),
    ).status;
  }
  // The check takes its time, in which it is asked more than once.
  expect(answered).toBeGreaterThan(1);
  const ended = await run(['work', '--json', 'jobs', 'wait', job_id], { home });
  expect(dataOf(ended)).toMatchObject({ status: 'completed', result: RESULT });
  const log = await run(['keeper', 'logs', 'work'], { home });
  expect(log.stdout).toContain('the result was not checked');
});

it('20,000 properties have flags, help and a check, and take little memory', async () => {
  const properties = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`prop${i}`, { type: 'integer', description: 'One of many.' }]),
  );
  const server = await serverOf({ inputSchema: { type: 'object', properties } });
  const home = await homeAt(server.url);
  // It took half a gigabyte.
  const env = { NODE_OPTIONS: '--max-old-space-size=160' };
  const work = (...words: string[]) => run(['work', 'rows', ...words], { home, env });
  expect((await work('--help')).stdout).toContain('--prop7');
  expect(await work('--prop19999', '5', '--quiet')).toMatchObject({ code: 0, stderr: '' });
  const wrong = await work('--prop19999', 'five', '--args', '{"prop5": "x"}');
  expect(wrong).toMatchObject({ code: 2 });
  for (const name of ['prop5', 'prop19999']) expect(wrong.stderr).toContain(`--${name}: must be an integer`);
});

it('a schema that is too long to be compiled leaves the tool usable', async () => {
  const properties = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`prop${i}`, { type: 'string', pattern: `^${i}` }]),
  );
  const server = await serverOf({ inputSchema: { type: 'object', properties } });
  server.callResult = { content: [{ type: 'text', text: 'taken' }] };
  const home = await homeAt(server.url);
  const end = await run(['work', 'rows', '--prop5', 'x'], { home });
  expect(end).toMatchObject({ code: 0, stdout: 'taken\n' });
  expect(end.stderr).toMatch(/not checked: its schema is unusable \(it is longer than 256 KiB/);
});
