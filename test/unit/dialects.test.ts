import { expect, test } from 'vitest';
import { statusFromRemote } from '../../src/jobs/record.ts';
import { readReply, submitParams } from '../../src/mcp/dialects/reply.ts';
import { taskMode } from '../../src/mcp/dialects/task-mode.ts';
import { endedWith, progressFrom, taskSnapshot } from '../../src/mcp/dialects/wire.ts';

const tasks2025 = { tasks: { requests: { tools: { call: {} } }, cancel: {} } };
const traits = (capabilities: Record<string, unknown>, over = {}) =>
  ({ transport: 'http', era: 'legacy', capabilities, ...over }) as const;

test.each([
  ['2025-11-25, optional', traits(tasks2025), 'optional', 'offer'],
  ['2025-11-25, required', traits(tasks2025), 'required', 'required'],
  ['2025-11-25, forbidden', traits(tasks2025), 'forbidden', 'none'],
  ['2025-11-25, nothing said of the tool', traits(tasks2025), undefined, 'none'],
  ['a bare tasks capability', traits({ tasks: {} }), undefined, 'offer'],
  ['no tasks', traits({}), 'required', 'none'],
  ['2026-07-28', traits(tasks2025, { era: 'modern' }), 'optional', 'none'],
] as const)('%s', (_, server, support, tasks) => {
  expect(taskMode(server, support).tasks).toBe(tasks);
});

test('a task outlives this process over HTTP only', () => {
  expect(taskMode(traits(tasks2025), 'optional').holdable).toBe(true);
  expect(taskMode(traits(tasks2025, { transport: 'stdio' }), 'optional').holdable).toBe(false);
});

test('a server that announces tasks without a cancel has none', () => {
  expect(taskMode(traits({ tasks: { requests: { tools: { call: {} } } } }), 'optional').cancel).toBe(false);
});

test('_meta.task always goes along, params.task where it is taken', () => {
  const call = { name: 'deploy', arguments: { version: '2.0' } };
  expect(submitParams(call, { task2025: false, ttlMs: undefined })).toEqual({
    ...call,
    _meta: { task: true },
  });
  expect(submitParams(call, { task2025: true, ttlMs: 60_000 })).toEqual({
    ...call,
    task: { ttl: 60_000 },
    _meta: { task: { ttl: 60_000 } },
  });
});

test.each([
  [{ task: { taskId: 't', status: 'working' } }, 'tasks-2025-11-25'],
  [{ task_id: 't', status: 'queued' }, 'meta-task'],
  [{ content: [], _meta: { task: { taskId: 't' } } }, 'meta-task'],
])('the reply %j is a task of %s', (reply, backend) => {
  expect(readReply(reply)).toMatchObject({ kind: 'task', backend, taskId: 't' });
});

test('any other object is the result, anything else a broken protocol', () => {
  expect(readReply({ content: [] })).toEqual({ kind: 'result', result: { content: [] } });
  expect(readReply({ task: { taskId: 7 } }).kind).toBe('result');
  expect(() => readReply(null)).toThrow(/not an object/);
  expect(() => readReply([])).toThrow(/not an object/);
});

test.each([
  ['queued', 'queued'],
  ['pending', 'queued'],
  ['submitted', 'queued'],
  ['working', 'running'],
  ['retrying', 'running'],
  ['reticulating', 'running'],
  [undefined, 'running'],
  ['input_required', 'input_required'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['canceled', 'canceled'],
  ['cancelled', 'canceled'],
])('the remote status %s is %s here', (remote, status) => {
  expect(statusFromRemote(remote)).toBe(status);
});

test('a result that reports an error is a failure whatever the status says, a cancelled task stays cancelled', () => {
  const bad = { isError: true, content: [{ type: 'text', text: 'no disk' }] };
  const state = (status: string) => taskSnapshot({ taskId: 't', status });
  expect(endedWith(bad, state('completed'))).toMatchObject({
    status: 'failed',
    error: { message: 'no disk' },
  });
  expect(endedWith({ content: [] }, state('failed')).status).toBe('failed');
  expect(endedWith({ content: [] }, state('cancelled')).status).toBe('canceled');
  expect(endedWith({ content: [] }, undefined)).toMatchObject({
    status: 'completed',
    result: { content: [] },
  });
});

test('progress is numbers, or there is none', () => {
  expect(progressFrom({ progress: 3, total: 10, message: 'm' })).toEqual({
    progress: 3,
    total: 10,
    message: 'm',
  });
  expect(progressFrom({ progress: { current: 1, total: 2 } })).toEqual({ progress: 1, total: 2 });
  expect(progressFrom({ progress: '3' })).toBeUndefined();
  expect(progressFrom({ progress: Number.NaN })).toBeUndefined();
  expect(progressFrom(null)).toBeUndefined();
});
