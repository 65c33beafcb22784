/** Job files of one's own as an instance: run, in the background, refused, cancelled, calling other instances. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance, dataOf, errorOf, submitted } from '../../support/instance.ts';
import { demoServer, everythingStdio } from '../../support/servers.ts';

const GREET = `import { job, z } from 'mcp2cli/jobs';
export default job({
  name: 'greet', description: 'Greets somebody',
  inputSchema: { name: z.string().refine((name) => name !== 'nobody', 'nobody is not to be greeted') },
  outputSchema: { message: z.string() },
})(async (input, ctx) => {
  ctx.log('greeting');
  await ctx.progress(1, 2, 'half');
  return { message: \`Hello \${input.name}\` };
});
`;

/** A job without input, by its name and body. */
const simple = (name: string, body: string, more = '') => `import { job, z } from 'mcp2cli/jobs';
export default job({ name: '${name}', inputSchema: {}, outputSchema: z.looseObject({ n: z.number().optional() }), ${more} })(
  async (input, ctx) => { ${body} });
`;

interface Fixture {
  home: string;
  etl(...words: string[]): ReturnType<typeof run>;
  write(name: string, text: string): void;
}

/** A home with the instance \`etl\` over these files. */
async function withJobs(files: Record<string, string>): Promise<Fixture> {
  const home = freshHome();
  const jobs = join(home, 'jobs');
  mkdirSync(jobs);
  const write = (name: string, text: string) => writeFileSync(join(jobs, name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  await addInstance(home, ['--jobs', jobs], 'etl');
  return { home, write, etl: (...words) => run(['etl', ...words], { home }) };
}

it('runs a job of TypeScript like any tool: listed, explained, in the foreground and in the background', async () => {
  const { home, etl } = await withJobs({ 'greet.job.ts': GREET });
  expect(await etl('ls')).toMatchObject({ code: 0, stdout: 'greet  Greets somebody\n' });
  expect((await etl('greet', '--help')).stdout).toContain('--name <string>');
  const stdout = '{"message":"Hello Ada"}\n';
  expect(await etl('greet', '--name', 'Ada')).toMatchObject({ code: 0, stdout });
  await submitted(home, ['etl', 'greet', '--name', 'Ada']);
  expect(await etl('jobs', 'wait', '--latest')).toMatchObject({ code: 0, stdout });
  const shown = dataOf(await etl('--json', 'jobs', 'show', '--latest'));
  expect(shown).toMatchObject({
    capability: 'greet',
    arguments: { name: 'Ada' },
    status: 'completed',
    progress: { progress: 1, total: 2, message: 'half' },
    result: { structuredContent: { message: 'Hello Ada' } },
  });
  expect((await etl('jobs', 'logs', '--latest')).stdout).toMatch(/Z {2}greeting\n$/);
  expect((await etl('jobs', 'list')).stdout.split('\n')).toHaveLength(2);
  // By its schema before it is sent, and by what only the job's own code can say.
  expect(await etl('greet', '--name')).toMatchObject({ code: 2, stdout: '' });
  const refused = await etl('--json', 'greet', '--name', 'nobody');
  expect({ code: refused.code, error: errorOf(refused) }).toMatchObject({
    code: 2,
    error: { code: 'invalid_input', message: 'greet: name: nobody is not to be greeted' },
  });
  // Ad hoc, the same path is the same instance.
  expect(await run(['--jobs', 'jobs', 'greet', '--name', 'Bo'], { home })).toMatchObject({
    code: 0,
    stdout: '{"message":"Hello Bo"}\n',
  });
});

it('says how a run failed, and what it tried: output, attempts, guards, a stack for who wants it', async () => {
  const { home, etl } = await withJobs({
    'wrong.job.mjs': simple('wrong', `return { n: 'none' };`),
    'flaky.job.mjs': simple(
      'flaky',
      `ctx.log('try ' + ctx.attempt); throw new RangeError('too far');`,
      'retry: { maxAttempts: 2, backoffMs: 1 }',
    ),
    'guarded.job.mjs': simple(
      'guarded',
      `return {};`,
      `permissions: [{ action: 'execute', roles: ['admin'] }]`,
    ),
    'exits.job.mjs': simple('exits', `process.exit(0);`),
  });
  expect(await etl('wrong')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('does not fit its outputSchema'),
  });
  const failed = await etl('--verbose', 'flaky');
  expect(failed).toMatchObject({ code: 1, stdout: 'too far\n' });
  expect(failed.stderr).toMatch(/RangeError: too far\n.*flaky\.job\.mjs:3/);
  expect((await etl('flaky')).stderr).not.toContain('RangeError');
  // It may have ended before its submission has: then that tells.
  expect([0, 1]).toContain((await etl('flaky', '--background')).code);
  const waited = await etl('--json', 'jobs', 'wait', '--latest');
  expect({ code: waited.code, data: dataOf(waited) }).toMatchObject({
    code: 1,
    data: { status: 'failed', attempt: 2, error: { code: 'job_failed', message: 'too far' } },
  });
  const log = (await etl('jobs', 'logs', '--latest')).stdout.replace(/^\S+ +/gm, '');
  expect(log).toBe(
    'attempt 1 of 2\ntry 1\nattempt 1 failed: too far\nthe next attempt comes in 0.001 s\nattempt 2 of 2\ntry 2\nattempt 2 failed: too far\n',
  );
  const refused = await etl('--json', 'guarded');
  expect({ code: refused.code, error: errorOf(refused) }).toMatchObject({
    code: 4,
    error: { code: 'permission_denied', message: expect.stringContaining('needs the role admin') },
  });
  await run(['instances', 'set', 'etl', 'roles', 'admin'], { home });
  expect(await etl('guarded')).toMatchObject({ code: 0 });
  expect(await etl('exits')).toMatchObject({
    code: 1,
    stdout: 'it ended its process with process.exit(0)\n',
  });
});

it('cancels a run that never yields, while others go on, and takes an edited file for the next run', async () => {
  const { home, etl, write } = await withJobs({
    'deaf.job.mjs': simple(
      'deaf',
      `ctx.log('here'); await new Promise((done) => setTimeout(done, 100)); for (;;) {}`,
    ),
    'value.job.mjs': simple('value', `return { n: 1 };`),
  });
  const id = await submitted(home, ['etl', 'deaf']);
  const deaf = start(['etl', 'jobs', 'logs', '-f', id], { home });
  await deaf.waitForStdout(/here/);
  // The keeper's server has the job that hangs, and runs others beside it.
  expect(await etl('value')).toMatchObject({ code: 0, stdout: '{"n":1}\n' });
  write('value.job.mjs', simple('value', `return { n: 22 };`));
  expect(await etl('value')).toMatchObject({ code: 0, stdout: '{"n":22}\n' });
  expect(await etl('jobs', 'cancel', id)).toMatchObject({ code: 0 });
  expect(dataOf(await etl('--json', 'jobs', 'show', id))).toMatchObject({ status: 'canceled' });
});

it('calls tools of other instances: results, failures, rules, and a record of each call', async () => {
  const { url } = await demoServer({ speed: 1000 });
  const { home, etl } = await withJobs({
    'calls.job.mjs': simple(
      'calls',
      `const echo = await ctx.call('work', 'echo', { message: 'hi' });
       const sum = await ctx.tools('all')['get-sum']({ a: 2, b: 3 });
       const failure = await ctx.call('work', 'none').catch((error) => error.code + ': ' + error.message);
       const unfit = await ctx.call('work', 'echo', { wrong: 1 }).catch((error) => error.code);
       const ruled = await ctx.call('ruled', 'echo', { message: 'hi' }).catch((error) => error.code);
       const deployed = await ctx.call('work', 'deploy', { version: '2.0' });
       return { echo, sum, failure, unfit, ruled, deployed };`,
    ),
  });
  await addInstance(home, ['--url', url]);
  const { command, args } = everythingStdio();
  await addInstance(home, ['--', command, ...args], 'all');
  await addInstance(home, ['--url', url], 'ruled');
  await run(['instances', 'set', 'ruled', 'permissions', '[{"action":"execute","roles":["admin"]}]'], {
    home,
  });
  await submitted(home, ['etl', 'calls']);
  const job = dataOf<{ calls: object[]; result: { structuredContent: object } }>(
    await etl('--json', 'jobs', 'wait', '--latest'),
  );
  expect(job.result.structuredContent).toMatchObject({
    echo: 'hi',
    sum: expect.stringContaining('5'),
    failure: expect.stringMatching(/^unknown_tool: work has no tool "none"/),
    unfit: 'invalid_arguments',
    ruled: 'permission_denied',
    deployed: expect.anything(),
  });
  expect(job.calls).toMatchObject([
    { id: 1, instance: 'work', tool: 'echo', outcome: 'completed', finished_at: expect.any(String) },
    { instance: 'all', tool: 'get-sum', outcome: 'completed' },
    { tool: 'none', outcome: 'failed', error: { code: 'unknown_tool' } },
    { tool: 'echo', outcome: 'failed', error: { code: 'invalid_arguments' } },
    { instance: 'ruled', outcome: 'failed', error: { code: 'permission_denied' } },
    { tool: 'deploy', outcome: 'completed' },
  ]);
  expect((await etl('jobs', 'show', '--latest')).stdout).toMatch(/^call: work echo \(completed, /m);
});

it.each([
  ['a plain call', 'deploy', `{ version: '2.0', duration: 3600 }`],
  ['a task', 'batch-process', `{ input: 'x', duration: 3600 }`],
])('cancels with a run what it has called: %s', async (_, tool, args) => {
  const { url, stats } = await demoServer();
  const { home, etl } = await withJobs({
    'deploys.job.mjs': simple('deploys', `return ctx.call('work', '${tool}', ${args});`),
  });
  await addInstance(home, ['--url', url]);
  const id = await submitted(home, ['etl', 'deploys']);
  await expect.poll(() => stats.calls[tool]).toBe(1);
  expect(await etl('jobs', 'cancel', id)).toMatchObject({ code: 0 });
  await expect.poll(() => stats.cancelledCalls + stats.cancelledTasks).toBe(1);
  expect(dataOf(await etl('--json', 'jobs', 'show', id))).toMatchObject({
    status: 'canceled',
    calls: [{ instance: 'work', tool, outcome: 'canceled' }],
  });
});

it('ends a job that calls itself without an end', async () => {
  const again = simple('again', `return await ctx.call('etl', 'again', {});`);
  const { home } = await withJobs({ 'again.job.mjs': again });
  // As if it had called itself a dozen times: each is a process.
  const ended = await run(['etl', 'again'], { home, env: { MCP2CLI_JOB_DEPTH: '12' } });
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain('jobs call jobs that call jobs, 16 deep');
});

it('runs many at once', async () => {
  const { home, etl } = await withJobs({
    'next.job.mjs': `import { job, z } from 'mcp2cli/jobs';
export default job({ name: 'next', inputSchema: { n: z.number() }, outputSchema: { n: z.number() } })(({ n }) => ({ n: n + 1 }));`,
  });
  const file = join(home, 'in.ndjson');
  writeFileSync(file, Array.from({ length: 100 }, (_, n) => JSON.stringify({ n })).join('\n'));
  const { code, stdout } = await etl('next', '--each', file, '--parallel', '16');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(code).toBe(0);
  expect(lines.map(({ result }) => result.structuredContent.n)).toEqual(
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
});
