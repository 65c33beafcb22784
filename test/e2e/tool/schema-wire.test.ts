/** What is typed is what goes over the wire: names and types as the schema has them, whatever they are called. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type JsonObject, own, setOwn } from '../../../src/lib/json/json.ts';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { type RecordingProxy, recordingProxy } from '../../support/recording-proxy.ts';

/** Built key by key: in a literal, `__proto__` would be something else. */
function objectOf(entries: readonly (readonly [string, unknown])[]): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of entries) setOwn(object, name, value);
  return object;
}

/** Names of the program's own flags, of JavaScript's objects, and ones that look like something else; each with a type and a value. */
const PROPERTIES: [name: string, schema: unknown, words: string[], value: unknown][] = [
  ['timeout', { type: 'integer' }, ['--timeout', '3'], 3],
  ['json', { type: 'string' }, ['--json', '{"a":1}'], '{"a":1}'],
  ['help', { type: 'string' }, ['--help', '--help'], '--help'],
  ['version', { type: 'string' }, ['--version', '2.0'], '2.0'],
  ['background', { type: 'boolean' }, ['--background'], true],
  ['output', { type: 'string' }, ['--output', ''], ''],
  ['args', { type: 'array', items: { type: 'string' } }, ['--args', '-x', '--args', '007'], ['-x', '007']],
  ['maxTokens', { type: 'integer' }, ['--max-tokens', '-1'], -1],
  ['user_name', { type: 'string' }, ['--user-name', 'null'], 'null'],
  ['a.b', { type: 'string' }, ['--a.b', 'dotted'], 'dotted'],
  ['URL', { type: 'string', format: 'uri' }, ['--url', 'https://example.com'], 'https://example.com'],
  ['instance', { type: 'string' }, ['--instance', 'other'], 'other'],
  ['quiet', { type: 'boolean' }, ['--no-quiet'], false],
  ['retries', { type: 'number' }, ['--retries', '1.5'], 1.5],
  ['tag', { type: 'string' }, ['--tag=1e3'], '1e3'],
  ['label', { type: ['string', 'null'] }, ['--label', 'true'], 'true'],
  ['elicit', { enum: ['ask', 7, null] }, ['--elicit', '7'], 7],
  ['no-color', { type: 'string' }, ['--no-color', 'red'], 'red'],
  ['constructor', { type: 'string' }, ['--constructor', 'c'], 'c'],
  ['__proto__', { type: 'string' }, ['--__proto__', 'p'], 'p'],
  ['toString', { type: 'integer' }, ['--toString', '1'], 1],
  ['first name', { type: 'string' }, ['--first name', 's'], 's'],
  ['größe', { type: 'integer' }, ['--größe', '5'], 5],
  [
    'items',
    { type: 'array', items: { properties: { unitPrice: { type: 'number' } } } },
    ['--items.0.unit-price', '2'],
    [{ unitPrice: 2 }],
  ],
  [
    'env',
    { type: 'object', additionalProperties: { type: 'string' } },
    ['--env.NODE_ENV', '007'],
    { NODE_ENV: '007' },
  ],
  [
    'point',
    { type: 'array', items: [{ type: 'integer' }, { type: 'string' }] },
    ['--point', '1', '--point', '1'],
    [1, '1'],
  ],
];

const odd = {
  name: 'odd',
  inputSchema: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: objectOf(PROPERTIES.map(([name, schema]) => [name, schema])),
    additionalProperties: false,
  },
};

/** The arguments of the one call that was sent, as they stood in the message. */
function sent(proxy: RecordingProxy): JsonObject {
  const calls = proxy.requests.filter(({ rpc }) => rpc === 'tools/call');
  expect(calls).toHaveLength(1);
  const { params } = JSON.parse(calls[0]?.body ?? '') as { params: { arguments: JsonObject } };
  return params.arguments;
}

describe('properties that are called like the flags of the program', () => {
  let proxy: RecordingProxy;
  let url: string;
  beforeAll(async () => {
    const server = await fixtureServer([odd]);
    proxy = await recordingProxy(server.url);
    url = proxy.url;
    return async () => proxy.close();
  });

  it('each alone', async () => {
    const home = await homeAt(url);
    for (const [name, , words, value] of PROPERTIES) {
      proxy.reset();
      const { code, stderr } = await run(['work', 'odd', ...words], { home });
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
      const args = sent(proxy);
      expect(Object.keys(args)).toEqual([name]);
      expect(own(args, name)).toEqual(value);
    }
  });

  it('all at once, with the flags of the program before the name of the tool', async () => {
    const home = await homeAt(url);
    proxy.reset();
    const words = PROPERTIES.flatMap(([, , one]) => one);
    const before = [
      '--json',
      '--timeout',
      '30s',
      '--background',
      '--quiet',
      '--tag',
      'ours',
      '--label',
      'k=v',
    ];
    const result = await run(['-i', 'work', ...before, 'odd', ...words], { home });
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
    const args = sent(proxy);
    expect(Object.entries(args)).toEqual(
      expect.arrayContaining(PROPERTIES.map(([name, , , value]) => [name, value])),
    );
    expect(Object.keys(args)).toHaveLength(PROPERTIES.length);
    // The record has the same, and the program's own flags did what they do.
    const job = dataOf<{ arguments: JsonObject; tags: string[] }>(result);
    expect(job.tags).toEqual(['ours']);
    expect(Object.entries(job.arguments).length).toBe(PROPERTIES.length);
  });

  it('everything in --args before the name, where the tool has a flag of that name', async () => {
    const home = await homeAt(url);
    proxy.reset();
    const all = objectOf(PROPERTIES.map(([name, , , value]) => [name, value]));
    const { code } = await run(['work', '--args', JSON.stringify(all), 'odd', '--args', 'x'], { home });
    expect(code).toBe(0);
    const args = sent(proxy);
    expect(own(args, 'args')).toEqual(['x']);
    expect(own(args, '__proto__')).toBe('p');
    expect(Object.keys(args)).toHaveLength(PROPERTIES.length);
  });

  it('all that is wrong in one message, and nothing is sent', async () => {
    const home = await homeAt(url);
    await run(['work', 'ls'], { home });
    proxy.reset();
    const words = [
      '--timeout',
      'x',
      '--retries',
      '',
      '--elicit',
      'aks',
      '--env.A',
      'ok',
      '--point',
      'a',
      '--tiemout',
      '1',
    ];
    const rest = JSON.stringify({ maxTokens: 'x', timeout: 'x' });
    const result = await run(['work', '--json', '--args', rest, 'odd', ...words], { home });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(
      errorOf(result)
        .message.split('\n')
        .map((line) => line.trim())
        .sort(),
    ).toEqual(
      [
        '6 problems:',
        '--max-tokens: must be an integer (given "x")',
        '--elicit: must be null or one of: ask, 7 (given "aks"; did you mean ask?)',
        '--point: must be an integer (given "a")',
        '--retries: must be a number (given "")',
        '--timeout: must be an integer (given "x")',
        'unknown flag --tiemout (did you mean --timeout?)',
      ].sort(),
    );
    expect(proxy.requests).toEqual([]);
  });
});

describe('tools of any name', () => {
  const NAMES = [
    ...['jobs', 'ls', 'call', 'refresh', 'help', 'version', 'instances', 'demo'],
    ...[
      'maxTokens',
      'max_tokens',
      'email.send',
      'email',
      'files/read',
      'read file',
      'größe',
      '日本語',
      '🙂',
      '...',
      '-x',
      '--help',
    ],
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'UPPER', 'a'.repeat(128)],
  ];
  const schema = { type: 'object', properties: { said: { type: 'string' } } };
  let url: string;
  beforeAll(async () => {
    const broken = {
      type: 'object',
      properties: { said: { type: 'string' } },
      required: ['said', 5],
      $ref: '#/nowhere',
    };
    const tools = NAMES.map((name) => ({ name, inputSchema: schema }));
    const many = Array.from({ length: 1_000 }, (_, i) => ({ name: `tool_${i}`, inputSchema: schema }));
    const server = await fixtureServer([...tools, { name: 'broken', inputSchema: broken }, ...many]);
    url = server.url;
  });
  const answer = (name: string, args: unknown = { said: '007' }) => `${JSON.stringify({ name, args })}\n`;

  it('are called by their exact names', async () => {
    const home = await homeAt(url);
    for (const name of NAMES) {
      const words = name.startsWith('-') ? ['call', '--', name] : ['call', name];
      const result = await run(['work', ...words, '--said', '007'], { home });
      expect(result).toMatchObject({ code: 0, stdout: answer(name), stderr: '' });
    }
  });

  const COMMANDS: [words: string[], name: string | undefined][] = [
    [['max-tokens'], undefined],
    [['maxTokens'], 'maxTokens'],
    [['max_tokens'], 'max_tokens'],
    [['email', 'send'], 'email.send'],
    [['email.send'], 'email.send'],
    [['email'], 'email'],
    [['files-read'], 'files/read'],
    [['files/read'], 'files/read'],
    [['read-file'], 'read file'],
    [['read file'], 'read file'],
    [['größe'], 'größe'],
    [['日本語'], '日本語'],
    [['🙂'], '🙂'],
    [['...'], '...'],
    [['constructor'], 'constructor'],
    [['__proto__'], '__proto__'],
    [['to-string'], 'toString'],
    [['upper'], 'UPPER'],
    [['tool-999'], 'tool_999'],
    // A command of an instance is not hidden by a tool; commands of the host are none after an instance.
    [['demo'], 'demo'],
    [['instances'], 'instances'],
  ];

  it('are commands', async () => {
    const home = await homeAt(url);
    for (const [words, name] of COMMANDS) {
      const result = await run(['work', ...words, '--said', '007'], { home });
      if (name !== undefined) expect(result).toMatchObject({ code: 0, stdout: answer(name), stderr: '' });
      else {
        expect(result).toMatchObject({ code: 2, stdout: '' });
        expect(result.stderr).toContain('could be maxTokens or max_tokens');
      }
    }
  });

  it('a schema that cannot be used costs its own tool the check, with a warning', async () => {
    const home = await homeAt(url);
    const broken = await run(['work', 'broken', '--said', 'x'], { home });
    expect(broken).toMatchObject({ code: 0, stdout: answer('broken', { said: 'x' }) });
    expect(broken.stderr).toMatch(
      /^warning: the arguments of broken were not checked: its schema is unusable \(.*\)\n$/,
    );
    const other = await run(['work', 'tool_5', '--said', 'x', '--args', '{"said":5,"more":1}'], { home });
    expect(other).toMatchObject({ code: 0, stderr: '' });
    const wrong = await run(['work', 'tool_5', '--args', '{"said":5}'], { home });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--said: must be text (given 5)'),
    });
  });
});
