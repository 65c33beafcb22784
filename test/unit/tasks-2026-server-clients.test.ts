/** The fixture server of the tasks extension as others see it: on a subscription, and through the official client. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { atTestEnd } from '../support/cli.ts';
import {
  ask,
  envelope,
  messagesOf,
  post,
  started,
  until,
  WITH_TASKS,
} from '../support/tasks-2026/raw-client.ts';
import { tasks2026Server, tasks2026Stdio } from '../support/tasks-2026/server.ts';

const FAST = { speed: 20, pollIntervalMs: 20 };
const TASK = z.looseObject({ taskId: z.string(), status: z.string() });

describe('subscriptions', () => {
  const listen = (url: string, taskIds: string[], signal?: AbortSignal) =>
    post(url, 'subscriptions/listen', { notifications: { taskIds } }, signal ? { signal } : {});

  it('acknowledges the tasks there are, tells their changes, and says goodbye', async () => {
    const server = await tasks2026Server(FAST);
    const taskId = await started(server.url, 'ask');
    const messages = messagesOf(await listen(server.url, [taskId, 'nope']));
    const _meta = { 'io.modelcontextprotocol/subscriptionId': 'raw-1' };
    const next = async () => (await messages.next()).value;
    expect(await next()).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { taskIds: [taskId] }, _meta },
    });
    const inputResponses = {
      name: { action: 'decline' },
      color: { action: 'accept', content: { color: 'red' } },
    };
    await ask(server.url, 'tasks/update', { taskId, inputResponses });
    expect(await next()).toMatchObject({ method: 'notifications/tasks', params: { status: 'working' } });
    const { result } = await ask(server.url, 'tasks/get', { taskId });
    const { resultType: _, ...detailed } = result;
    expect(await next()).toMatchObject({ params: { ...detailed, status: 'completed', _meta } });
    await server.close();
    expect(await next()).toMatchObject({ id: 'raw-1', result: { resultType: 'complete', _meta } });
    expect((await messages.next()).done).toBe(true);
  });

  it('honours none when told so: acknowledged without tasks, and over', async () => {
    const { url } = await tasks2026Server({ ...FAST, subscriptions: false });
    const seen = [];
    for await (const message of messagesOf(await listen(url, [await started(url, 'forever')])))
      seen.push(message);
    expect(seen).toMatchObject([{ params: { notifications: {} } }, { id: 'raw-1', result: {} }]);
  });
});

describe('the official client', () => {
  const capabilities = { ...WITH_TASKS, roots: {}, sampling: {} };
  const newClient = () =>
    new Client({ name: 'test', version: '1' }, { capabilities, versionNegotiation: { mode: 'auto' } });

  it('polls and answers over HTTP; the intercept hook may answer instead', async () => {
    const server = await tasks2026Server({
      ...FAST,
      intercept({ rpcMethod, headers }, response) {
        if (rpcMethod !== 'tasks/cancel') return false;
        expect(headers['mcp-name']).toBe(taskId);
        response.writeHead(503).end();
        return true;
      },
    });
    const client = newClient();
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
    atTestEnd(() => client.close());
    expect(client.getServerCapabilities()?.extensions).toHaveProperty(['io.modelcontextprotocol/tasks']);
    const { result } = await ask(
      server.url,
      'tools/call',
      { name: 'roots', arguments: {} },
      { capabilities },
    );
    const { taskId } = result;
    await until(server.url, taskId, 'input_required');
    const roots = { roots: { roots: [{ uri: 'file:///home' }] } };
    await client.request(
      { method: 'tasks/update', params: { taskId, inputResponses: roots } },
      z.looseObject({}),
    );
    await until(server.url, taskId, 'completed');
    const end = await client.request({ method: 'tasks/get', params: { taskId } }, TASK);
    expect(end).toMatchObject({ result: { content: [{ text: 'Roots: file:///home' }] } });
    const cancel = client.request({ method: 'tasks/cancel', params: { taskId } }, z.looseObject({}));
    await expect(cancel).rejects.toMatchObject({ data: { status: 503 } });
  });

  it('does the same over stdio, where a subscription works too', async () => {
    const client = newClient();
    const transport = new StdioClientTransport(await tasks2026Stdio(FAST));
    await client.connect(transport);
    atTestEnd(() => client.close());
    const seen: Record<string, unknown>[] = [];
    const theirs = transport.onmessage;
    transport.onmessage = (message) => {
      seen.push(message as Record<string, unknown>);
      theirs?.(message);
    };
    const send = (id: string, method: string, params: object) =>
      transport.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta: envelope(capabilities) } });
    await send('one', 'tools/call', { name: 'sample', arguments: {} });
    await expect.poll(() => seen).toMatchObject([{ id: 'one', result: { resultType: 'task' } }]);
    const { taskId } = (seen[0] as { result: { taskId: string } }).result;
    await send('two', 'subscriptions/listen', { notifications: { taskIds: [taskId] } });
    await expect.poll(() => seen[1]).toMatchObject({ params: { notifications: { taskIds: [taskId] } } });
    const word = { role: 'assistant', content: { type: 'text', text: 'yes' }, model: 'm' };
    const update = { taskId, inputResponses: { word } };
    await client.request({ method: 'tasks/update', params: update }, z.looseObject({}));
    await expect
      .poll(() => seen.at(-1))
      .toMatchObject({
        method: 'notifications/tasks',
        params: { status: 'completed', result: { content: [{ text: 'The model says: yes' }] } },
      });
  });
});
