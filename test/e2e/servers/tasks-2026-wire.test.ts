/** What commands say to a server of protocol 2026-07-28 about tasks, and how they hear of changes. */
import { describe, expect, it } from 'vitest';
import { promised } from '../../support/promised.ts';
import { ask } from '../../support/tasks-2026/raw-client.ts';
import { refuse, rpcError, watchedTasks2026, workAt } from '../../support/work.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

async function at(options: Parameters<typeof watchedTasks2026>[0] = {}) {
  const server = await watchedTasks2026({ speed: 50, ...options });
  return { server, work: await workAt(server.url) };
}

describe('on the wire', () => {
  it('every request names its task in a header, and declares the extension', async () => {
    const { server, work } = await at();
    const deployed = await work.submit('deploy --version 2.0');
    await work.run(`jobs wait ${deployed}`);
    const endless = await work.submit('forever');
    await work.run(`jobs show ${endless}`);
    await work.run(`jobs cancel ${endless}`);
    await work.run('deploy --version 2.0');
    const requests = server.sent(/^(tools\/call$|tasks\/|subscriptions\/)/);
    const told = requests.map(({ method, headers, params }) => ({
      method,
      header: headers['mcp-method'],
      version: headers['mcp-protocol-version'],
      name: headers['mcp-name'],
      declared: (params['_meta']?.[CAPABILITIES] as { extensions?: object } | undefined)?.extensions,
    }));
    const expected = requests.map(({ method, params }) => ({
      method,
      header: method,
      version: '2026-07-28',
      name: params['taskId'] ?? params['name'],
      declared: { [EXTENSION]: {} },
    }));
    expect(told).toEqual(expected);
    for (const { params, headers } of requests) {
      expect(params).not.toHaveProperty('task');
      expect(headers).not.toHaveProperty('mcp-session-id');
    }
    expect(new Set(told.map(({ method }) => method))).toEqual(
      new Set(['tools/call', 'tasks/get', 'tasks/cancel', 'subscriptions/listen']),
    );
    expect(server.stats).toMatchObject({ requests: { 'tools/call': 3 }, tasksCreated: 3 });
    expect(server.stats.requests).not.toHaveProperty('tasks/result');
  });

  it('a tool that must be a task is called as one, even where the server had not said that it has tasks', async () => {
    const { server, work } = await at();
    const { result } = await ask(server.url, 'server/discover');
    expect(result.capabilities.extensions).toHaveProperty([EXTENSION]);
    server.answerWith(({ rpcMethod, body }, response) => {
      if (rpcMethod !== 'server/discover') return false;
      const { id } = body as { id: unknown };
      const silent = { ...result, capabilities: { tools: {} } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: silent }));
      return true;
    });
    const done = { code: 0, stdout: 'Processed 800 rows of data.csv\n' };
    expect(await work.run('batch-process --input data.csv')).toMatchObject(done);
    const id = await work.submit('batch-process --input data.csv');
    expect(await work.stored(id)).toMatchObject({ backend: 'tasks-2026-07-28' });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(done);
    // Each was refused once (-32021), before anything was run.
    expect(server.stats).toMatchObject({ requests: { 'tools/call': 4 }, tasksCreated: 2 });
    expect(server.sent(/^tools\/call$/).map(({ params }) => params['_meta']?.[CAPABILITIES])).toEqual([
      expect.not.objectContaining({ extensions: expect.anything() }),
      expect.objectContaining({ extensions: { [EXTENSION]: {} } }),
      expect.not.objectContaining({ extensions: expect.anything() }),
      expect.objectContaining({ extensions: { [EXTENSION]: {} } }),
    ]);
  });
});

describe('changes', () => {
  it('are heard of long before the next poll where the server tells them', async () => {
    const { server, work } = await at({ pollIntervalMs: 300_000 });
    const id = await work.submit('forever');
    const { remote_task_id: taskId } = await work.stored(id);
    const [polled, subscribed] = [promised(), promised()];
    server.answerWith(({ rpcMethod }, response) => {
      if (rpcMethod === 'tasks/get') response.once('finish', polled.keep);
      if (rpcMethod !== 'subscriptions/listen') return false;
      const write = response.write.bind(response) as (...args: unknown[]) => boolean;
      response.write = (...args: unknown[]) => {
        subscribed.keep();
        return write(...args);
      };
      return false;
    });
    const waiting = work.start(`jobs wait ${id}`);
    await Promise.all([polled.promise, subscribed.promise]);
    await ask(server.url, 'tasks/cancel', { taskId });
    expect(await waiting.done).toMatchObject({ code: 1, stderr: expect.stringMatching(/was canceled/) });
    const [listen] = server.sent(/^subscriptions\/listen$/);
    expect(listen?.params).toMatchObject({ notifications: { taskIds: [taskId] } });
  });

  it.each([
    ['honours no tasks', { subscriptions: false }, undefined],
    ['has no subscriptions', {}, rpcError('subscriptions/listen', -32601, 'Method not found')],
    ['cannot be subscribed to at the moment', {}, refuse(503, { method: 'subscriptions/listen' })],
  ])('are polled for where the server %s', async (_, options, answer) => {
    const { server, work } = await at(options);
    server.answerWith(answer);
    const id = await work.submit('deploy --version 2.0');
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 0,
      stdout: 'Deployed version 2.0 to staging\n',
      stderr: '',
    });
    expect(server.sent(/^subscriptions\/listen$/)).toHaveLength(1);
  });
});
