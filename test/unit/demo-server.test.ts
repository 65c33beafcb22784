import type { ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import {
  CallToolResultSchema,
  CancelTaskResultSchema,
  CreateTaskResultSchema,
  GetTaskResultSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DemoDialect, DemoServer, DemoServerOptions } from '../../src/demo/server.ts';
import { startDemoServer } from '../../src/demo/server.ts';
import { eventually } from '../support/eventually.ts';
import type { Connected, ConnectOptions } from '../support/mcp-client.ts';
import { connect } from '../support/mcp-client.ts';

const open: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  while (open.length > 0) await open.pop()?.();
});

async function demo(dialect: DemoDialect, options: Partial<DemoServerOptions> = {}): Promise<DemoServer> {
  const server = await startDemoServer({ dialect, speed: 20, ...options });
  open.push(server.close);
  return server;
}

async function client(server: DemoServer, options?: ConnectOptions): Promise<Connected> {
  const connected = await connect(server.url, options);
  open.push(() => connected.client.close());
  return connected;
}

const loose = z.looseObject({ status: z.string() });
const accepted = z.looseObject({ task_id: z.string(), status: z.string() });
const yes: ElicitResult = { action: 'accept', content: { region: 'us-east', confirm: true, size: 4 } };

describe('every dialect', () => {
  describe.each(['tasks-2025-11-25', 'meta-task', 'plain'] as const)('%s', (dialect) => {
    it('lists the tools', async () => {
      const { client: c } = await client(await demo(dialect));
      const { tools } = await c.listTools();
      expect(tools.map((tool) => tool.name)).toEqual([
        'deploy',
        'export',
        'batch-process',
        'flaky-import',
        'provision',
        'countdown',
        'echo',
        'add',
        'show-types',
        'picture',
        'protocol-error',
      ]);
      for (const tool of tools) expect(tool.description).toBeTruthy();
      expect(tools[2]?.execution?.taskSupport).toBe(dialect === 'tasks-2025-11-25' ? 'required' : undefined);
    });

    it('runs plain tools', async () => {
      const server = await demo(dialect);
      const { client: c } = await client(server);
      expect(await c.callTool({ name: 'echo', arguments: { message: 'hi' } })).toEqual({
        content: [{ type: 'text', text: 'hi' }],
      });
      expect((await c.callTool({ name: 'add', arguments: { a: 1, b: -2.5 } })).structuredContent).toEqual({
        sum: -1.5,
      });
      const args = {
        text: '',
        count: 0,
        tags: ['a'],
        owner: { address: { city: 'X' } },
        note: null,
        odd: [1],
      };
      const shown = await c.callTool({ name: 'show-types', arguments: args });
      expect(shown).toEqual({
        content: [{ type: 'text', text: JSON.stringify(args) }],
        structuredContent: args,
      });
      const picture = CallToolResultSchema.parse(await c.callTool({ name: 'picture' }));
      expect(picture.content.map((part) => part.type)).toEqual([
        'text',
        'image',
        'resource',
        'resource_link',
      ]);
      expect(server.stats).toMatchObject({ sessions: 1, calls: { echo: 1, add: 1, picture: 1 } });
    });

    it('answers with JSON-RPC errors', async () => {
      const { client: c } = await client(await demo(dialect));
      await expect(c.callTool({ name: 'protocol-error' })).rejects.toMatchObject({
        code: -32603,
        data: { reason: 'demo' },
      });
      await expect(c.callTool({ name: 'nope' })).rejects.toMatchObject({ code: -32602 });
      await expect(c.callTool({ name: 'deploy', arguments: { version: 2 } })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('deploy'),
      });
    });

    it('reports progress of a call', async () => {
      const { client: c } = await client(await demo(dialect));
      const seen: unknown[] = [];
      const result = await c.callTool({ name: 'deploy', arguments: { version: '2.0' } }, undefined, {
        onprogress: (progress) => seen.push(progress),
      });
      expect(result.content).toEqual([{ type: 'text', text: 'Deployed version 2.0 to staging' }]);
      expect(seen).toHaveLength(5);
      expect(seen[2]).toEqual({ progress: 2, total: 4, message: 'Rolling out to staging' });
    });

    it('cancels a call', async () => {
      const server = await demo(dialect);
      const { client: c } = await client(server);
      const abort = new AbortController();
      const call = c.callTool({ name: 'countdown', arguments: { seconds: 1000 } }, undefined, {
        signal: abort.signal,
        onprogress: () => abort.abort('enough'),
      });
      await expect(call).rejects.toThrow('enough');
      await eventually(() => expect(server.stats.cancelledCalls).toBe(1));
    });

    it.each([
      ['accept', yes, 'Provisioned m1 in us-east with 4 CPUs', undefined],
      [
        'accept without going ahead',
        { action: 'accept', content: { region: 'us-east', confirm: false } } as const,
        'Nothing provisioned: m1 was not confirmed',
        undefined,
      ],
      ['decline', { action: 'decline' } as const, 'Nothing provisioned: m1 was declined', undefined],
      ['cancel', { action: 'cancel' } as const, 'Provisioning m1 was cancelled: nobody answered', true],
    ])('asks inside a call: %s', async (_, answer, said, isError) => {
      const { client: c } = await client(await demo(dialect), { elicit: () => answer });
      const result = await c.callTool({ name: 'provision', arguments: { name: 'm1' } });
      expect(result).toMatchObject({ content: [{ type: 'text', text: said }] });
      expect(result.isError).toBe(isError);
    });

    it('does not ask a client that cannot be asked', async () => {
      const { client: c } = await client(await demo(dialect));
      expect(await c.callTool({ name: 'provision', arguments: { name: 'm1' } })).toMatchObject({
        isError: true,
      });
    });

    it('refuses foreign hosts, pages and sessions', async () => {
      const server = await demo(dialect);
      const { sessionId } = await client(server);
      const post = (headers: Record<string, string>) =>
        fetch(server.url, {
          method: 'POST',
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...headers,
          },
        });
      expect((await post({ 'mcp-session-id': sessionId, origin: 'https://evil.example' })).status).toBe(403);
      expect((await post({ 'mcp-session-id': 'another' })).status).toBe(404);
      expect(await (await post({})).json()).toMatchObject({ error: { code: -32000 } });
      expect((await post({ 'mcp-session-id': sessionId })).status).toBe(200);
      expect(await server.dropSessions()).toBe(1);
      expect((await post({ 'mcp-session-id': sessionId })).status).toBe(404);
    });

    it('says who it is', async () => {
      const server = await demo(dialect, { token: 'abc' });
      const health = await (await fetch(new URL('/healthz', server.url))).json();
      expect(health).toMatchObject({
        ok: true,
        token: 'abc',
        dialect,
        pid: process.pid,
        stats: { sessions: 0 },
      });
    });

    it('lets a test answer in its place', async () => {
      const server = await demo(dialect, {
        intercept: ({ rpcMethod }, response) => {
          if (rpcMethod !== 'tools/list') return false;
          response.writeHead(503).end();
          return true;
        },
      });
      const { client: c } = await client(server);
      await expect(c.listTools()).rejects.toMatchObject({ code: 503 });
      expect(server.stats.requests['tools/list']).toBeUndefined();
    });

    it('closes with work going on, twice', async () => {
      const server = await demo(dialect);
      const { client: c } = await client(server);
      let begun = () => {};
      const running = new Promise<void>((resolve) => {
        begun = resolve;
      });
      c.callTool({ name: 'countdown', arguments: { seconds: 1000 } }, undefined, { onprogress: begun }).catch(
        () => {},
      );
      await running;
      await Promise.all([server.close(), server.close()]);
      await expect(fetch(new URL('/healthz', server.url))).rejects.toThrow();
    });
  });
});

describe('tasks of 2025-11-25', () => {
  const submit = (c: Connected['client'], name: string, args: Record<string, unknown>, task = {}) =>
    c.request(
      // `_meta.task` as the program sends it beside `task`: this dialect does not mind.
      {
        method: 'tools/call',
        params: { name, arguments: args, task, _meta: { task: true, progressToken: 'p' } },
      },
      CreateTaskResultSchema,
    );
  const get = (c: Connected['client'], taskId: string) =>
    c.request({ method: 'tasks/get', params: { taskId } }, GetTaskResultSchema);
  const result = (c: Connected['client'], taskId: string) =>
    c.request({ method: 'tasks/result', params: { taskId } }, CallToolResultSchema);

  it('submits, tells the state, blocks for the result', async () => {
    const server = await demo('tasks-2025-11-25');
    const messages: Array<Record<string, unknown>> = [];
    const { client: c, sessionId } = await client(server, { onMessage: (m) => messages.push(m) });
    const { task } = await submit(
      c,
      'deploy',
      // A second of it, at this speed: still under way when it is looked at.
      { version: '2.0', environment: 'production', duration: 20 },
      { ttl: 60_000 },
    );
    expect(task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: 25 });
    expect(await get(c, task.taskId)).toMatchObject({
      status: 'working',
      statusMessage: expect.stringMatching(/^(Building|Pushing) the image$/),
    });

    const second = await client(server, { sessionId });
    expect(await result(second.client, task.taskId)).toEqual({
      content: [{ type: 'text', text: 'Deployed version 2.0 to production' }],
      structuredContent: {
        version: '2.0',
        environment: 'production',
        url: 'https://production.example.com/releases/2.0',
      },
      _meta: { 'io.modelcontextprotocol/related-task': { taskId: task.taskId } },
    });
    expect(await get(c, task.taskId)).toMatchObject({ status: 'completed' });
    await eventually(() => {
      const methods = messages.map((message) => message['method']);
      expect(methods.filter((m) => m === 'notifications/progress')).toHaveLength(5);
      expect(methods).toContain('notifications/tasks/status');
    });
    expect(server.stats).toMatchObject({ sessions: 1, tasksCreated: 1, calls: { deploy: 1 } });
  });

  it('keeps tasks to the session that made them', async () => {
    const server = await demo('tasks-2025-11-25');
    const mine = await client(server);
    const other = await client(server);
    const { task } = await submit(mine.client, 'export', { dataset: 'users' });
    await expect(get(other.client, task.taskId)).rejects.toMatchObject({ code: -32602 });
    await expect(get(mine.client, 'unknown')).rejects.toMatchObject({ code: -32602 });
  });

  it('holds tools to what they say of tasks', async () => {
    const { client: c } = await client(await demo('tasks-2025-11-25'));
    await expect(submit(c, 'echo', { message: 'x' })).rejects.toMatchObject({ code: -32601 });
    const plain = { method: 'tools/call', params: { name: 'batch-process', arguments: { input: 'f' } } };
    await expect(c.request(plain, CallToolResultSchema)).rejects.toMatchObject({ code: -32601 });
    const { task } = await submit(c, 'batch-process', { input: 'data.csv', chunkSize: 5 });
    expect((await result(c, task.taskId)).structuredContent).toMatchObject({ rows: 40 });
  });

  it('fails with the text of the tool', async () => {
    const { client: c } = await client(await demo('tasks-2025-11-25'));
    const { task } = await submit(c, 'flaky-import', { source: 'db' });
    expect(await result(c, task.taskId)).toMatchObject({
      isError: true,
      content: [{ text: 'Import from db failed: connection reset after 412 rows' }],
    });
    expect(await get(c, task.taskId)).toMatchObject({ status: 'failed' });
  });

  it('cancels, also one that waits for its result', async () => {
    const server = await demo('tasks-2025-11-25');
    const { client: c } = await client(server);
    const { task } = await submit(c, 'deploy', { version: '1', duration: 1000 });
    const waiting = result(c, task.taskId);
    waiting.catch(() => {});
    const cancel = () =>
      c.request({ method: 'tasks/cancel', params: { taskId: task.taskId } }, CancelTaskResultSchema);
    expect(await cancel()).toMatchObject({ status: 'cancelled' });
    await expect(waiting).rejects.toMatchObject({ code: -32603 });
    await expect(cancel()).rejects.toMatchObject({ code: -32602 });
    expect(server.stats.cancelledTasks).toBe(1);
  });

  it('asks on the stream of tasks/result, from a second connection too', async () => {
    const server = await demo('tasks-2025-11-25');
    const first = await client(server, { elicit: () => ({ action: 'cancel' }) });
    const { task } = await submit(first.client, 'provision', { name: 'm1' });
    await eventually(async () =>
      expect(await get(first.client, task.taskId)).toMatchObject({
        status: 'input_required',
        statusMessage: 'Where should m1 run?',
      }),
    );
    const second = await client(server, { sessionId: first.sessionId, elicit: () => yes });
    expect(await result(second.client, task.taskId)).toMatchObject({
      content: [{ text: 'Provisioned m1 in us-east with 4 CPUs' }],
    });
  });

  it('keeps the question for the next waiter when one hangs up before it is asked', async () => {
    const server = await demo('tasks-2025-11-25', { speed: 5, pollIntervalMs: 20 });
    const first = await client(server, { elicit: () => yes });
    const hangsUp = async (duration: number): Promise<string> => {
      const { task } = await submit(first.client, 'provision', { name: 'm1', duration });
      const gone = await client(server, { sessionId: first.sessionId });
      const asked = server.stats.requests['tasks/result'] ?? 0;
      const hungUp = result(gone.client, task.taskId).catch(() => 'hung up');
      await eventually(() => expect(server.stats.requests['tasks/result']).toBe(asked + 1));
      await gone.client.close();
      expect(await hungUp).toBe('hung up');
      // A busy machine may have asked before that: once more, with more time.
      const { status } = await get(first.client, task.taskId);
      return status === 'working' ? task.taskId : hangsUp(2 * duration);
    };
    const taskId = await hangsUp(2);
    await eventually(async () =>
      expect(await get(first.client, taskId)).toMatchObject({ status: 'input_required' }),
    );
    // Time for several polls of the waiter that hung up, were it still there. Passing does not depend on it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await result(first.client, taskId)).toMatchObject({
      structuredContent: { provisioned: true },
    });
  });

  it('cancels a task that waits for an answer', async () => {
    const { client: c } = await client(await demo('tasks-2025-11-25'), { elicit: () => yes });
    const { task } = await submit(c, 'provision', { name: 'm1' });
    await eventually(async () =>
      expect(await get(c, task.taskId)).toMatchObject({ status: 'input_required' }),
    );
    const cancelled = { method: 'tasks/cancel', params: { taskId: task.taskId } };
    expect(await c.request(cancelled, CancelTaskResultSchema)).toMatchObject({ status: 'cancelled' });
  });
});

describe('_meta.task', () => {
  const call = (c: Connected['client'], name: string, args: Record<string, unknown>, meta: unknown = true) =>
    c.request(
      // `task` beside it, as a client may send it that offers every dialect at once.
      { method: 'tools/call', params: { name, arguments: args, task: {}, _meta: { task: meta } } },
      z.looseObject({}),
    );
  const submit = async (c: Connected['client'], name: string, args: Record<string, unknown>) =>
    accepted.parse(await call(c, name, args)).task_id;
  const ask = (c: Connected['client'], method: string, task_id: string) =>
    c.request({ method, params: { task_id } }, loose);

  it('announces a bare capability', async () => {
    const { client: c } = await client(await demo('meta-task'));
    expect(c.getServerCapabilities()).toEqual({ tools: {}, tasks: {} });
  });

  it('submits, tells the state, blocks for the result', async () => {
    const server = await demo('meta-task');
    const { client: c, sessionId } = await client(server);
    // Two seconds of it, at this speed: still under way when it is looked at.
    const answer = await call(c, 'deploy', { version: '2.0', duration: 40 });
    expect(answer).toEqual({ task_id: expect.stringMatching(/^task_\w+$/), status: 'queued' });
    const id = accepted.parse(answer).task_id;
    // A busy machine may miss one of its stages.
    const stages = ['Building the image', 'Pushing the image', 'Rolling out to staging', 'Checking health'];
    await eventually(async () => {
      const now = await ask(c, 'tasks/get', id);
      const { progress } = now['data'] as { progress: number };
      expect(progress).toBeGreaterThan(0);
      expect(now).toEqual({
        task_id: id,
        status: 'running',
        data: { tool: 'deploy', progress, total: 4, message: stages[progress] },
      });
    });
    const second = await client(server, { sessionId });
    expect(await ask(second.client, 'tasks/result', id)).toMatchObject({
      status: 'completed',
      result: { content: [{ type: 'text', text: 'Deployed version 2.0 to staging' }] },
    });
    expect(await ask(c, 'tasks/get', id)).toMatchObject({ status: 'completed', data: { message: 'Done' } });
    await expect(ask(c, 'tasks/get', 'unknown')).rejects.toMatchObject({ code: -32602 });
    await expect(ask(c, 'tasks/list', id)).rejects.toMatchObject({ code: -32601 });
  });

  it('answers at once when a tool is no task', async () => {
    const { client: c } = await client(await demo('meta-task'));
    expect(await call(c, 'echo', { message: 'hi' })).toEqual({ content: [{ type: 'text', text: 'hi' }] });
  });

  it('fails with the text of the tool', async () => {
    const { client: c } = await client(await demo('meta-task'));
    const id = await submit(c, 'flaky-import', { source: 'db' });
    expect(await ask(c, 'tasks/result', id)).toMatchObject({ status: 'failed', result: { isError: true } });
  });

  it('cancels, also one that waits for its result', async () => {
    const server = await demo('meta-task');
    const { client: c } = await client(server);
    const id = await submit(c, 'deploy', { version: '1', duration: 1000 });
    const waiting = ask(c, 'tasks/result', id);
    expect(await ask(c, 'tasks/cancel', id)).toEqual({ task_id: id, status: 'canceled' });
    expect(await waiting).toEqual({ task_id: id, status: 'canceled' });
    expect(await ask(c, 'tasks/cancel', id)).toEqual({ task_id: id, status: 'canceled' });
    expect(server.stats.cancelledTasks).toBe(1);
  });

  it('asks whoever waits for the result', async () => {
    const server = await demo('meta-task');
    const first = await client(server, { elicit: () => ({ action: 'decline' }) });
    const id = await submit(first.client, 'provision', { name: 'm1' });
    await eventually(async () =>
      expect(await ask(first.client, 'tasks/get', id)).toMatchObject({
        status: 'input_required',
        data: { message: 'Where should m1 run?' },
      }),
    );
    const second = await client(server, { sessionId: first.sessionId, elicit: () => yes });
    expect(await ask(second.client, 'tasks/result', id)).toMatchObject({
      status: 'completed',
      result: { structuredContent: { region: 'us-east', size: 4 } },
    });
  });
});
