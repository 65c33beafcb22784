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

async function client(dir: string): Promise<Client> {
  const one = new Client({ name: 'test', version: '1' });
  const args = [BIN, 'serve', '--jobs', dir];
  await one.connect(
    new StdioClientTransport({
      command: process.execPath,
      args,
      env: cleanEnv(freshHome()),
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
  expect(names).not.toContain('register_job');
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
}, 60_000);

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
