/** Arguments that a tool wants in headers, too (MCP 2026-07-28, `x-mcp-header`): the official SDK's server compares them with the body. */
import { fromJsonSchema, McpServer, Server } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { keeperHome } from '../../support/keeper.ts';
import { modernServer } from '../../support/modern-server.ts';
import { type RecordingProxy, recordingProxy } from '../../support/recording-proxy.ts';

const SCHEMA = {
  type: 'object' as const,
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    debug: { type: 'boolean', 'x-mcp-header': 'Debug' },
    level: { type: 'string', enum: ['low', 'high'] },
    target: {
      type: 'object',
      properties: { tenant: { type: 'string', 'x-mcp-header': 'Tenant' } },
    },
    query: { type: 'string' },
  },
  required: ['region'],
};

/** A server whose tool `query` answers with its arguments. `schema` is asked for each request. */
async function marked(schema: () => object = () => SCHEMA): Promise<RecordingProxy> {
  const { url } = await modernServer(() => {
    const server = new McpServer({ name: 'marked', version: '1' });
    server.registerTool('query', { inputSchema: fromJsonSchema(schema()) }, (args: unknown) => ({
      content: [{ type: 'text', text: JSON.stringify(args) }],
    }));
    return server;
  });
  return recordingProxy(url);
}

/** The same without any check of its own. */
async function loose(): Promise<RecordingProxy> {
  const { url } = await modernServer(() => {
    const server = new Server({ name: 'loose', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({ tools: [{ name: 'query', inputSchema: SCHEMA }] }));
    server.setRequestHandler('tools/call', ({ params }) => ({
      content: [{ type: 'text', text: JSON.stringify(params.arguments) }],
    }));
    return server;
  });
  return recordingProxy(url);
}

/** The headers with arguments of the call number `n`, as they were sent. */
function paramHeaders(proxy: RecordingProxy, n = 0): Record<string, string | string[] | undefined> {
  const call = proxy.requests.filter(({ rpc }) => rpc === 'tools/call').at(n);
  return Object.fromEntries(
    Object.entries(call?.headers ?? {}).filter(([name]) => name.startsWith('mcp-param-')),
  );
}

const ARGS = { region: ' 世界', count: 42, debug: false, target: { tenant: 'a b' }, query: 'x' };
const HEADERS = {
  'mcp-param-region': '=?base64?IOS4lueVjA==?=',
  'mcp-param-count': '42',
  'mcp-param-debug': 'false',
  'mcp-param-tenant': 'a b',
};

describe.each([
  ['alone', {}, []],
  ['through a keeper', { keepAlive: true }, []],
  ['in the background', {}, ['--background']],
  ['in the background, through a keeper', { keepAlive: true }, ['--background', '--detach']],
  ['as a job that may be tried again', {}, ['--retries', '2']],
])('a call %s', (_, settings, flags) => {
  it('repeats what is marked, and nothing else', async () => {
    const proxy = await marked();
    const home = await keeperHome(['--url', proxy.url], settings);
    const called = await run(['work', 'query', '--args', JSON.stringify(ARGS), ...flags], { home });
    expect(called.code).toBe(0);
    const job = flags.includes('--background') && (await run(['work', 'jobs', 'wait', '-1'], { home }));
    expect(JSON.parse(job ? job.stdout : called.stdout)).toEqual(ARGS);
    expect(paramHeaders(proxy)).toEqual(HEADERS);
    expect(proxy.count('tools/call')).toBe(1);
  });
});

it('each call of --each has its own', async () => {
  const proxy = await marked();
  const home = await homeAt(proxy.url);
  const input = '{"region":"one"}\n{"region":"two","count":2}\n';
  const each = await run(['work', 'query', '--each', '-'], { home, input });
  expect(each.code).toBe(0);
  expect([paramHeaders(proxy, 0), paramHeaders(proxy, 1)]).toEqual([
    { 'mcp-param-region': 'one' },
    { 'mcp-param-region': 'two', 'mcp-param-count': '2' },
  ]);
});

it('null and absent arguments have none, not even by a header of the configuration', async () => {
  const proxy = await loose();
  const home = await keeperHome([
    '--url',
    proxy.url,
    '--header',
    'Mcp-Param-Debug: true',
    '--header',
    'X-Own: 1',
  ]);
  const args = '{"region":"","debug":null}';
  expect(await run(['work', 'query', '--args', args, '--no-input-check'], { home })).toMatchObject({
    code: 0,
    stdout: `${args}\n`,
  });
  expect(paramHeaders(proxy)).toEqual({ 'mcp-param-region': '=?base64??=' });
  expect(proxy.requests.at(-1)?.headers).toHaveProperty('x-own', '1');
});

it('an integer of 64 bits stands in the header as it was typed', async () => {
  const proxy = await loose();
  const home = await homeAt(proxy.url);
  const words = ['work', 'query', '--region', 'r', '--count'];
  expect(await run([...words, '725653563933458432'], { home })).toMatchObject({ code: 0 });
  expect(await run([...words, '-1e3'], { home })).toMatchObject({ code: 0 });
  expect(paramHeaders(proxy, 0)).toHaveProperty('mcp-param-count', '725653563933458432');
  expect(paramHeaders(proxy, 1)).toHaveProperty('mcp-param-count', '-1000');
});

describe('a tool that has changed since it was read', () => {
  async function changed(settings: object) {
    let schema: object = { type: 'object', properties: { region: { type: 'string' } } };
    const proxy = await marked(() => schema);
    const home = await keeperHome(['--url', proxy.url], settings);
    expect(await run(['work', 'ls'], { home })).toMatchObject({ code: 0, stdout: 'query\n' });
    schema = SCHEMA;
    return { proxy, home };
  }

  it.each([[{}], [{ keepAlive: true }]])(
    '%j: is read again, and called with the headers that it wants',
    async (settings) => {
      const { proxy, home } = await changed(settings);
      const words = ['work', 'query', '--region', 'eu'];
      expect(await run(words, { home })).toMatchObject({ code: 0, stdout: '{"region":"eu"}\n' });
      expect([paramHeaders(proxy, 0), paramHeaders(proxy, 1)]).toEqual([{}, { 'mcp-param-region': 'eu' }]);
      proxy.reset();
      // From then on it is known.
      expect(await run(words, { home })).toMatchObject({ code: 0 });
      expect(proxy.count('tools/call')).toBe(1);
      expect(paramHeaders(proxy)).toEqual({ 'mcp-param-region': 'eu' });
    },
  );
});

const mark = (name: unknown, more: object = {}) => ({ type: 'string', 'x-mcp-header': name, ...more });
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

const WRONG: [name: string, schema: object, reason: string][] = [
  ['empty', object({ a: mark('') }), 'a: x-mcp-header must be a name'],
  ['no-text', object({ a: mark(5) }), 'a: x-mcp-header must be a name'],
  [
    'blank',
    object({ a: mark('My Region') }),
    `a: x-mcp-header cannot be part of a header's name: "My Region"`,
  ],
  [
    'line',
    object({ a: mark('A\r\nX-Evil: 1') }),
    `a: x-mcp-header cannot be part of a header's name: "A\\r\\nX-Evil: 1"`,
  ],
  [
    'number',
    object({ a: mark('A', { type: 'number' }) }),
    'a: x-mcp-header is for a string, an integer or a boolean alone',
  ],
  [
    'two-types',
    object({ a: mark('A', { type: ['string', 'integer'] }) }),
    'a: x-mcp-header is for a string, an integer or a boolean alone',
  ],
  [
    'twice',
    object({ a: mark('Region'), b: object({ c: mark('REGION') }) }),
    'b.c: x-mcp-header "REGION" is also that of a',
  ],
  [
    'in-list',
    object({ a: { type: 'array', items: mark('A') } }),
    'a.<items>: x-mcp-header stands where only properties of properties may have it',
  ],
  [
    'in-choice',
    object({ a: { anyOf: [mark('A'), { type: 'null' }] } }),
    'a.<anyOf>: x-mcp-header stands where only properties of properties may have it',
  ],
  [
    'by-reference',
    object({ a: { $ref: '#/$defs/a' } }, { $defs: { a: mark('A') } }),
    '<$defs>: x-mcp-header stands where only properties of properties may have it',
  ],
  [
    'root',
    object({}, { 'x-mcp-header': 'A' }),
    'the schema itself: x-mcp-header stands where only properties of properties may have it',
  ],
];
const RIGHT = {
  plain: object({ a: mark('A') }),
  // Data, and a property of that name.
  data: object({ 'x-mcp-header': { type: 'number' }, a: { default: mark('') } }),
};

describe('a tool with marks that break the rules', () => {
  async function listing() {
    const { url } = await modernServer(() => {
      const server = new Server({ name: 'wrong', version: '1' }, { capabilities: { tools: {} } });
      const tools = [...Object.entries(RIGHT), ...WRONG].map(([name, inputSchema]) => ({
        name,
        inputSchema,
      }));
      server.setRequestHandler('tools/list', () => ({ tools: tools as never }));
      server.setRequestHandler('tools/call', () => ({ content: [{ type: 'text', text: 'called' }] }));
      return server;
    });
    const proxy = await recordingProxy(url);
    return { proxy, home: await homeAt(proxy.url) };
  }

  it('is left out, each for itself; ls says why, from the cache too', async () => {
    const { proxy, home } = await listing();
    const warnings = WRONG.map(
      ([name, , reason]) => `warning: ${name} is left out: its definition may not be used: ${reason}\n`,
    ).join('');
    for (const words of [
      ['work', 'ls'],
      ['work', 'ls'],
    ])
      expect(await run(words, { home })).toEqual({
        code: 0,
        signal: null,
        stdout: 'plain\ndata\n',
        stderr: warnings,
      });
    expect(proxy.count('tools/list')).toBe(1);
    const json = await run(['work', 'ls', '--json'], { home });
    expect(dataOf(json)).toMatchObject({
      items: [{ id: 'plain' }, { id: 'data' }],
      left_out: WRONG.map(([name, , reason]) => ({ name, reason })),
    });
    expect(await run(['work', 'refresh', '--quiet'], { home })).toMatchObject({ stderr: warnings });
  });

  it('cannot be called, and the error says why; the others can', async () => {
    const { proxy, home } = await listing();
    for (const words of [
      ['work', 'number'],
      ['work', 'call', 'number'],
    ]) {
      const refused = await run(['--json', ...words], { home });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(errorOf(refused)).toMatchObject({
        code: 'tool_left_out',
        message:
          'work lists number with a definition that may not be used: a: x-mcp-header is for a string, an integer or a boolean alone',
      });
    }
    expect(proxy.count('tools/call')).toBe(0);
    expect(await run(['work', 'plain', '--a', '1'], { home })).toMatchObject({ code: 0, stdout: 'called\n' });
  });

  it('is told by doctor', async () => {
    const { home } = await listing();
    await run(['work', 'ls'], { home });
    const { stdout } = await run(['doctor', 'work', '--json'], { home });
    const { checks } = (JSON.parse(stdout) as { data: { checks: { check: string; message: string }[] } })
      .data;
    const told = checks.filter(({ check }) => check === 'catalogue').map(({ message }) => message);
    expect(told).toEqual(expect.arrayContaining(WRONG.map(([name, , why]) => `${name} is left out: ${why}`)));
  });

  it('is as good as any over stdio and on older versions, which have no such headers', async () => {
    const { demoServer } = await import('../../support/servers.ts');
    const server = await demoServer({
      intercept: (request, response) => {
        const { id, method } = request.body as { id: unknown; method: string };
        if (method !== 'tools/list') return false;
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            jsonrpc: '2.0',
            id,
            result: { tools: [{ name: 'number', inputSchema: WRONG[4]?.[1] }] },
          }),
        );
        return true;
      },
    });
    const home = await homeAt(server.url);
    expect(await run(['work', 'ls'], { home })).toMatchObject({ code: 0, stdout: 'number\n', stderr: '' });
  });
});

describe('--no-input-check', () => {
  it('sends what the schema would refuse: in --args, in flags, and what is missing', async () => {
    const { url } = await loose();
    const home = await homeAt(url);
    const flags = ['--level', 'medium', '--count', 'many', '--target', '7'];
    const sent = '{"level":"medium","count":"many","target":7}\n';
    expect(await run(['work', 'query', ...flags], { home })).toMatchObject({ code: 2, stdout: '' });
    expect(await run(['work', 'query', ...flags, '--no-input-check'], { home })).toMatchObject({
      code: 0,
      stdout: sent,
    });
    // A setting of the tool, which the call can undo.
    await run(['instances', 'set', 'work', 'tools.query.inputCheck', 'false'], { home });
    expect(await run(['work', 'query', ...flags], { home })).toMatchObject({ code: 0, stdout: sent });
    expect(await run(['work', 'query', '--input-check'], { home })).toMatchObject({ code: 2 });
    expect(await run(['work', 'query', '--input-check', '--no-input-check'], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--input-check and --no-input-check cannot be used together'),
    });
    // What makes no sense as a line still makes none.
    expect(await run(['work', 'query', '--nonsense', '1'], { home })).toMatchObject({ code: 2 });
    expect(await run(['work', 'query', '--args', '[1]'], { home })).toMatchObject({ code: 2 });
    const each = await run(['work', 'query', '--each', '-'], { home, input: '{"count":null}\n' });
    expect(JSON.parse(each.stdout)).toMatchObject({ status: 'completed', arguments: { count: null } });
  });
});
