/** `serve --jobs`: job files for any host. What jobs print breaks nothing, and a file that cannot be loaded costs itself alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { atTestEnd, run, start } from '../../support/cli.ts';
import { BIN, cleanEnv } from '../../support/env.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { homeAt, homeWith } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';
import { connect } from '../../support/mcp-client.ts';

const job = (name: string, body: string, more = '') => `
import { job, z } from 'mcp2cli/jobs';
export default job({ name: '${name}', inputSchema: { name: z.string() }, outputSchema: { message: z.string() }, ${more} })(
  async (input, ctx) => { ${body} });
`;

function folder(files: Record<string, string>): string {
  const dir = freshDir('jobs');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

const NOISY = job(
  'greet',
  `console.log('noise'); process.stdout.write('{"jsonrpc":"2.0","id":1,"result":{}}\\n'); return { message: 'Hello ' + input.name };`,
);
const HIDDEN = job('hidden', `return { message: input.name };`, 'hideFromDiscovery: true');

async function client(dir: string, home = freshHome()): Promise<Client> {
  const one = new Client({ name: 'test', version: '1' });
  const args = [BIN, 'serve', '--jobs', dir];
  await one.connect(
    new StdioClientTransport({
      command: process.execPath,
      args,
      env: cleanEnv(home),
      stderr: 'ignore',
    }),
  );
  atTestEnd(() => one.close());
  return one;
}

it('offers what can be loaded, hides what is to be hidden, and what a job prints breaks nothing', async () => {
  const dir = folder({
    'greet.job.mjs': NOISY,
    'hidden.job.mjs': HIDDEN,
    'broken.job.mjs': 'export default {',
  });
  const host = await client(dir);
  const names = (await host.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['greet', 'execute_job', 'get_job_status']));
  expect(names).not.toContain('hidden');
  const greeting = { structuredContent: { message: 'Hello Ada' } };
  for (let times = 0; times < 3; times++)
    expect(await host.callTool({ name: 'greet', arguments: { name: 'Ada' } })).toMatchObject(greeting);
  expect(await host.callTool({ name: 'greet', arguments: {} })).toMatchObject({ isError: true });
  const { structuredContent } = await host.callTool({ name: 'list_jobs', arguments: {} });
  expect(structuredContent).toMatchObject({ count: 1, jobs: [{ name: 'greet' }] });
  // Whoever knows its name runs it.
  const hidden = { name: 'hidden', input: { name: 'x' } };
  expect(await host.callTool({ name: 'execute_job', arguments: hidden })).toMatchObject({
    structuredContent: { state: 'completed', result: { message: 'x' } },
  });
});

it('lists each job once to this program, with its tags and labels, over stdio and HTTP', async () => {
  const more = `tags: ['hello'], labels: { team: 'people' }`;
  const dir = folder({ 'greet.job.mjs': job('greet', `return { message: input.name };`, more) });
  const handle = start(['serve', '--jobs', dir, '--http', '127.0.0.1:0', '--quiet'], { home: freshHome() });
  const [url = ''] = await handle.waitForStdout(/http:\S+\/mcp/);
  const [files, http] = [await homeWith(['--jobs', dir]), await homeAt(url)];
  const line = 'greet    #hello team=people\n';
  for (const words of [[], ['--tag', 'hello'], ['--label', 'team=people']])
    expect(await run(['work', 'ls', ...words], { home: files })).toMatchObject({ code: 0, stdout: line });
  const { stdout } = await run(['work', '--json', 'ls', '--tag', 'hello'], { home: http });
  expect(JSON.parse(stdout).data).toMatchObject({
    items: [{ id: 'greet', kind: 'tool' }],
    counts: { tool: 1 },
  });
  // Whoever wants it as a job of a job server finds it as such.
  const ofJobs = await run(['work', 'ls', '--kind', 'job'], { home: http });
  expect(ofJobs).toMatchObject({ code: 0, stdout: 'greet  job    #hello team=people\n' });
  expect(await run(['work', 'call', '--job', 'greet', '--name', 'Ada'], { home: http })).toMatchObject({
    code: 0,
    stdout: '{"message":"Ada"}\n',
  });
});

it('takes definitions over its jobs and workflows of them, by either spelling: listed and run at once, kept, removed', async () => {
  const dir = folder({
    'greet.job.mjs': NOISY,
    'flaky.job.mjs': job('flaky', `throw new Error('attempt ' + ctx.attempt);`),
  });
  const home = freshHome();
  const host = await client(dir, home);
  const call = async (name: string, args: object) => host.callTool({ name, arguments: { ...args } });
  const said = async (name: string, args: object) => (await call(name, args)).structuredContent;
  const told = (text: string) => ({ isError: true, content: [{ text: expect.stringContaining(text) }] });
  expect((await host.listTools()).tools.map(({ name }) => name)).toContain('register_job');
  const changed = new Promise<void>((resolve) =>
    host.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve()),
  );
  const ada = { name: 'greet-ada', tool: 'greet', args: { name: 'Ada' }, tags: ['fixed'] };
  expect(await said('register_job', ada)).toMatchObject({ success: true, jobId: 'greet-ada' });
  await changed;
  const twice = { name: 'twice', tool: 'flaky', retries: 2, retryBackoff: '1ms' };
  expect(await said('register-job', twice)).toMatchObject({ success: true });
  // What is wrong is refused, and nothing is kept of it.
  for (const [document, text] of [
    [ada, 'already exists'],
    [{ ...ada, name: 'greet' }, 'already exists'],
    [
      { ...ada, name: 'other', tool: 'nobody' },
      'nothing was registered: other: the server has no tool "nobody"',
    ],
    [{ ...ada, name: 'other', args: { name: 7 } }, 'name'],
    [{ name: 'other', script: 'return 1' }, 'scripts are not run here'],
  ] as const)
    expect(await call('register_job', document)).toMatchObject(told(text));
  const steps = [
    { id: 'first', tool: 'greet-ada' },
    {
      id: 'second',
      jobName: 'greet',
      dependsOn: ['first'],
      input: '{name: (.input.who + "/" + .steps.first.outputs.message)}',
    },
    { id: 'never', tool: 'greet', condition: '.input.who == "Bob"' },
  ];
  const flow = {
    name: 'flow',
    inputSchema: { type: 'object', properties: { who: { type: 'string' } }, required: ['who'] },
    steps,
  };
  expect(await said('register_workflow', flow)).toMatchObject({ success: true, workflowId: 'flow' });
  const { jobs } = (await said('list_jobs', {})) as { jobs: { name: string }[] };
  expect(jobs.map(({ name }) => name)).toEqual(['flaky', 'greet', 'greet-ada', 'twice']);
  expect(await call('greet-ada', {})).toMatchObject({ structuredContent: { message: 'Hello Ada' } });
  expect(await call('greet-ada', { name: 'Bob' })).toMatchObject(told('name is fixed to "Ada"'));
  expect(await call('twice', { name: 'x' })).toMatchObject(told('attempt 2'));
  expect(await call('flow', {})).toMatchObject(told('who'));
  const { runId, result } = (await said('execute_workflow', {
    name: 'flow',
    input: { who: 'Eve' },
  })) as { runId: string; result: object };
  expect(result).toMatchObject({
    stepResults: { second: { outputs: { message: 'Hello Eve/Hello Ada' } }, never: { state: 'skipped' } },
  });
  // One that has failed is gone on with as any other workflow.
  const broken = {
    name: 'broken',
    steps: [
      { id: 'a', tool: 'greet-ada' },
      { id: 'b', tool: 'flaky', input: { name: 'x' }, dependsOn: ['a'] },
    ],
  };
  expect(await said('register_workflow', broken)).toMatchObject({ success: true });
  const { structuredContent: failed } = await call('execute_workflow', { name: 'broken' });
  const failedId = (failed as { runId: string }).runId;
  endKeepers(home);
  expect(await run(['--jobs', dir, 'jobs', 'resume', failedId], { home })).toMatchObject({
    code: 0,
    stdout: `Job resumed: ${failedId} (1 of 2 steps have completed)\n`,
  });
  expect(await run(['--jobs', dir, 'jobs', 'wait', failedId], { home })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('step b failed: attempt 1'),
  });
  // They are the definitions of the path, whoever looks at it.
  const { stdout } = await run(['--jobs', dir, '--json', 'jobs', 'show', runId], { home });
  expect(JSON.parse(stdout).data).toMatchObject({
    status: 'completed',
    kind: 'workflow',
    steps: [{}, {}, {}],
  });
  expect((await run(['--jobs', dir, 'ls'], { home })).stdout).toMatch(/^greet-ada +definition/m);
  const after = await client(dir, home);
  expect((await after.listTools()).tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['greet-ada', 'flow']),
  );
  expect(await call('remove_job', { name: 'greet' })).toMatchObject(told('it is in a file'));
  expect(await said('remove-job', { name: 'greet-ada' })).toMatchObject({ success: true });
  expect(await said('remove_workflow', { name: 'flow' })).toMatchObject({ success: true });
  expect(await call('remove_job', { name: 'greet-ada' })).toMatchObject(told('no job "greet-ada"'));
  expect(await call('execute_job', { name: 'greet-ada' })).toMatchObject(told('not found'));
});

it('offers nothing of an empty folder, and a file that comes is told and runs', async () => {
  const dir = folder({});
  const host = await client(dir);
  expect((await host.listTools()).tools.map(({ name }) => name)).not.toContain('greet');
  const changed = new Promise<void>((resolve) =>
    host.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve()),
  );
  writeFileSync(join(dir, 'greet.job.mjs'), NOISY);
  await changed;
  expect((await host.listTools()).tools.map(({ name }) => name)).toContain('greet');
  expect(await host.callTool({ name: 'greet', arguments: { name: 'Bob' } })).toMatchObject({
    structuredContent: { message: 'Hello Bob' },
  });
});

it('serves files over HTTP, and cancels a run', async () => {
  const endless = `await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));`;
  const dir = folder({ 'endless.job.mjs': job('endless', endless) });
  const handle = start(['serve', '--jobs', dir, '--http', '127.0.0.1:0', '--quiet'], { home: freshHome() });
  const [url = ''] = await handle.waitForStdout(/http:\S+\/mcp/);
  const { client: host } = await connect(url);
  atTestEnd(() => host.close());
  const call = async (name: string, args: object) =>
    (await host.callTool({ name, arguments: { ...args } })).structuredContent as Record<string, unknown>;
  const input = { name: 'x' };
  const { runId } = await call('execute_job', { name: 'endless', input, background: true });
  expect(await call('wait_for_job', { runId, timeoutSeconds: 0.1 })).toMatchObject({ jobName: 'endless' });
  expect(await call('cancel_job', { runId })).toMatchObject({ runId });
  expect(await call('wait_for_job', { runId })).toMatchObject({ state: 'canceled' });
  handle.signal('SIGTERM');
  expect(await handle.done).toMatchObject({ code: 0, stderr: '' });
});
