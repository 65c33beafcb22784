// Wrong answers to a request, for every transport alike: what is said in place of the right answer, and what comes then. Plain JavaScript: a stdio
// server of the tests uses it, too.
//
//   say(id, right)  texts of messages, as they go over the wire; `right` is the result that should have come
//   cut             the last text is not finished: no line end, no blank line
//   every           these texts again and again, until the other side has had enough
//   after           `done`: the answer is over, the connection is not; `open`: nothing more comes; `end`: it is closed; `reset`: it breaks
//   means           what that comes to: see `allowedCodes` in ending-codes.ts

const rpc = (id, rest) => JSON.stringify({ jsonrpc: '2.0', id, ...rest });
const half = (id, right) => rpc(id, { result: right }).slice(0, -12);
const result = (value) => (id) => [rpc(id, { result: value })];
const task = (change) => (id, right) => {
  const inner = right.task ?? right;
  const changed = { ...inner, ...change };
  return [rpc(id, { result: right.task ? { task: changed } : changed })];
};

export const WRONG_ANSWERS = {
  'nothing at all': { say: () => [], after: 'open', means: 'silence' },
  'an end without a word': { say: () => [], after: 'end', means: 'lost' },
  'a broken connection': { say: () => [], after: 'reset', means: 'lost' },
  'half a message, then the end': {
    say: (id, right) => [half(id, right)],
    cut: true,
    after: 'end',
    means: 'lost',
  },
  'half a message, then silence': {
    say: (id, right) => [half(id, right)],
    cut: true,
    after: 'open',
    means: 'silence',
  },
  'no JSON': { say: () => ['<html>It works!</html>'], after: 'done', means: 'none' },
  'an empty text': { say: () => [''], after: 'done', means: 'none' },
  'JSON that is no JSON-RPC': { say: () => ['{"hello":"world"}'], after: 'done', means: 'none' },
  'JSON-RPC of version 1.0': {
    say: (id, right) => [JSON.stringify({ jsonrpc: '1.0', id, result: right })],
    after: 'done',
    means: 'odd',
  },
  null: { say: () => ['null'], after: 'done', means: 'none' },
  'an empty list': { say: () => ['[]'], after: 'done', means: 'none' },
  'the id of another': {
    say: (_, right) => [rpc('another', { result: right })],
    after: 'done',
    means: 'none',
  },
  'an id of null': { say: (_, right) => [rpc(null, { result: right })], after: 'done', means: 'none' },
  'its id as text': { say: (id, right) => [rpc(`${id}`, { result: right })], after: 'done', means: 'odd' },
  'an error with id null': {
    say: () => [rpc(null, { error: { code: -32600, message: 'Invalid Request' } })],
    after: 'done',
    means: 'refused',
  },
  'error: null beside the result': {
    say: (id, right) => [rpc(id, { result: right, error: null })],
    after: 'done',
    means: 'right',
  },
  'an error beside the result': {
    say: (id, right) => [rpc(id, { result: right, error: { code: -32000, message: 'both' } })],
    after: 'done',
    means: 'odd',
  },
  'an error that is text': { say: (id) => [rpc(id, { error: 'no' })], after: 'done', means: 'odd' },
  'neither result nor error': { say: (id) => [rpc(id, {})], after: 'done', means: 'none' },
  'an internal error': {
    say: (id) => [rpc(id, { error: { code: -32603, message: 'Internal error' } })],
    after: 'done',
    means: 'refused',
  },
  'a result of null': { say: result(null), after: 'done', means: 'shape' },
  'a result that is a number': { say: result(7), after: 'done', means: 'shape' },
  'a result that is a list': { say: result([]), after: 'done', means: 'shape' },
  'a result that is text': { say: result('done'), after: 'done', means: 'shape' },
  'an empty result': { say: result({}), after: 'done', means: 'shape' },
  'the answer twice': {
    say: (id, right) => [rpc(id, { result: right }), rpc(id, { result: right })],
    after: 'done',
    means: 'right',
    many: true,
  },
  'pings without end': {
    say: () => [],
    every: () => [rpc('ping', { method: 'ping' })],
    after: 'open',
    means: 'silence',
    many: true,
  },
  'notes without end': {
    say: () => [],
    every: () => [
      rpc(undefined, { method: 'notifications/message', params: { level: 'info', data: 'still' } }),
    ],
    after: 'open',
    means: 'silence',
    many: true,
  },
  'requests unheard of': {
    say: (id, right) => [rpc('odd', { method: 'nonsense/__proto__' }), rpc(id, { result: right })],
    after: 'done',
    means: 'right',
    many: true,
  },
  'a huge answer': {
    say: (id) => [rpc(id, { result: { content: [{ type: 'text', text: 'x'.repeat(70 * 1024 * 1024) }] } })],
    after: 'done',
    means: 'lost',
  },
  'an answer 100,000 levels deep': {
    say: (id) => [
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}`,
    ],
    after: 'done',
    means: 'lost',
  },
  'a task state that does not exist': {
    say: task({ status: 'meditating' }),
    after: 'done',
    means: 'state',
    task: true,
  },
  'a task without a state': { say: task({ status: undefined }), after: 'done', means: 'state', task: true },
  'a task of another id': { say: task({ taskId: 'another' }), after: 'done', means: 'state', task: true },
  'a task without an id': { say: task({ taskId: undefined }), after: 'done', means: 'state', task: true },
};

export const TASK_ID = 'task-of-the-server-of-wrong-answers';

/** The right result of a request. `ended`: the task is at its end. */
export function rightResult(method, params, ended) {
  const at = '2026-03-30T10:15:30Z';
  const status = ended ? 'completed' : 'working';
  const one = { taskId: TASK_ID, status, ttl: null, pollInterval: 500, createdAt: at, lastUpdatedAt: at };
  const worked = { content: [{ type: 'text', text: 'worked' }] };
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        serverInfo: { name: 'wrong-answers', version: '1' },
      };
    case 'ping':
      return {};
    case 'tools/list':
      return {
        tools: [
          {
            name: 'work',
            inputSchema: { type: 'object', properties: { n: { type: 'string' } } },
            execution: { taskSupport: 'optional' },
          },
        ],
      };
    case 'tools/call':
      return params.task === undefined ? worked : { task: one };
    case 'tasks/get':
      return one;
    case 'tasks/result':
      return worked;
    case 'tasks/cancel':
      return { ...one, status: 'cancelled' };
    default:
      return undefined;
  }
}
