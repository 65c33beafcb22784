import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { buildArguments } from '../../src/tools/flags/build-arguments.ts';
import { parseToolLine, type RuntimeFlagSpec, type ToolLine } from '../../src/tools/flags/parse-line.ts';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';

const RUNTIME: readonly RuntimeFlagSpec[] = [
  { name: 'json', takes: 'none' },
  { name: 'output', short: 'o', takes: 'value' },
  { name: 'quiet', short: 'q', takes: 'none' },
  { name: 'verbose', short: 'v', takes: 'none' },
  { name: 'help', short: 'h', takes: 'none' },
  { name: 'instance', short: 'i', takes: 'value' },
  { name: 'timeout', takes: 'value' },
  { name: 'no-color', takes: 'none' },
  { name: 'header', takes: 'value', repeatable: true },
  { name: 'color', takes: 'none' },
  { name: 'args', takes: 'value' },
  { name: 'background', takes: 'none' },
];

function parse(
  properties: Record<string, unknown>,
  argv: readonly string[],
  more: Record<string, unknown> = {},
): ToolLine {
  return parseToolLine(argv, toolFlags({ type: 'object', properties, ...more }), RUNTIME);
}

function args(properties: Record<string, unknown>, ...argv: string[]): unknown {
  // The values alone: what becomes of the texts of numbers is tried in exact-arguments.test.ts.
  return structuredClone(buildArguments(undefined, parse(properties, argv).assignments));
}

function problems(properties: Record<string, unknown>, ...argv: string[]): unknown {
  try {
    parse(properties, argv);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { details, message } = error as UsageError;
    expect(message.split('\n')).toEqual(details?.['problems']);
    return details?.['problems'];
  }
  throw new Error('no error');
}

const string = { type: 'string' };
const integer = { type: 'integer' };
const number = { type: 'number' };
const boolean = { type: 'boolean' };
const anything = {};
const list = (items: unknown) => ({ type: 'array', items });
const nullable = (schema: unknown) => ({ anyOf: [schema, { type: 'null' }] });

describe('a string', () => {
  const texts = [
    '007',
    'true',
    'null',
    '1e3',
    '{"a":1}',
    '[1]',
    '',
    ' ',
    '-x',
    '--help',
    '--',
    '--x=1',
    '@alice',
    '"q"',
    'a=b',
    'é\n',
    '-5',
  ];
  it.each(texts)('%j is taken as it stands', (text) => {
    expect(args({ x: string }, '--x', text)).toEqual({ x: text });
    expect(args({ x: string }, `--x=${text}`)).toEqual({ x: text });
    expect(args({ x: nullable(string) }, '--x', text)).toEqual({ x: text });
    expect(args({ x: { type: ['integer', 'string', 'null'] } }, '--x', text)).toEqual({ x: text });
    expect(args({ x: list(string) }, '--x', text, '--x', text)).toEqual({ x: [text, text] });
    expect(args({ x: { anyOf: [string, list(string)] } }, '--x', text)).toEqual({ x: text });
  });
});

describe('a value', () => {
  it.each<[unknown, string, unknown]>([
    [number, '-1', -1],
    [number, '.5', 0.5],
    [number, '-.5', -0.5],
    [number, '1e3', 1000],
    [number, '1.5E-3', 0.0015],
    [number, '-0', -0],
    [integer, '-42', -42],
    [integer, '1e3', 1000],
    [integer, '2.0', 2],
    [integer, '9007199254740991', Number.MAX_SAFE_INTEGER],
    [nullable(integer), 'null', null],
    [nullable(integer), '5', 5],
    [nullable({ enum: ['a'] }), 'null', null],
    [{ enum: ['a', 3, true, null] }, '3', 3],
    [{ enum: ['a', 3, true, null] }, 'true', true],
    [{ enum: ['a', 3, true, null] }, 'null', null],
    [{ enum: ['3', 3] }, '3', '3'],
    [{ const: 7 }, '7', 7],
    [{ anyOf: [integer, { enum: ['auto'] }] }, 'auto', 'auto'],
    [{ anyOf: [integer, { enum: ['auto'] }] }, '5', 5],
    [{ type: 'object' }, '{"b":1}', { b: 1 }],
    [nullable({ type: 'object' }), 'null', null],
    [anything, '5', 5],
    [anything, 'true', true],
    [anything, '{"a":[1]}', { a: [1] }],
    [anything, 'word', 'word'],
    [anything, '', ''],
    [anything, '007', '007'],
    [anything, '12345678901234567890', Number('12345678901234567890')],
    [{ anyOf: [integer, list(integer)] }, '5', 5],
    [{ anyOf: [integer, list(integer)] }, '[5]', [5]],
    [nullable(list(integer)), 'null', null],
    [list(integer), '7', [7]],
    [list(integer), '[1, 2]', [1, 2]],
    [list(integer), '[]', []],
    [list({ type: 'object' }), '{"a":1}', [{ a: 1 }]],
    [list({ type: 'object' }), '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    [list(list(integer)), '[1,2]', [[1, 2]]],
    [list(list(integer)), '[[1],[2]]', [[1], [2]]],
    [list({ enum: ['a', 'b'] }), '["a","b"]', ['a', 'b']],
    [list({ enum: ['a', 'b'] }), 'a', ['a']],
    [{ type: 'array' }, '[1,"a"]', [1, 'a']],
    [{ type: 'array' }, 'word', ['word']],
  ])('%j: %j', (schema, word, value) => {
    expect(args({ x: schema }, '--x', word)).toEqual({ x: value });
    expect(args({ x: schema }, `--x=${word}`)).toEqual({ x: value });
  });

  it.each<[unknown, string, string]>([
    [number, '', '--x: must be a number (given "")'],
    [number, '0x10', '--x: must be a number (given "0x10")'],
    [number, '+5', '--x: must be a number (given "+5")'],
    [number, '007', '--x: must be a number (given "007")'],
    [number, ' 5', '--x: must be a number (given " 5")'],
    [number, '1_000', '--x: must be a number (given "1_000")'],
    [number, 'NaN', '--x: must be a number (given "NaN")'],
    [number, 'Infinity', '--x: must be a number (given "Infinity")'],
    [integer, '1e999', '--x: must be an integer: it is too large (given "1e999")'],
    [integer, '1e-3', '--x: must be an integer (given "1e-3")'],
    [integer, '1.0000000000000000000000001', '--x: must be an integer (given "1.0000000000000000000000001")'],
    [integer, '1.5', '--x: must be an integer (given "1.5")'],
    [nullable(integer), 'x', '--x: must be an integer or null (given "x")'],
    [boolean, 'yes', 'unexpected "yes": this tool takes no arguments'],
    [
      { enum: ['debug', 'info'] },
      'inf',
      '--x: must be one of: debug, info (given "inf"; did you mean info?)',
    ],
    [{ enum: ['debug', 3] }, '4', '--x: must be one of: debug, 3 (given "4")'],
    [{ enum: ['Debug'] }, 'debug', '--x: must be one of: Debug (given "debug"; did you mean Debug?)'],
    [{ type: 'object' }, '[1]', '--x: must be a JSON object (given "[1]")'],
    [{ type: 'object' }, 'word', '--x: must be a JSON object (given "word")'],
    [list(integer), 'a', '--x: must be an integer (given "a")'],
    [{ type: 'integer', format: 'password' }, 'hunter2', '--x: must be an integer'],
  ])('%j refuses %j', (schema, word, message) => {
    expect(problems({ x: schema }, '--x', word)).toEqual([message]);
  });
});

describe('a boolean', () => {
  it.each<[string[], unknown]>([
    [['--x'], { x: true }],
    [['--no-x'], { x: false }],
    [['--x=true'], { x: true }],
    [['--x=false'], { x: false }],
    [['--x', 'false'], { x: false }],
    [['--x', 'true'], { x: true }],
    [['--x', '--y', '1'], { x: true, y: '1' }],
  ])('%j', (argv, expected) => {
    expect(args({ x: boolean, y: string }, ...argv)).toEqual(expected);
  });

  it('may be null where the schema says so', () => {
    expect(args({ x: nullable(boolean) }, '--x', 'null')).toEqual({ x: null });
    expect(args({ x: nullable(boolean) }, '--no-x')).toEqual({ x: false });
  });

  it('is negated in nested objects, too', () => {
    expect(args({ a: { type: 'object', properties: { dryRun: boolean } } }, '--no-a.dry-run')).toEqual({
      a: { dryRun: false },
    });
  });

  it('does not hide a property that is named no-x', () => {
    expect(args({ x: boolean, 'no-x': string }, '--no-x', 'v')).toEqual({ 'no-x': 'v' });
    expect(args({ color: boolean }, '--no-color')).toEqual({ color: false });
  });

  it.each<[string[], string]>([
    [['--no-x=true'], '--no-x takes no value (did you mean --x=false?)'],
    [['--x=yes'], '--x: must be true or false (given "yes")'],
    [['--x', '--no-x'], '--x is given twice; it takes one value'],
    [['--no-y'], 'unknown flag --no-y'],
  ])('%j is refused', (argv, message) => {
    expect(problems({ x: boolean, y: string }, ...argv)).toEqual([message]);
  });
});

describe('names', () => {
  it('are kebab-case or exact, and the server gets its own', () => {
    const properties = { maxTokens: integer, user_name: string, HTTPProxy: string };
    const expected = { maxTokens: 1, user_name: 'a', HTTPProxy: 'p' };
    expect(args(properties, '--max-tokens', '1', '--user-name', 'a', '--http-proxy', 'p')).toEqual(expected);
    expect(args(properties, '--maxTokens', '1', '--user_name', 'a', '--HTTPProxy', 'p')).toEqual(expected);
  });

  it('that share a kebab form need the exact name', () => {
    const both = { maxTokens: integer, max_tokens: integer };
    expect(args(both, '--maxTokens', '1', '--max_tokens', '2')).toEqual({ maxTokens: 1, max_tokens: 2 });
    expect(problems(both, '--max-tokens', '1')).toEqual([
      '--max-tokens could be --maxTokens or --max_tokens: type the exact name',
    ]);
  });

  it('of the tool win over runtime flags', () => {
    const names = ['timeout', 'json', 'help', 'version', 'background', 'args', 'constructor', '__proto__'];
    const properties = Object.fromEntries(names.map((name) => [name, string]));
    Object.defineProperty(properties, '__proto__', { value: string, enumerable: true });
    const line = parse(
      properties,
      names.flatMap((name) => [`--${name}`, `v-${name}`]),
    );
    expect(line.runtime.size).toBe(0);
    expect(line.args).toBeUndefined();
    const built = buildArguments(undefined, line.assignments);
    expect(Object.keys(built).sort()).toEqual([...names].sort());
    for (const name of names) expect(Object.getOwnPropertyDescriptor(built, name)?.value).toBe(`v-${name}`);
    expect(Object.getPrototypeOf(built)).toBe(Object.prototype);
  });

  it('that no property has are no flags', () => {
    expect(problems({ a: string }, '--constructor', 'x')).toEqual(['unknown flag --constructor']);
    expect(problems({ a: string }, '--__proto__', 'x')).toEqual(['unknown flag --__proto__']);
  });
});

describe('runtime flags', () => {
  it('are read after the name of the tool', () => {
    const line = parse({ message: string }, [
      '-qv',
      '--message',
      'x',
      '-o',
      'json',
      '-iwork',
      '--timeout=5s',
      '--header',
      'a',
      '--header',
      'b',
      '--no-color',
      '--color',
    ]);
    expect([...line.runtime]).toEqual([
      ['quiet', true],
      ['verbose', true],
      ['output', 'json'],
      ['instance', 'work'],
      ['timeout', '5s'],
      ['header', ['a', 'b']],
      ['no-color', true],
      ['color', true],
    ]);
    expect(line.assignments).toEqual([{ path: ['message'], value: 'x', flag: '--message' }]);
  });

  it('--args comes back raw', () => {
    expect(parse({}, ['--args', '@file.json']).args).toBe('@file.json');
    expect(parse({}, ['--args', '-']).args).toBe('-');
    expect(parse({}, ['--args={"a":1}']).args).toBe('{"a":1}');
    expect(problems({}, '--args', '{}', '--args', '{}')).toEqual(['--args is given twice']);
  });

  it('--help silences other problems', () => {
    expect(parse({ a: integer }, ['--a', 'x', '--bogus', '-h']).runtime.get('help')).toBe(true);
  });

  it.each<[string[], string]>([
    [['--timeout'], '--timeout needs a value'],
    [['--timeout', '1', '--timeout', '2'], '--timeout is given twice'],
    [['--json=x'], '--json takes no value'],
    [['-z'], 'unknown flag -z'],
    [['-qz'], 'unknown flag -z in -qz'],
    [['-o'], '-o needs a value'],
    [['-m', 'hi'], 'unknown flag -m (did you mean --m?)'],
  ])('%j is refused', (argv, message) => {
    expect(problems({ m: string }, ...argv)).toEqual([message]);
  });
});

describe('mistakes', () => {
  it.each<[string[], string[]]>([
    [['hello'], ['unexpected "hello": arguments are flags, for example --message hello']],
    [
      ['--', '--message', 'x'],
      ['unexpected "--message", "x": arguments are flags, for example --message --message'],
    ],
    [['-'], ['unexpected "-": arguments are flags, for example --message -']],
    [['-5'], ['unexpected "-5": arguments are flags, for example --message -5']],
    [['two words'], ['unexpected "two words": arguments are flags, for example --message ...']],
    [['--mesage', 'hi'], ['unknown flag --mesage (did you mean --message?)']],
    [['--mesage=hi'], ['unknown flag --mesage (did you mean --message?)']],
    [['--tiemout', '5'], ['unknown flag --tiemout (did you mean --timeout?)']],
    [['--message'], ['--message needs a value: text']],
    [['--message', 'a', '--message', 'b'], ['--message is given twice; it takes one value']],
    [['--', ''], ['unexpected "": arguments are flags, for example --message ...']],
  ])('%j', (argv, expected) => {
    expect(problems({ flag: boolean, message: string, count: integer }, ...argv)).toEqual(expected);
  });

  it('of one line come together', () => {
    expect(
      problems({ message: string, count: integer }, '--count', 'x', 'stray', '--bogus=1', '--message'),
    ).toEqual([
      'unknown flag --bogus',
      '--message needs a value: text',
      'unexpected "stray": arguments are flags, for example --message stray',
      '--count: must be an integer (given "x")',
    ]);
  });

  it('never repeat what may be a secret', () => {
    const properties = {
      token: { type: 'string', format: 'password' },
      n: { type: 'integer', writeOnly: true },
    };
    expect(problems(properties, '--token', 'hunter2', 'correct', 'horse')).toEqual([
      'unexpected word: arguments are flags, for example --token ...',
    ]);
    expect(problems(properties, '--n', 'hunter2')).toEqual(['--n: must be an integer']);
  });
});
