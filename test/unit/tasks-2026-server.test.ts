/** The fixture server of the tasks extension: what it says on the wire. The official scenarios (`npm run conformance`) judge it as well. */
import { describe, expect, it } from 'vitest';
import { ask, call, started, until } from '../support/tasks-2026/raw-client.ts';
import { tasks2026Server } from '../support/tasks-2026/server.ts';

const FAST = { speed: 20, pollIntervalMs: 20 };
const MISSING = { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } };

describe('tasks', () => {
  it('a call becomes a task: flat, nothing of its end in it; then the result is inlined', async () => {
    const { url, stats } = await tasks2026Server(FAST);
    const { result } = await call(url, 'deploy', { version: '2' });
    for (const alien of ['result', 'error', 'inputRequests', 'requestState', 'task', 'ttl', 'pollInterval'])
      expect(result).not.toHaveProperty(alien);
    expect(result).toMatchObject({
      resultType: 'task',
      status: 'working',
      ttlMs: 3_600_000,
      pollIntervalMs: 20,
    });
    const end = await until(url, result.taskId, 'completed');
    expect(end).toMatchObject({
      resultType: 'complete',
      result: { content: [{ type: 'text', text: 'Deployed version 2 to staging' }] },
    });
    expect(stats).toMatchObject({ calls: { deploy: 1 }, tasksCreated: 1, requests: { 'tools/call': 1 } });
  });

  it('a tool that fails completes; a JSON-RPC error is what fails', async () => {
    const { url } = await tasks2026Server(FAST);
    const failed = await until(url, await started(url, 'flaky-import', { source: 'x' }), 'completed');
    expect(failed.result).toMatchObject({ isError: true });
    const error = { code: -32603, message: 'The disk is on fire', data: { disk: 'sda' } };
    const broken = await until(url, await started(url, 'fail-rpc'), 'failed');
    expect(broken).toMatchObject({ error, statusMessage: error.message });
    expect(broken).not.toHaveProperty('result');
  });

  it('cancellation is acknowledged and no more: the task may complete nevertheless', async () => {
    const { url, stats } = await tasks2026Server(FAST);
    const ids = [await started(url, 'forever'), await started(url, 'stubborn')];
    for (const taskId of [...ids, ...ids]) {
      const { result } = await ask(url, 'tasks/cancel', { taskId });
      expect({ ...result, _meta: undefined }).toEqual({ resultType: 'complete' });
    }
    expect((await ask(url, 'tasks/get', { taskId: ids[0] })).result.status).toBe('cancelled');
    expect(await until(url, ids[1] ?? '', 'completed')).toMatchObject({
      result: { content: [{ text: 'Completed nevertheless' }] },
    });
    expect(stats.cancelledTasks).toBe(1);
  });

  it('unknown, forgotten and expired tasks are all -32602', async () => {
    const server = await tasks2026Server({ ...FAST, ttlMs: 30 });
    const taskId = await started(server.url, 'forever');
    const forgotten = await started(server.url, 'forever');
    await expect.poll(() => until(server.url, taskId, 'never').catch(String)).toMatch('Task has expired');
    expect(server.forgetTasks()).toBe(1);
    for (const id of ['nope', taskId, forgotten])
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
        expect(await ask(server.url, method, { taskId: id, inputResponses: {} })).toMatchObject({
          status: 200,
          error: { code: -32602, message: 'Task not found' },
        });
  });
});

describe('questions', () => {
  it('inside a task: answered in parts, checked, and told', async () => {
    const { url } = await tasks2026Server(FAST);
    const taskId = await started(url, 'ask');
    const asked = await until(url, taskId, 'input_required');
    expect(asked.inputRequests).toMatchObject({
      name: {
        method: 'elicitation/create',
        params: { mode: 'form', requestedSchema: { required: ['name'] } },
      },
      color: { params: { requestedSchema: { properties: { color: { default: 'blue' } } } } },
    });
    const update = (inputResponses: object) => ask(url, 'tasks/update', { taskId, inputResponses });
    for (const wrong of [{ action: 'accept', content: {} }, { action: 'perhaps' }, { result: {} }])
      expect(await update({ name: wrong })).toMatchObject({ error: { code: -32602 } });
    const ann = { action: 'accept', content: { name: 'Ann' } };
    expect(await update({ name: ann, stranger: {} })).toMatchObject({ result: { resultType: 'complete' } });
    const { result: rest } = await ask(url, 'tasks/get', { taskId });
    expect([rest.status, Object.keys(rest.inputRequests)]).toEqual(['input_required', ['color']]);
    await update({ name: { action: 'decline' }, color: { action: 'decline' } });
    const end = await until(url, taskId, 'completed');
    expect(end.result.content[0].text).toBe('name is Ann, color was declined');
  });

  it('before a task: the call comes again with the answer and the state', async () => {
    const { url, stats } = await tasks2026Server(FAST);
    const first = (await call(url, 'ask-first')).result;
    expect(first).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    expect(Object.keys(first.inputRequests)).toEqual(['target']);
    const { requestState } = first;
    const answers = { target: { action: 'accept', content: { target: 'Rome' } } };
    const wrong = [
      { inputResponses: answers },
      { inputResponses: answers, requestState: `${requestState}x` },
      { inputResponses: { target: { action: 'accept' } }, requestState },
    ];
    for (const more of wrong)
      expect(await call(url, 'ask-first', {}, more)).toMatchObject({ error: { code: -32602 } });
    const declined = { inputResponses: { target: { action: 'decline' } }, requestState };
    expect((await call(url, 'ask-first', {}, declined)).result).toMatchObject({
      resultType: 'complete',
      content: [{ text: 'Nothing started: target was declined' }],
    });
    expect(stats.tasksCreated).toBe(0);
    const { result } = await call(url, 'ask-first', {}, { inputResponses: answers, requestState });
    expect(result).not.toHaveProperty('requestState');
    expect((await until(url, result.taskId, 'completed')).result.content[0].text).toBe(
      'Arrived: target is Rome',
    );
  });

  it('asks only what the client declares', async () => {
    const { url } = await tasks2026Server(FAST);
    for (const [tool, missing] of [
      ['roots', { roots: {} }],
      ['sample', { sampling: {} }],
      ['ask-url', { elicitation: { url: {} } }],
    ] as const) {
      const end = await until(url, await started(url, tool), 'failed');
      expect(end.error).toMatchObject({ code: -32021, data: { requiredCapabilities: missing } });
    }
  });
});

describe('the extension', () => {
  it('without it: plain results where that can be, -32021 where not', async () => {
    const { url } = await tasks2026Server(FAST);
    const without = { capabilities: {} };
    const plain = await ask(url, 'tools/call', { name: 'deploy', arguments: { version: '2' } }, without);
    expect(plain.result).toMatchObject({ resultType: 'complete', content: [{ type: 'text' }] });
    const refused = { status: 400, error: { code: -32021, data: MISSING } };
    const batch = { name: 'batch-process', arguments: { input: 'a' } };
    expect(await ask(url, 'tools/call', batch, without)).toMatchObject(refused);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect(await ask(url, method, { taskId: 'any' }, without)).toMatchObject(refused);
    const notifications = { taskIds: ['any'] };
    expect(await ask(url, 'subscriptions/listen', { notifications }, without)).toMatchObject(refused);
  });

  it('with it, some calls are answered at once all the same', async () => {
    const { url } = await tasks2026Server(FAST);
    expect((await call(url, 'plain')).result).toMatchObject({ resultType: 'complete' });
    expect((await call(url, 'sync-fail')).result).toMatchObject({ resultType: 'complete', isError: true });
    expect(await call(url, 'protocol-error')).toMatchObject({
      error: { code: -32603, data: { reason: 'demo' } },
    });
    const { result } = await ask(url, 'tools/list');
    for (const tool of result.tools) expect(tool).not.toHaveProperty('execution');
  });

  it('holds clients to the headers', async () => {
    const { url } = await tasks2026Server(FAST);
    const taskId = await started(url, 'forever');
    for (const headers of [
      { 'mcp-name': undefined },
      { 'mcp-name': 'other' },
      { 'mcp-method': 'tasks/cancel' },
    ])
      expect(await ask(url, 'tasks/get', { taskId }, { headers })).toMatchObject({
        status: 400,
        error: { code: -32020 },
      });
    for (const method of ['tasks/result', 'tasks/list'])
      expect(await ask(url, method, { taskId })).toMatchObject({ status: 404, error: { code: -32601 } });
  });
});
