/** What a channel makes of what a server sends: every request ends with its answer, and no message is the trouble of another. */
import type { Transport } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcError, UnreachableError } from '../../src/errors.ts';
import { Channel } from '../../src/mcp/connection/channel.ts';
import { scrubberOf } from '../../src/mcp/connection/scrub.ts';

type Receive = (message: unknown, extra?: unknown) => void;

/** A channel over a transport that the test is the server of. */
function wire({ secrets = [] as string[] } = {}) {
  const sent: { id: string; method: string }[] = [];
  const said: string[] = [];
  const transport: Transport = {
    start: async () => {},
    close: async () => {},
    send: async (message) => void sent.push(message as unknown as { id: string; method: string }),
  };
  const channel = new Channel(transport, {
    classify: (error) => (error instanceof UnreachableError ? error : new UnreachableError(String(error))),
    scrub: scrubberOf(secrets),
    log: (line) => said.push(line),
  });
  const receive = (transport.onmessage as unknown as Receive).bind(transport);
  return { channel, receive, sent, said };
}

/** A request that was sent, and its answer. */
function asked(w: ReturnType<typeof wire>, method = 'tools/call') {
  const answer = w.channel.request(method, {});
  answer.catch(() => {});
  return { answer, id: w.sent.at(-1)?.id as string };
}

describe('an answer', () => {
  it('of any shape ends its request', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('result', 'error', 'jsonrpc', 'x'), fc.jsonValue()),
        async (rest) => {
          const w = wire({ secrets: ['12345678'] });
          const { answer, id } = asked(w);
          w.receive({ ...rest, id });
          await answer.catch((error: unknown) => {
            expect(error instanceof RpcError || error instanceof UnreachableError).toBe(true);
          });
        },
      ),
    );
  });

  it('that throws while it is read ends its request with an error', async () => {
    const w = wire();
    const { answer, id } = asked(w);
    const trap = {
      id,
      get error() {
        throw new Error('a trap');
      },
    };
    w.receive(trap);
    await expect(answer).rejects.toThrow(/answer to tools\/call cannot be read: a trap/);
  });

  it('with a secret as a number, a name, and in escaped text is told without it', async () => {
    const w = wire({ secrets: ['12345678', 'quo"te\\d-secret'] });
    const { answer, id } = asked(w);
    const data = { account: 12345678, 12345678: true, raw: JSON.stringify({ header: 'quo"te\\d-secret' }) };
    w.receive({ jsonrpc: '2.0', id, error: { code: -32000, message: 'no 12345678', data } });
    const error = (await answer.catch((one: unknown) => one)) as RpcError;
    expect(error).toBeInstanceOf(RpcError);
    expect(error.message).toBe('no ***');
    expect(error.data).toEqual({ account: '***', '***': true, raw: '{"header":"***"}' });
  });

  it.each([
    ['an error of null beside a result', { result: { a: 1 }, error: null }, { a: 1 }],
    ['no jsonrpc', { jsonrpc: undefined, result: 7 }, 7],
    ['a result of null', { result: null }, null],
  ])('with %s is a result', async (_, rest, result) => {
    const w = wire();
    const { answer, id } = asked(w);
    w.receive({ jsonrpc: '2.0', id, ...rest });
    await expect(answer).resolves.toEqual(result);
  });

  it.each([
    ['a result of null beside it', { result: null, error: { code: 5, message: 'no' } }, 'no'],
    ['words alone', { error: 'Session not found' }, 'Session not found'],
    ['a message that is none', { error: { code: 1, message: { why: 'x' } } }, '{"why":"x"}'],
  ])('that is an error with %s is an error', async (_, rest, message) => {
    const w = wire();
    const { answer, id } = asked(w);
    w.receive({ jsonrpc: '2.0', id, ...rest });
    await expect(answer).rejects.toThrow(new RpcError(0, message).message);
  });

  it.each([
    ['neither a result nor an error', {}],
    ['both a result and an error', { result: {}, error: { code: 1, message: 'x' } }],
  ])('with %s is refused in one line', async (what, rest) => {
    const w = wire();
    const { answer, id } = asked(w);
    w.receive({ jsonrpc: '2.0', id, ...rest });
    await expect(answer).rejects.toThrow(`the server's answer to tools/call has ${what}`);
  });

  it('in a batch is taken, whatever else is in it', async () => {
    const w = wire();
    const [one, two] = [asked(w), asked(w)];
    w.receive([
      null,
      7,
      { jsonrpc: '2.0', id: two.id, result: 2 },
      [],
      { id: 'other', result: 0 },
      { id: one.id, result: 1 },
    ]);
    expect(await Promise.all([one.answer, two.answer])).toEqual([1, 2]);
  });
});

describe('an error without an id', () => {
  const error = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Request' } };

  it('is for the one request that waits', async () => {
    const w = wire();
    const { answer } = asked(w);
    w.receive(error);
    await expect(answer).rejects.toThrow('Invalid Request');
  });

  it('is for the request whose HTTP response brought it, and for none of several otherwise', async () => {
    const w = wire();
    const [one, two] = [asked(w), asked(w)];
    w.receive(error);
    w.receive(error, { requestId: two.id });
    await expect(two.answer).rejects.toThrow('Invalid Request');
    w.receive({ jsonrpc: '2.0', id: one.id, result: 1 });
    await expect(one.answer).resolves.toBe(1);
  });
});

describe('what a server says by itself', () => {
  it('goes on to the others when one throws', async () => {
    const w = wire();
    const heard: string[] = [];
    w.channel.onNotification(() => {
      throw new Error('a bad listener');
    });
    w.channel.onNotification((method) => heard.push(method));
    w.channel.onServerRequest(({ method }) => heard.push(method) > 0);
    w.channel.onServerRequest(() => {
      throw new Error('a bad handler');
    });
    w.receive({ jsonrpc: '2.0', method: 'notifications/progress', params: null });
    w.receive({ jsonrpc: '2.0', id: 1, method: 'roots/list' });
    expect(heard).toEqual(['notifications/progress', 'roots/list']);
    expect(w.said).toHaveLength(2);
  });

  it('has no secret in it', () => {
    const w = wire({ secrets: ['hunter2-0f3c9d'] });
    const heard: unknown[] = [];
    w.channel.onNotification((_, params) => heard.push(params));
    w.receive({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { message: 'with hunter2-0f3c9d' },
    });
    expect(heard).toEqual([{ message: 'with ***' }]);
  });
});

it('what a task says of its state has no secret in it; a result is as it came', async () => {
  const w = wire({ secrets: ['hunter2-0f3c9d'] });
  const state = { taskId: 'hunter2-0f3c9d', status: 'failed', statusMessage: 'no hunter2-0f3c9d' };
  const one = asked(w, 'tasks/get');
  w.receive({ jsonrpc: '2.0', id: one.id, result: { ...state, result: { text: 'hunter2-0f3c9d' } } });
  expect(await one.answer).toEqual({ ...state, statusMessage: 'no ***', result: { text: 'hunter2-0f3c9d' } });
  const two = asked(w);
  w.receive({ jsonrpc: '2.0', id: two.id, result: { task: state } });
  expect(await two.answer).toEqual({ task: { ...state, statusMessage: 'no ***' } });
});
