/** What the client says that it can do, and how it answers a server's requests by itself. */
import { expect, it, test } from 'vitest';
import { RpcError, UnsupportedError } from '../../src/errors.ts';
import { clientFeatures, isUri, serveFeatures } from '../../src/mcp/client-features/client-features.ts';
import type { Channel, JsonObject, ServerRequest } from '../../src/mcp/connection/channel.ts';
import { explained } from '../../src/mcp/dialects/refusals.ts';

const NOTHING = { roots: [], sampling: undefined };
const elicitation = { form: {}, url: {} };

it('declares what is set up', () => {
  expect(clientFeatures(NOTHING, {}, '/')).toMatchObject({ capabilities: { elicitation }, declared: '' });
  const all = { roots: [{ uri: '/srv' }], sampling: { command: 'model', args: [] } };
  expect(clientFeatures(all, {}, '/')).toMatchObject({
    capabilities: { elicitation, roots: {}, sampling: {} },
    declared: 'roots+sampling',
  });
});

it('names the roots: folders as URIs, variables filled in, names as they are given', async () => {
  const roots = [{ uri: 'a b' }, { uri: '${DATA}/x', name: 'Data' }, { uri: 'file:///etc' }, { uri: '/' }];
  const features = clientFeatures({ ...NOTHING, roots }, { DATA: '/mnt' }, '/home/me');
  expect(() => features.check()).not.toThrow();
  expect(await features.answer('roots/list', {})).toEqual({
    roots: [
      { uri: 'file:///home/me/a%20b', name: 'a b' },
      { uri: 'file:///mnt/x', name: 'Data' },
      { uri: 'file:///etc' },
      { uri: 'file:///', name: '/' },
    ],
  });
  expect(features.answer('sampling/createMessage', {})).toBeUndefined();
  expect(() => clientFeatures({ ...NOTHING, roots }, {}, '/').check()).toThrow('DATA is not set');
  const page = clientFeatures({ ...NOTHING, roots: [{ uri: 'https://example.com' }] }, {}, '/');
  expect(() => page.check()).toThrow('only folders and file:// URIs');
});

test.each([
  ['file:///x', true],
  ['https://x', true],
  ['C:\\\\work', false],
  ['/a:b', false],
  ['relative/path', false],
])('%s is a URI: %s', (text, yes) => {
  expect(isUri(text)).toBe(yes);
});

/** A channel that remembers what was answered. */
function stage() {
  const answers: unknown[] = [];
  let handler: (request: ServerRequest) => boolean = () => false;
  let notified: (method: string, params: JsonObject) => void = () => {};
  let close: () => void = () => {};
  const channel = {
    onServerRequest: (take: typeof handler) => {
      handler = take;
    },
    onNotification: (listener: typeof notified) => {
      notified = listener;
    },
    onClose: (listener: () => void) => {
      close = listener;
    },
    respond: async (id: unknown, result: unknown) => void answers.push({ id, result }),
    refuse: async (id: unknown, error: unknown) => void answers.push({ id, error }),
  } as unknown as Channel;
  return {
    channel,
    answers,
    ask: (id: number, method: string, params: JsonObject = {}) => handler({ id, method, params }),
    notify: (method: string, params: JsonObject) => notified(method, params),
    close: () => close(),
  };
}

const node = (code: string) => ({ command: process.execPath, args: ['-e', code] });

it('rejects sampling that nobody has set up, and leaves alone what is not for it', async () => {
  const { channel, answers, ask } = stage();
  serveFeatures(channel, clientFeatures(NOTHING, {}, '/'), () => {});
  expect(ask(1, 'sampling/createMessage')).toBe(true);
  expect(ask(2, 'roots/list')).toBe(false);
  expect(ask(3, 'elicitation/create')).toBe(false);
  expect(answers).toEqual([
    {
      id: 1,
      error: { code: -1, message: expect.stringMatching(/^User rejected sampling request: .*instances set/) },
    },
  ]);
});

it('ends the command when the server cancels its request, or the connection is closed', async () => {
  const { channel, answers, ask, notify, close } = stage();
  const log: string[] = [];
  const sampling = node('setTimeout(() => {}, 60000)');
  const features = clientFeatures({ ...NOTHING, sampling }, process.env, '/');
  serveFeatures(channel, features, (line) => log.push(line));
  ask(1, 'sampling/createMessage');
  ask(2, 'sampling/createMessage');
  expect(features.busy).toBe(true);
  notify('notifications/cancelled', { requestId: 1 });
  await expect.poll(() => log).toEqual(['sampling/createMessage: the server cancelled its request']);
  close();
  await expect.poll(() => log.at(-1)).toBe('sampling/createMessage: the connection was closed');
  await expect.poll(() => features.busy).toBe(false);
  expect(answers).toEqual([]);
});

it.each([
  [
    '{"role":"assistant","model":"m","content":[{"type":"text","text":"a"},{"type":"image","data":"","mimeType":"x"}]}',
    undefined,
  ],
  ['{"role":"assistant","model":"m","content":{"type":"tool_use","id":"1"}}', undefined],
  ['[]', 'it is not an object'],
  ['{"role":"system","model":"m","content":{"type":"text","text":"a"}}', 'role must be "assistant"'],
  ['{"role":"assistant","model":"m","content":"a"}', 'content must be like'],
  ['{"role":"assistant","model":"m","content":[]}', 'content must be like'],
  ['{"role":"assistant","model":"m","content":{"type":"image"}}', 'content must be like'],
])('takes a CreateMessageResult: %s', async (text, problem) => {
  const sampling = node(`process.stdout.write(${JSON.stringify(text)})`);
  const answer = clientFeatures({ ...NOTHING, sampling }, process.env, '/').answer(
    'sampling/createMessage',
    {},
  );
  if (problem === undefined) expect(await answer).toEqual(JSON.parse(text));
  else await expect(answer).rejects.toThrow(problem);
});

it('a refusal for want of a setting names the setting; other errors stay as they are', () => {
  const missing = new RpcError(-32021, 'Missing capability', {
    data: { requiredCapabilities: { sampling: {} } },
  });
  expect(explained(missing)).toBeInstanceOf(UnsupportedError);
  expect(explained(missing)).toMatchObject({
    exitCode: 5,
    hint: expect.stringContaining('NAME sampling --'),
  });
  const other = new RpcError(-32021, 'Missing capability', {
    data: { requiredCapabilities: { extensions: {} } },
  });
  expect(explained(other)).toBe(other);
  const pages = new RpcError(-32042, 'open this', {
    data: { elicitations: [{ url: 'https://a.example', message: 'Log in' }] },
  });
  expect(explained(pages)).toMatchObject({
    rpcCode: -32042,
    message: 'the server wants a page to be opened first: https://a.example (Log in)',
  });
});
