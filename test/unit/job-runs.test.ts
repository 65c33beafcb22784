/** Runs of job files through the provider: real threads, a real store, no server in between. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { resolvePaths } from '../../src/config/paths.ts';
import { DEFAULT_SETTINGS } from '../../src/config/settings/settings.ts';
import { type Context, processContext } from '../../src/context.ts';
import type { Provider, RunEvents } from '../../src/jobhost/provider.ts';
import { folderProvider } from '../../src/jobhost/runs/folder-provider.ts';
import { openJobStore } from '../../src/jobs/store/job-store.ts';

const after: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const work of after.splice(0).reverse()) await work();
});

const base = processContext('/none');
const silent = { note() {}, detail() {}, warn() {} };

interface Fixture {
  provider: Provider;
  jobs: string;
  store: ReturnType<typeof openJobStore>;
  run(
    name: string,
    input?: object,
    more?: RunEvents & { signal?: AbortSignal; jobId?: string },
  ): ReturnType<Provider['run']>;
}

/** Files of jobs by their names without `.job.mjs`; the text is what stands behind `export default job(...)(`. */
async function host(
  files: Record<string, string>,
  env: Record<string, string> = {},
  slept?: number[],
): Promise<Fixture> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'job-runs-')));
  after.push(() => rmSync(root, { recursive: true, force: true }));
  const jobs = join(root, 'jobs');
  mkdirSync(jobs);
  for (const [name, text] of Object.entries(files)) write(jobs, name, text);
  const paths = resolvePaths({
    env: { MCP2CLI_HOME: root },
    home: root,
    cwd: root,
    platform: process.platform,
  });
  const context: Context = {
    ...base,
    env: { ...process.env, MCP2CLI_HOME: root, ...env },
    ...(slept
      ? {
          clock: {
            ...base.clock,
            sleep: (ms: number, signal?: AbortSignal) => {
              slept.push(ms);
              return base.clock.sleep(0, signal);
            },
          },
        }
      : {}),
  };
  const provider = await folderProvider({
    context,
    paths,
    log: silent,
    path: jobs,
    instance: { name: 'etl', settings: DEFAULT_SETTINGS },
  });
  after.push(() => provider.close());
  return {
    provider,
    jobs,
    store: openJobStore({ dir: paths.jobsDir('etl'), instance: 'etl', clock: base.clock }),
    run: (name, input = {}, { jobId, signal = new AbortController().signal, ...events } = {}) =>
      provider.run({ name, input: input as Record<string, unknown>, jobId }, { signal, ...events }),
  };
}

function write(jobs: string, name: string, text: string): void {
  const own = text.startsWith('import')
    ? text
    : `import { job, z } from 'mcp2cli/jobs';\nexport default ${text}`;
  writeFileSync(join(jobs, `${name}.job.mjs`), own);
}

const any = 'inputSchema: {}, outputSchema: z.looseObject({})';
const simple = (name: string, body: string, more = '') =>
  `job({ name: '${name}', ${any}, ${more} })(async (input, ctx) => { ${body} })`;

const textOf = (result: Awaited<ReturnType<Provider['run']>>) => (result.content[0] as { text: string }).text;

test('runs a job: input is checked and completed, output is checked', async () => {
  const { run } = await host({
    greet: `job({ name: 'greet', inputSchema: { name: z.string().min(2), times: z.number().default(2) }, outputSchema: { message: z.string() } })(
      (input, ctx) => ({ message: 'Hello ' + input.name + ' ' + input.times, more: 'left out' }))`,
    wrong: `job({ name: 'wrong', inputSchema: {}, outputSchema: { n: z.number() }, retry: {} })(() => ({ n: 'no number' }))`,
  });
  expect(await run('greet', { name: 'Ada' })).toEqual({
    content: [{ type: 'text', text: '{"message":"Hello Ada 2"}' }],
    structuredContent: { message: 'Hello Ada 2' },
  });
  await expect(run('greet', { name: 'A' })).rejects.toMatchObject({ code: 'invalid_input', exitCode: 2 });
  await expect(run('gret')).rejects.toMatchObject({
    code: 'unknown_entry',
    message: expect.stringContaining('did you mean greet'),
  });
  // The work is done, and not done again.
  const wrong = await run('wrong');
  expect(wrong).toMatchObject({
    isError: true,
    _meta: { 'mcp2cli/run': { error: { code: 'output_invalid' } } },
  });
  expect(textOf(wrong)).toContain('n: ');
});

test('tries again as the job asks for, with pauses that grow, and says which attempt it was', async () => {
  const slept: number[] = [];
  const { run } = await host(
    {
      flaky: simple(
        'flaky',
        `ctx.log('try ' + ctx.attempt); if (ctx.attempt < 3) throw new Error('not yet'); return { attempt: ctx.attempt };`,
        'retry: { maxAttempts: 5, backoffMs: 2000, maxBackoffMs: 3000 }',
      ),
      once: simple('once', `throw new Error('once ' + ctx.attempt);`),
      odd: simple('odd', `throw 'a text';`),
      given: simple('given', `ctx.fail('given up at ' + ctx.attempt);`, 'retry: {}'),
      early: simple('early', `ctx.respond({ early: true }); return { early: false };`),
    },
    {},
    slept,
  );
  const lines: string[] = [];
  expect(await run('flaky', {}, { onLog: ({ text }) => lines.push(text) })).toMatchObject({
    structuredContent: { attempt: 3 },
    _meta: { 'mcp2cli/run': { attempt: 3 } },
  });
  expect(slept).toEqual([2000, 3000]);
  expect(lines).toEqual([
    'attempt 1 of 5',
    'try 1',
    'attempt 1 failed: not yet',
    'the next attempt comes in 2 s',
    'attempt 2 of 5',
    'try 2',
    'attempt 2 failed: not yet',
    'the next attempt comes in 3 s',
    'attempt 3 of 5',
    'try 3',
  ]);
  expect(textOf(await run('once'))).toBe('once 1');
  expect(textOf(await run('odd'))).toBe('it threw "a text"');
  expect(textOf(await run('given'))).toBe('given up at 1');
  expect((await run('early')).structuredContent).toEqual({ early: true });
  expect(slept).toHaveLength(2);
});

test('a run that takes too long, never yields, exits, crashes or runs out of memory ends alone', async () => {
  const { run } = await host(
    {
      slow: simple(
        'slow',
        `await new Promise((_, no) => ctx.signal.addEventListener('abort', () => no(ctx.signal.reason)));`,
        'timeout: 100',
      ),
      deaf: simple('deaf', `for (;;) {}`, 'timeout: 100'),
      exits: simple('exits', `process.exit(3);`),
      leaks: simple(
        'leaks',
        `Promise.reject(new Error('nobody catches it')); await new Promise((done) => setTimeout(done, 5000)); return {};`,
      ),
      hungry: simple('hungry', `const all = []; for (;;) all.push(new Array(10000).fill({}));`),
      late: simple(
        'late',
        `setTimeout(() => { throw new Error('long after'); }, 1); setInterval(() => {}, 1000); return {};`,
      ),
      good: simple('good', `await new Promise((done) => setTimeout(done, 300)); return { good: true };`),
    },
    { MCP2CLI_JOB_MEMORY_MB: '32' },
  );
  const good = Promise.all(Array.from({ length: 3 }, () => run('good')));
  const codeOf = async (name: string) => {
    const result = await run(name);
    expect(result).toMatchObject({ _meta: { 'mcp2cli/run': {} } });
    const facts = result._meta?.['mcp2cli/run'] as { error: { code: string } } | undefined;
    return [facts?.error.code, textOf(result)];
  };
  expect(await Promise.all(['slow', 'deaf', 'exits', 'leaks', 'hungry'].map(codeOf))).toEqual([
    ['timeout', 'it did not end within 0.1 s'],
    ['timeout', 'it did not end within 0.1 s'],
    ['exited', 'it ended its process with process.exit(3)'],
    ['crashed', 'nobody catches it'],
    ['out_of_memory', 'it ran out of memory'],
  ]);
  expect(await run('late')).toMatchObject({ structuredContent: {} });
  expect((await good).map(({ structuredContent }) => structuredContent)).toEqual(
    Array(3).fill({ good: true }),
  );
  expect(await run('good')).toMatchObject({ structuredContent: { good: true } });
});

test('cancels a run, whether it listens or not', async () => {
  const { run, provider, store } = await host({
    waits: simple(
      'waits',
      `ctx.log('here'); await new Promise((_, no) => ctx.signal.addEventListener('abort', () => no(ctx.signal.reason)));`,
    ),
    deaf: simple('deaf', `ctx.log('here'); await new Promise((r) => setTimeout(r, 50)); for (;;) {}`),
  });
  for (const name of ['waits', 'deaf']) {
    const stop = new AbortController();
    await expect(
      run(name, {}, { signal: stop.signal, onLog: () => stop.abort(new Error('no more')) }),
    ).rejects.toThrow('no more');
  }
  const { runId } = await provider.submit({ name: 'waits', input: {} });
  expect(store.read(runId)).toMatchObject({ capability: 'waits', status: 'running' });
  expect(await provider.cancel(runId)).toMatchObject({ status: 'canceled' });
  expect(store.read(runId)).toMatchObject({ status: 'canceled', holder: null });
});

test('keeps a run of its own on record: log, progress, end', async () => {
  const { provider, store } = await host({
    work: simple(
      'work',
      `ctx.log('one'); ctx.mark('two'); await ctx.progress(1, 3, 'a third'); throw new TypeError('broken');`,
    ),
  });
  const { runId } = await provider.submit({ name: 'work', input: { a: 1 } });
  const told: unknown[] = [];
  const ended = await provider.follow(runId, {
    signal: new AbortController().signal,
    onProgress: (one) => told.push(one),
  });
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'job_failed', message: 'broken' } });
  expect(ended.logs.map(({ text }) => text)).toEqual(['one', 'stage: two']);
  expect(told).toEqual([{ progress: 1, total: 3, message: 'a third' }]);
  expect(store.read(runId)).toMatchObject({
    capability: 'work',
    arguments: { a: 1 },
    status: 'failed',
    error: { code: 'job_failed', message: 'broken' },
    progress: { progress: 1, total: 3, message: 'a third' },
  });
  expect(await provider.status('job_none')).toBeUndefined();
  expect(await provider.runs(5)).toMatchObject([{ runId, status: 'failed' }]);
});

test('bounds a flood of lines, in a loop that never yields too', async () => {
  const { provider } = await host({
    flood: simple(
      'flood',
      `for (let i = 0; i < 300000; i++) ctx.log('line ' + i + ' ' + 'x'.repeat(100)); return {};`,
    ),
  });
  const { runId } = await provider.submit({ name: 'flood', input: {} });
  const { status, logs } = await provider.follow(runId, { signal: new AbortController().signal });
  expect(status).toBe('completed');
  expect(logs.length).toBeGreaterThan(100);
  expect(logs.length).toBeLessThan(20_000);
  expect(logs.at(-1)?.text).toMatch(/the log is full|had no room/);
});

test('asks guards: roles, scopes, functions', async () => {
  const guarded = (name: string, rules: string) =>
    simple(name, `return { roles: ctx.authInfo.roles };`, `permissions: [${rules}]`);
  const { run } = await host(
    {
      role: guarded('role', `{ action: 'execute', roles: ['admin', 'boss'] }`),
      others: guarded('others', `{ action: 'execute', roles: ['nobody'] }`),
      scope: guarded(
        'scope',
        `{ action: 'execute', roles: ['admin'] }, { action: 'execute', scopes: ['data:delete'] }`,
      ),
      yes: guarded('yes', `{ action: 'execute', custom: async (auth) => auth.roles.includes('admin') }`),
      no: guarded('no', `{ action: 'execute', custom: () => false }, { action: 'list', custom: () => true }`),
      throws: guarded('throws', `{ action: 'execute', custom: () => { throw new Error('oops'); } }`),
      listing: guarded('listing', `{ action: 'list', roles: ['nobody'] }`),
      flow: `import { workflow } from 'mcp2cli/jobs';
workflow({ name: 'flow', steps: [{ id: 'may', jobName: 'role' }, { id: 'must-not', jobName: 'others' }] });`,
    },
    { MCP2CLI_ROLES: 'admin', MCP2CLI_SCOPES: 'data:read' },
  );
  for (const name of ['role', 'yes', 'listing'])
    expect((await run(name)).structuredContent).toEqual({ roles: ['admin'] });
  for (const [name, why] of [
    ['others', 'needs the role nobody'],
    ['scope', 'needs the scope data:delete'],
    ['no', 'a guard of the job refuses it'],
    ['throws', 'oops'],
  ] as const)
    await expect(run(name)).rejects.toMatchObject({
      code: 'permission_denied',
      exitCode: 4,
      message: expect.stringContaining(why),
    });
  // A workflow has the rules of the jobs that its steps run.
  expect((await run('flow')).structuredContent).toMatchObject({
    state: 'failed',
    stepResults: {
      may: { state: 'completed' },
      'must-not': { state: 'failed', error: { code: 'permission_denied' } },
    },
  });
});

test('takes a changed file for the next run, and not for one that is under way', async () => {
  const { run, jobs, provider } = await host({
    value: simple(
      'value',
      `ctx.log('here'); await new Promise((r) => setTimeout(r, 300)); return { value: 1 };`,
    ),
  });
  const changed = new Promise<void>((resolve) => provider.onListChanged(resolve));
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const first = run('value', {}, { onLog: () => begun() });
  await hasBegun;
  write(jobs, 'value', simple('value', `return { value: 2 };`));
  write(jobs, 'other', simple('other', `return { other: true };`));
  utimesSync(jobs, new Date(), new Date(Date.now() + 5000));
  await changed;
  expect((await run('value')).structuredContent).toEqual({ value: 2 });
  expect((await run('other')).structuredContent).toEqual({ other: true });
  expect((await first).structuredContent).toEqual({ value: 1 });
  expect((await provider.list()).map(({ name }) => name).sort()).toEqual(['other', 'value']);
});

test('runs a workflow of files: input of earlier steps, conditions, a step that is tried again', async () => {
  const { run, provider, store } = await host({
    add: `job({ name: 'add', inputSchema: { a: z.number(), b: z.number().default(1) }, outputSchema: { sum: z.number() } })(({ a, b }) => ({ sum: a + b }))`,
    flaky: simple(
      'flaky',
      `if (ctx.attempt < 2) throw new Error('not yet'); return { attempt: ctx.attempt };`,
      'retry: { maxAttempts: 2, backoffMs: 1 }',
    ),
    flow: `import { workflow, z } from 'mcp2cli/jobs';
export default workflow({ name: 'sums', inputSchema: { start: z.number().default(5) }, steps: [
  { id: 'one', jobName: 'add', input: (steps, input) => ({ a: input.start }) },
  { id: 'two', jobName: 'add', dependsOn: ['one'], input: (steps) => ({ a: steps.get('one').outputs.sum, b: 10 }) },
  { id: 'big', jobName: 'add', dependsOn: ['two'], condition: (steps) => steps.get('two').outputs.sum > 100, input: { a: 1 } },
  { id: 'again', jobName: 'flaky' },
] });`,
  });
  const result = await run('sums');
  expect(result.structuredContent).toMatchObject({
    workflowName: 'sums',
    state: 'completed',
    stepResults: {
      one: { state: 'completed', outputs: { sum: 6 } },
      two: { state: 'completed', outputs: { sum: 16 } },
      big: { state: 'skipped' },
      again: { state: 'completed', outputs: { attempt: 2 } },
    },
  });
  const [{ runId = '' } = {}] = await provider.runs(1);
  expect(store.read(runId)).toMatchObject({
    kind: 'workflow',
    status: 'completed',
    steps: expect.arrayContaining([expect.objectContaining({ id: 'again', state: 'completed', attempt: 2 })]),
  });
  await expect(run('sums', { start: 'no number' })).rejects.toMatchObject({ code: 'invalid_input' });
});
