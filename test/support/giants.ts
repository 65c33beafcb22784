/** Texts of many megabytes at every place where a server may say something. */
import type { Exchange, Hostile } from './hostile.ts';

const MIB = 1024 * 1024;

function withProgress(exchange: Exchange, giant: string): void {
  const send = exchange.stream();
  const { progressToken } = (exchange.params['_meta'] ?? {}) as { progressToken?: unknown };
  const params = { progressToken, progress: 1, total: 2, message: giant };
  send({ jsonrpc: '2.0', method: 'notifications/progress', params });
  send({ jsonrpc: '2.0', id: exchange.id, result: { content: [{ type: 'text', text: 'worked' }] } });
  exchange.response.end();
}

const info = { protocolVersion: '2025-11-25', capabilities: { tools: {} } };
const withoutTasks = (exchange: Exchange) =>
  exchange.result({ ...info, serverInfo: { name: 'hostile', version: '1' } });

export type GiantPlace = [place: string, prepare: (server: Hostile) => void, status: string];

/** Where a server may say something giant: what is giant, how, and how the job ends. */
export function giantPlaces(giant: string): GiantPlace[] {
  return [
    [
      'a status message',
      ({ task }) => Object.assign(task, { statusMessage: giant, status: 'completed' }),
      'completed',
    ],
    [
      'a field of a task',
      ({ task }) => Object.assign(task, { more: { [giant]: [giant] }, status: 'completed' }),
      'completed',
    ],
    [
      'many fields of a task',
      ({ task }) => Object.assign(task, { list: Array(MIB).fill({}), status: 'completed' }),
      'completed',
    ],
    [
      'a failed status message',
      ({ task }) => Object.assign(task, { statusMessage: giant, status: 'failed' }),
      'failed',
    ],
    [
      'the message of a JSON-RPC error',
      (server) => {
        server.on('initialize', withoutTasks);
        server.on('tools/call', ({ error }) => error(-32000, giant));
      },
      'failed',
    ],
    [
      'the data of a JSON-RPC error',
      (server) => {
        server.on('initialize', withoutTasks);
        server.on('tools/call', ({ error }) => error(-32000, 'no', { why: giant, list: Array(MIB).fill(1) }));
      },
      'failed',
    ],
    [
      'the text of a tool error',
      ({ task, callResult }) => {
        Object.assign(task, { status: 'failed' });
        Object.assign(callResult as object, { isError: true, content: [{ type: 'text', text: giant }] });
      },
      'failed',
    ],
    [
      'progress',
      (server) => {
        server.on('initialize', withoutTasks);
        server.on('tools/call', (exchange) => withProgress(exchange, giant));
      },
      'completed',
    ],
    [
      'instructions, and what the server says of itself',
      (server) =>
        server.on('initialize', (exchange) =>
          exchange.result({
            ...info,
            capabilities: { tools: {}, experimental: { x: { y: giant } } },
            serverInfo: { name: 'hostile', version: '1', title: giant },
            instructions: giant,
          }),
        ),
      'completed',
    ],
  ];
}
