/** A server of protocol 2026-07-28: no sessions, no handshake, discovered once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { modernServer } from '../../support/modern-server.ts';
import { type RecordingProxy, recordingProxy } from '../../support/recording-proxy.ts';
import { demoServer } from '../../support/servers.ts';

const sent = (proxy: RecordingProxy) => proxy.requests.map(({ method, rpc }) => rpc ?? method);

async function modern() {
  const proxy = await recordingProxy((await modernServer()).url);
  return { proxy, home: await homeAt(proxy.url) };
}

it('is discovered once; every later command needs its own request and no other', async () => {
  const { proxy, home } = await modern();
  const listed = await run(['work', 'ls'], { home });
  expect(listed).toMatchObject({ code: 0, stdout: 'echo\nfail\nrefuse\nwork\n', stderr: '' });
  expect(sent(proxy)).toEqual(['server/discover', 'tools/list']);
  const facts = JSON.parse(readFileSync(join(home, 'instances/work/server.json'), 'utf8'));
  expect(facts).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28', transport: 'http' });

  proxy.reset();
  const echo = ['work', 'echo', '--message', 'hi'];
  expect(await run(echo, { home })).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
  expect(sent(proxy)).toEqual(['tools/call']);
  const [call] = proxy.requests;
  expect(call?.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
  });
  expect(call?.headers).not.toHaveProperty('mcp-session-id');
  expect(call?.params['_meta']).toMatchObject({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'mcp2cli' },
  });
});

it('reports failures as those of any server', async () => {
  const { home } = await modern();
  const failed = await run(['work', 'fail'], { home });
  expect(failed).toMatchObject({ code: 1, stdout: 'fail done\n', stderr: 'error: fail failed\n' });
  const json = await run(['work', 'fail', '--json'], { home });
  expect(json.code).toBe(1);
  expect(dataOf(json)).toMatchObject({ isError: true, content: [{ text: 'fail done' }] });

  const refused = await run(['work', 'refuse', '--json'], { home });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(errorOf(refused)).toMatchObject({
    code: 'rpc_error',
    message: expect.stringContaining('refused on purpose'),
    details: { rpc_code: -32603 },
  });
});

it('passes progress on', async () => {
  const { home } = await modern();
  expect(await run(['work', 'work', '--steps', '2'], { home })).toMatchObject({
    code: 0,
    stdout: 'work done\n',
    stderr: 'progress: 1/2 (50%) step 1\nprogress: 2/2 (100%) step 2\n',
  });
});

it('runs --background synchronously where the server has no tasks', async () => {
  const { proxy, home } = await modern();
  const background = await run(['work', 'work', '--background'], { home });
  expect(background).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
  });
  // How much of the progress is told depends on its pace.
  expect(background.stderr).toMatch(
    /(^|\n)ran synchronously \(the server has no tasks for this tool; --detach returns at once\): the job is completed\n$/,
  );
  const waited = await run(['work', 'jobs', 'wait', '--latest'], { home });
  expect(waited).toMatchObject({ code: 0, stdout: 'work done\n', stderr: '' });
  expect(proxy.count('tools/call')).toBe(1);
});

it('a server that has become modern is asked once more, and remembered anew', async () => {
  const [legacy, young] = [await demoServer(), await modernServer()];
  const proxy = await recordingProxy(legacy.url);
  const home = await homeAt(proxy.url);
  const era = () => JSON.parse(readFileSync(join(home, 'instances/work/server.json'), 'utf8')).era;
  const echo = ['work', 'echo', '--message', 'hi'];
  await run(echo, { home });
  expect(era()).toBe('legacy');

  proxy.retarget(young.url);
  expect(await run(echo, { home })).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
  expect(era()).toBe('modern');
  proxy.reset();
  expect(await run(echo, { home })).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
  expect(sent(proxy)).toEqual(['tools/call']);
  expect(legacy.stats.calls).toEqual({ echo: 1 });
});

it('a server that went back to the old handshake refuses once, loudly, and is asked anew', async () => {
  const [old, young] = [await demoServer(), await modernServer()];
  const proxy = await recordingProxy(young.url);
  const home = await homeAt(proxy.url);
  const echo = ['work', 'echo', '--message', 'hi'];
  await run(echo, { home });

  proxy.retarget(old.url);
  const refused = await run(echo, { home });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('if the server has changed its protocol version');
  expect(old.stats.calls).toEqual({});
  expect(await run(echo, { home })).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
  expect(old.stats.calls).toEqual({ echo: 1 });
});
