/** Flags that go into an array by index, into an object by any key, and into a tree as deep as it is typed. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { buildArguments } from '../../src/tools/flags/build-arguments.ts';
import { parseToolLine } from '../../src/tools/flags/parse-line.ts';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';

type Properties = Record<string, unknown>;

function args(
  properties: Properties,
  argv: readonly string[],
  more: Properties = {},
  base?: unknown,
): unknown {
  const flags = toolFlags({ type: 'object', properties, ...more });
  return buildArguments(base, parseToolLine(argv, flags, [{ name: 'args', takes: 'value' }]).assignments);
}

function problem(properties: Properties, argv: readonly string[], more: Properties = {}): string {
  try {
    args(properties, argv, more);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error('no error');
}

const string = { type: 'string' };
const integer = { type: 'integer' };
const boolean = { type: 'boolean' };
const item = {
  type: 'object',
  properties: {
    name: string,
    unitPrice: { type: 'number' },
    gift: boolean,
    tags: { type: 'array', items: string },
  },
};
const items = { type: 'array', items: item };

describe('elements of an array by index', () => {
  it.each<[Properties, string[], unknown]>([
    [
      { items },
      ['--items.0.name', 'a', '--items.0.unit-price', '2.5'],
      { items: [{ name: 'a', unitPrice: 2.5 }] },
    ],
    [
      { items },
      ['--items.1.name', 'b', '--items.0.name', '007'],
      { items: [{ name: '007' }, { name: 'b' }] },
    ],
    [{ items }, ['--items.0.unitPrice=-1'], { items: [{ unitPrice: -1 }] }],
    [{ items }, ['--items.0.gift', '--no-items.1.gift'], { items: [{ gift: true }, { gift: false }] }],
    [{ items }, ['--items.0.tags', 'a', '--items.0.tags', '-x'], { items: [{ tags: ['a', '-x'] }] }],
    [{ items }, ['--items.0.tags.1', 'b', '--items.0.tags.0', 'a'], { items: [{ tags: ['a', 'b'] }] }],
    [{ items }, ['--items.0', '{"name":"a"}', '--items.0.gift'], { items: [{ name: 'a', gift: true }] }],
    [{ items }, ['--items.0.gift', '--items', '{"name":"a"}'], { items: [{ name: 'a', gift: true }] }],
    [
      { items },
      ['--items', '[{"name":"a"}]', '--items.1.name', 'b'],
      { items: [{ name: 'a' }, { name: 'b' }] },
    ],
    [{ tags: { type: 'array', items: string } }, ['--tags.0', '[]', '--tags.1', ''], { tags: ['[]', ''] }],
    [
      { grid: { type: 'array', items: { type: 'array', items: integer } } },
      ['--grid.0.0', '1', '--grid.0.1', '2'],
      { grid: [[1, 2]] },
    ],
    [
      { a: { type: 'object', properties: { items } } },
      ['--a.items.0.name', 'x'],
      { a: { items: [{ name: 'x' }] } },
    ],
    [{ a: { anyOf: [items, { type: 'null' }] } }, ['--a.0.name', 'x'], { a: [{ name: 'x' }] }],
    [{ a: { type: 'array', prefixItems: [string, integer] } }, ['--a.0', '1', '--a.1', '1'], { a: ['1', 1] }],
    [
      { a: { type: 'array', items: [string, integer], additionalItems: boolean } },
      ['--a.0=1', '--a.1=1', '--a.2=true'],
      { a: ['1', 1, true] },
    ],
    [{ a: { type: 'array' } }, ['--a.0', '1', '--a.1', 'x'], { a: [1, 'x'] }],
  ])('%j %j', (properties, argv, expected) => {
    expect(args(properties, argv)).toEqual(expected);
  });

  it('refine those of --args, which stay as they are', () => {
    const base = { items: [{ name: 'a' }, { name: 'b' }] };
    expect(args({ items }, ['--items.1.name', 'c'], {}, base)).toEqual({
      items: [{ name: 'a' }, { name: 'c' }],
    });
    expect(base).toEqual({ items: [{ name: 'a' }, { name: 'b' }] });
  });

  it.each<[string[], string]>([
    [['--items.1.name', 'b'], '--items.1.name: there is no items.0 before it'],
    [['--items.0.nmae', 'b'], 'unknown flag --items.0.nmae (did you mean --items.0.name?)'],
    [['--items.name', 'b'], 'unknown flag --items.name (did you mean --items.0.name?)'],
    [['--items.-1.name', 'b'], 'unknown flag --items.-1.name (did you mean --items.0.name?)'],
    [['--items.01.name', 'b'], 'unknown flag --items.01.name (did you mean --items.0.name?)'],
    [['--items.99999.name', 'b'], 'unknown flag --items.99999.name'],
    [['--items.0.name.first', 'b'], 'unknown flag --items.0.name.first'],
    [['--items.0.unit-price', 'b'], '--items.0.unit-price: must be a number (given "b")'],
    [['--items.0.name', 'a', '--items.0.name', 'b'], '--items.0.name is given twice; it takes one value'],
    [
      ['--items.0.unit-price', '1', '--items.0.unitPrice', '2'],
      '--items.0.unit-price is given twice; it takes one value',
    ],
  ])('%j is refused', (argv, message) => {
    expect(problem({ items }, argv)).toBe(message);
  });

  it('keep secrets', () => {
    const token = { type: 'string', format: 'password' };
    const flags = toolFlags({ properties: { items: { type: 'array', items: { properties: { token } } } } });
    const { assignments } = parseToolLine(['--items.0.token', 'x'], flags, []);
    expect(assignments).toEqual([
      { path: ['items', 0, 'token'], value: 'x', flag: '--items.0.token', secret: true },
    ]);
  });

  it('go into no array that is given as something else', () => {
    const either = { anyOf: [items, string] };
    expect(problem({ a: either }, ['--a', 'x', '--a.0.name', 'y'])).toBe(
      '--a.0.name goes into --a, which is given as something else than an array',
    );
  });
});

describe('keys of an object', () => {
  it.each<[unknown, string[], unknown]>([
    [
      { type: 'object', additionalProperties: string },
      ['--x.NODE_ENV', '007', '--x.path', '{}'],
      { NODE_ENV: '007', path: '{}' },
    ],
    [
      { type: 'object', additionalProperties: string },
      ['--x.a.b', 'v', '--x.__proto__', 'p'],
      JSON.parse('{"a.b":"v","__proto__":"p"}'),
    ],
    [{ type: 'object', additionalProperties: integer }, ['--x.n', '-3'], { n: -3 }],
    [{ type: 'object', additionalProperties: boolean }, ['--x.n', '--no-x.m'], { n: true, m: false }],
    [
      { type: 'object', additionalProperties: { type: 'array', items: string } },
      ['--x.k', 'a', '--x.k', 'b'],
      { k: ['a', 'b'] },
    ],
    [{ type: 'object', additionalProperties: item }, ['--x.k.unit-price', '1'], { k: { unitPrice: 1 } }],
    [
      { type: 'object' },
      ['--x.k', '5', '--x.s', 'text', '--x.o.deep', 'true'],
      { k: 5, s: 'text', o: { deep: true } },
    ],
    [{ type: 'object', additionalProperties: {} }, ['--x.k', '5'], { k: 5 }],
    [
      { type: 'object', properties: { aB: string }, additionalProperties: integer },
      ['--x.a-b', '5', '--x.other', '5'],
      { aB: '5', other: 5 },
    ],
    [
      { type: 'object', patternProperties: { '^n_': integer, '^s_': string }, additionalProperties: false },
      ['--x.n_a', '5', '--x.s_a', '5'],
      { n_a: 5, s_a: '5' },
    ],
    [{ type: 'object', patternProperties: { '^(a+)+$': integer } }, ['--x.aa', '5'], { aa: 5 }],
    [{ type: 'object', unevaluatedProperties: integer }, ['--x.aa', '5'], { aa: 5 }],
    [
      { anyOf: [{ type: 'object', additionalProperties: integer }, { type: 'null' }] },
      ['--x.aa', '5'],
      { aa: 5 },
    ],
    [{}, ['--x.aa', '5'], { aa: 5 }],
  ])('%j %j', (schema, argv, expected) => {
    const built = args({ x: schema }, argv) as { x: unknown };
    expect(built.x).toEqual(expected);
    expect(Object.keys(built.x as object)).toEqual(Object.keys(expected as object));
  });

  it.each<[unknown, string[], string]>([
    [
      { type: 'object', additionalProperties: false },
      ['--x.a', '1'],
      'unknown flag --x.a (did you mean --x?)',
    ],
    [
      { type: 'object', properties: { name: string } },
      ['--x.nam', '1'],
      'unknown flag --x.nam (did you mean --x.name?)',
    ],
    [
      { type: 'object', patternProperties: { '^n_': integer }, additionalProperties: false },
      ['--x.m', '1'],
      'unknown flag --x.m (did you mean --x?)',
    ],
    [
      { type: 'object', additionalProperties: integer },
      ['--x.m', 'x'],
      '--x.m: must be an integer (given "x")',
    ],
    [
      { type: 'object', additionalProperties: integer },
      ['--x.', '1'],
      'unknown flag --x. (did you mean --x?)',
    ],
    [string, ['--x.a', '1'], 'unknown flag --x.a (did you mean --x?)'],
  ])('%j refuses %j', (schema, argv, message) => {
    expect(problem({ x: schema }, argv)).toBe(message);
  });
});

describe('a schema that refers to itself', () => {
  const $defs = {
    node: {
      type: 'object',
      properties: {
        name: string,
        next: { $ref: '#/$defs/node' },
        children: { type: 'array', items: { $ref: '#/$defs/node' } },
      },
    },
  };

  it('is followed as deep as it is typed', () => {
    expect(args({ root: { $ref: '#/$defs/node' } }, ['--root.next.next.next.name', 'x'], { $defs })).toEqual({
      root: { next: { next: { next: { name: 'x' } } } },
    });
    expect(
      args({ root: { $ref: '#/$defs/node' } }, ['--root.children.0.children.0.name', 'x'], { $defs }),
    ).toEqual({
      root: { children: [{ children: [{ name: 'x' }] }] },
    });
    const far = `--root${'.next'.repeat(150)}.name`;
    expect(JSON.stringify(args({ root: { $ref: '#/$defs/node' } }, [far, 'x'], { $defs }))).toContain(
      '"name":"x"',
    );
  });
});

describe('a tuple', () => {
  const tuple = { type: 'array', prefixItems: [string, integer, boolean], items: false };
  it.each<[unknown, string[], unknown]>([
    [tuple, ['--x', '5', '--x', '5', '--x', 'true'], ['5', 5, true]],
    [tuple, ['--x', '["a",5,true]'], ['a', 5, true]],
    [tuple, ['--x', 'a'], ['a']],
    [{ type: 'array', items: [integer, string] }, ['--x', '1', '--x', '1'], [1, '1']],
    [
      { type: 'array', prefixItems: [integer], items: string },
      ['--x', '1', '--x', '1', '--x', '2'],
      [1, '1', '2'],
    ],
    [{ allOf: [{ type: 'array' }, { prefixItems: [string, integer] }] }, ['--x', '1', '--x', '1'], ['1', 1]],
  ])('%j %j', (schema, argv, expected) => {
    expect(args({ x: schema }, argv)).toEqual({ x: expected });
  });

  it('names the place of what is wrong', () => {
    expect(problem({ x: tuple }, ['--x', 'a', '--x', 'b'])).toBe(
      '--x: must be an integer (given "b") [item 2]',
    );
  });
});

describe('text among alternatives', () => {
  const auto = { type: 'string', pattern: '^auto$' };
  it.each<[unknown, string, unknown]>([
    [{ anyOf: [auto, integer] }, '5', 5],
    [{ anyOf: [auto, integer] }, 'auto', 'auto'],
    [{ anyOf: [auto, integer] }, 'x', 'x'],
    [{ oneOf: [{ type: 'string', minLength: 3 }, integer] }, '5', 5],
    [{ oneOf: [{ type: 'string', minLength: 3 }, integer] }, '555', '555'],
    [{ anyOf: [{ type: 'string', maxLength: 2 }, { type: 'object' }] }, '{"a":1}', { a: 1 }],
    [{ anyOf: [auto, string, integer] }, '5', '5'],
    [{ anyOf: [auto, { type: 'array', items: integer }] }, '5', [5]],
    // No pattern of a stranger's is run that could take for ever: the server judges it, and the check of the arguments.
    [{ anyOf: [{ type: 'string', pattern: '^(a+)+$' }, integer] }, '5', '5'],
  ])('%j: %j', (schema, word, expected) => {
    expect(args({ x: schema }, ['--x', word])).toEqual({ x: expected });
  });
});

describe('keywords without a type', () => {
  it.each<[unknown, string, unknown]>([
    [{ minLength: 1, anyOf: [{ type: 'boolean' }, integer] }, '5', 5],
    [{ allOf: [{ type: ['array', 'integer'] }, { maxItems: 3 }] }, '5', 5],
    [{ type: ['integer', 'null'], allOf: [{ minLength: 1 }] }, 'null', null],
    [{ minimum: 1, $ref: '#/$defs/either' }, 'true', true],
    [{ items: integer, allOf: [{ type: 'array' }] }, '5', [5]],
  ])('say nothing about other types: %j', (schema, word, expected) => {
    expect(
      args({ x: schema }, ['--x', word], { $defs: { either: { type: ['boolean', 'integer'] } } }),
    ).toEqual({ x: expected });
  });

  it('of draft-07 are read: dependencies', () => {
    const schema = {
      properties: { a: string },
      dependencies: { a: { properties: { b: integer } }, c: ['a'] },
    };
    expect(args(schema.properties, ['--a', 'x', '--b', '5'], { dependencies: schema.dependencies })).toEqual({
      a: 'x',
      b: 5,
    });
  });
});
