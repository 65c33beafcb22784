/** `serve INSTANCE` over stdio: to a client that speaks line by line, and to the official clients of both major versions. */
import { Client as Client2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { atTestEnd, run, start } from '../../support/cli.ts';
import { BIN, cleanEnv } from '../../support/env.ts';
import { freshHome } from '../../support/home.ts';
import { demoServer } from '../../support/servers.ts';
import { workAt } from '../../support/work.ts';

const work = async () => workAt((await demoServer({ speed: 20 })).url);

// biome-ignore lint/suspicious/noExplicitAny: messages are looked at field by field, and a wrong path fails the test
type Message = Record<string, any>;

/** Speaks to `serve work` in lines. */
async function rawClient(home: string, words: readonly string[] = ['serve', 'work']) {
  const handle = start(words, { home, openStdin: true });
  let ids = 0;
  const messages = () =>
    handle.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Message);
  const answer = async (id: unknown) => {
    await handle.waitForStdout(new RegExp(`"id":${JSON.stringify(id)}[,}].*\\n`));
    return messages().find((one) => one.id === id) as Message;
  };
  const ask = (method: string, params: object = {}) => {
    const id = ++ids;
    handle.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return answer(id);
  };
  await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  });
  handle.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return { ...handle, handle, ask, answer, messages };
}

const spawned = (home: string) => ({
  command: process.execPath,
  args: [BIN, 'serve', 'work'],
  env: cleanEnv(home),
  stderr: 'ignore' as const,
});

describe('the official client', () => {
  it('of version 1 lists, calls, has tasks, and manages jobs by either spelling', async () => {
    const { home } = await work();
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StdioClientTransport(spawned(home)));
    atTestEnd(() => client.close());
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === 'deploy')).toMatchObject({
      outputSchema: { type: 'object' },
      execution: { taskSupport: 'optional' },
    });
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['execute_job', 'get_job_status', 'wait_for_job', 'cancel_job']),
    );
    expect(names).not.toContain('execute-job');
    const seen: unknown[] = [];
    const called = await client.callTool(
      { name: 'deploy', arguments: { version: '2' } },
      CallToolResultSchema,
      {
        onprogress: (progress) => seen.push(progress),
      },
    );
    expect(called['structuredContent']).toMatchObject({ version: '2' });
    expect(seen.at(-1)).toMatchObject({ message: 'Done' });
    const stream = client.experimental.tasks.callToolStream(
      { name: 'deploy', arguments: { version: '3' } },
      CallToolResultSchema,
      { task: {} },
    );
    const kinds = [];
    for await (const message of stream) {
      kinds.push(message.type);
      if (message.type === 'result') expect(message.result.structuredContent).toMatchObject({ version: '3' });
    }
    expect(kinds[0]).toBe('taskCreated');
    expect(kinds.at(-1)).toBe('result');
    const submitted = await client.callTool({
      name: 'execute-job',
      arguments: { name: 'deploy', input: { version: '4' }, background: true },
    });
    const { runId } = submitted['structuredContent'] as { runId: string };
    const ended = await client.callTool({ name: 'wait_for_job', arguments: { runId } });
    expect(ended['structuredContent']).toMatchObject({ runId, state: 'completed', result: { version: '4' } });
    const listed = await run(['work', '--json', 'jobs', 'show', runId], { home });
    expect(JSON.parse(listed.stdout).data).toMatchObject({ job_id: runId, status: 'completed' });
  });

  it('of version 2 speaks 2026-07-28, and gets a result at once or a task', async () => {
    const { home } = await work();
    const client = new Client2({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new Stdio2(spawned(home)));
    atTestEnd(() => client.close());
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === 'deploy')).not.toHaveProperty('execution');
    const called = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(called.content).toEqual([{ type: 'text', text: '1 + 2 = 3' }]);
  });
});

it('answers what is no message, and goes on', async () => {
  const { home } = await work();
  const client = await rawClient(home);
  client.write('not json\n[]\n{"jsonrpc":"2.0","id":{},"method":"ping"}\n\n{"jsonrpc":"2.0","id":"x"}\n');
  expect(await client.ask('no/such/method')).toMatchObject({ error: { code: -32601 } });
  expect(await client.ask('ping')).toMatchObject({ result: {} });
  const codes = client.messages().flatMap(({ error }) => (error ? [error.code] : []));
  expect(codes).toEqual([-32700, -32600, -32600, -32600, -32601]);
  client.closeStdin();
  expect(await client.handle.done).toMatchObject({ code: 0, stderr: '' });
});

it('tells input that does not fit by its property, cancels what is cancelled, and says nothing more of it', async () => {
  const { home } = await work();
  const client = await rawClient(home);
  expect(await client.ask('tools/call', { name: 'deploy', arguments: { version: 1 } })).toMatchObject({
    result: { isError: true, content: [{ text: 'invalid input: version: must be text (given 1)' }] },
  });
  expect(await client.ask('tools/call', { name: 'nope' })).toMatchObject({ error: { code: -32602 } });
  const call = { name: 'deploy', arguments: { version: '2', duration: 10_000 }, _meta: { progressToken: 1 } };
  client.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'long', method: 'tools/call', params: call })}\n`);
  await client.handle.waitForStdout(/notifications\/progress/);
  client.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"long"}}\n');
  expect(await client.ask('ping')).toMatchObject({ result: {} });
  expect(client.messages().some(({ id }) => id === 'long')).toBe(false);
});

it('defines jobs from documents, refuses scripts, and takes them back', async () => {
  const { home } = await work();
  const client = await rawClient(home);
  const call = async (name: string, args: object) =>
    (await client.ask('tools/call', { name, arguments: args }))['result'];
  const document = { name: 'release', tool: 'deploy', args: { version: '9' }, tags: ['ship'] };
  expect(await call('register-job', document)).toMatchObject({ structuredContent: { success: true } });
  expect(await call('register_job', document)).toMatchObject({
    isError: true,
    content: [{ text: 'Job "release" already exists' }],
  });
  expect(await call('list_jobs', { tags: ['ship'] })).toMatchObject({
    structuredContent: { count: 1, jobs: [{ name: 'release', tags: ['ship'] }] },
  });
  expect(await call('execute_job', { name: 'release' })).toMatchObject({
    structuredContent: { state: 'completed', result: { version: '9' } },
  });
  expect(await call('register_job', { name: 'evil', script: 'process.exit()' })).toMatchObject({
    isError: true,
  });
  expect(await call('remove_job', { name: 'release' })).toMatchObject({
    structuredContent: { success: true },
  });
  expect(await call('execute_job', { name: 'release' })).toMatchObject({
    isError: true,
    _meta: { code: 'INVALID_INPUT' },
  });
});

it('goes on with a run when the client is gone, and serves its record to the next', async () => {
  const { home } = await work();
  const first = await rawClient(home);
  const submitted = await first.ask('tools/call', {
    name: 'execute_job',
    arguments: { name: 'deploy', input: { version: '2', duration: 10 }, background: true },
  });
  const { runId } = submitted['result'].structuredContent;
  first.closeStdin();
  expect(await first.handle.done).toMatchObject({ code: 0 });
  const next = await rawClient(home);
  expect(await next.ask('tasks/result', { taskId: runId })).toMatchObject({
    result: { structuredContent: { version: '2' } },
  });
  expect(await next.ask('tasks/get', { taskId: 'job_0' })).toMatchObject({ error: { code: -32602 } });
});

it('with a server that is down has its records all the same', async () => {
  const server = await demoServer({ speed: 20 });
  const { home, submit } = await workAt(server.url);
  const id = await submit('deploy --version 2');
  expect((await run(['work', 'jobs', 'wait', id], { home })).code).toBe(0);
  await server.close();
  await run(['work', 'refresh'], { home });
  const client = await rawClient(home);
  expect(await client.ask('tools/call', { name: 'get_job_status', arguments: { runId: id } })).toMatchObject({
    result: { structuredContent: { state: 'completed' } },
  });
  expect(await client.ask('tools/call', { name: 'deploy', arguments: { version: '2' } })).toHaveProperty(
    'error',
  );
  client.signal('SIGTERM');
  expect(await client.handle.done).toMatchObject({ code: 0 });
});

it('names what cannot be served', async () => {
  const home = freshHome();
  expect(await run(['serve'], { home })).toMatchObject({ code: 2, stdout: '' });
  expect(await run(['serve', 'nobody'], { home })).toMatchObject({ code: 2, stdout: '' });
});
