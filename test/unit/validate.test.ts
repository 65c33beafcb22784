import { describe, expect, it } from 'vitest';
import { validateArguments } from '../../src/tools/flags/validate.ts';
import type { JsonSchema } from '../../src/tools/tool.ts';
import { cpuMs } from '../support/cpu-time.ts';

async function messages(inputSchema: JsonSchema | undefined, args: unknown): Promise<string[]> {
  const tool = inputSchema === undefined ? { name: 't' } : { name: 't', inputSchema };
  const result = await validateArguments(tool, args);
  expect(result.warning).toBeUndefined();
  return result.problems.map((problem) => problem.message);
}

/** The keyword; written out, it looks like a promise to linters. */
const THEN = 'then';

const of = (x: unknown, more: Record<string, unknown> = {}): JsonSchema => ({
  type: 'object',
  properties: { x },
  ...more,
});
const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name'],
  additionalProperties: false,
};

describe('a problem is told by its flag', () => {
  it.each<[JsonSchema, unknown, string[]]>([
    [of({ type: 'integer', maximum: 10 }), { x: 42 }, ['--x: must be <= 10 (given 42)']],
    [of({ type: 'number', exclusiveMinimum: 0 }), { x: 0 }, ['--x: must be > 0 (given 0)']],
    [of({ type: 'integer', multipleOf: 5 }), { x: 7 }, ['--x: must be a multiple of 5 (given 7)']],
    [
      of({ enum: ['debug', 'info'] }),
      { x: 'inf' },
      ['--x: must be one of: debug, info (given "inf"; did you mean info?)'],
    ],
    [of({ type: 'integer', enum: [1, 2] }), { x: 'a' }, ['--x: must be one of: 1, 2 (given "a")']],
    [of({ const: 'v1' }), { x: 'v2' }, ['--x: must be v1 (given "v2")']],
    [of({ type: 'string' }), { x: 5 }, ['--x: must be text (given 5)']],
    [of({ type: ['integer', 'null'] }), { x: 'a' }, ['--x: must be an integer or null (given "a")']],
    [of({ type: 'integer' }), { x: Number.POSITIVE_INFINITY }, ['--x: must be an integer (given null)']],
    [of({ type: 'string', minLength: 3 }), { x: 'ab' }, ['--x: must have at least 3 characters (given 2)']],
    [of({ type: 'string', maxLength: 1 }), { x: '𝒳' }, []],
    [of({ type: 'array', minItems: 1 }), { x: [] }, ['--x: must have at least 1 item (given 0)']],
    [of({ type: 'array', uniqueItems: true }), { x: [1, 2, 1] }, ['--x: items 1 and 3 are the same']],
    [of({ type: 'string', pattern: '^v\\d+$' }), { x: '2' }, ['--x: must match ^v\\d+$ (given "2")']],
    [of({ type: 'string' }, { required: ['x'] }), {}, ['missing required --x']],
    [of({ type: 'string', default: 'd' }, { required: ['x'] }), {}, []],
    [of({ $ref: '#/$defs/d' }, { required: ['x'], $defs: { d: { default: 1 } } }), {}, []],
    [
      of({ type: 'string' }, { additionalProperties: false }),
      { y: 1, zz: 2 },
      ['--args: unknown property "zz"', '--args: unknown property "y"'],
    ],
    [
      { properties: { message: {} }, additionalProperties: false },
      { mesage: 1 },
      ['--args: unknown property "mesage" (did you mean message?)'],
    ],
    [
      { properties: { maxTokens: { type: 'integer' } } },
      { maxTokens: 'x' },
      ['--max-tokens: must be an integer (given "x")'],
    ],
    [
      { properties: { maxTokens: { type: 'integer' }, max_tokens: {} } },
      { maxTokens: 'x' },
      ['--maxTokens: must be an integer (given "x")'],
    ],
    [
      of(person),
      { x: { age: 'x' } },
      ['missing required --x.name', '--x.age: must be an integer (given "x")'].sort().reverse(),
    ],
    [of(person), { x: { name: 'a', nmae: 1 } }, ['--x: unknown property "nmae" (did you mean name?)']],
    [
      of({ type: 'array', items: person }),
      { x: [{ name: 'a' }, { name: 3 }, {}] },
      ['--x: item 2, name: must be text (given 3)', '--x: missing required item 3, name'],
    ],
    [
      of({ type: 'array', items: { type: 'integer' } }),
      { x: [1, 'b'] },
      ['--x: item 2: must be an integer (given "b")'],
    ],
    [of(false), { x: 1 }, ['--x: is not accepted by this tool']],
    [of({ not: { const: 1 } }), { x: 1 }, ["--x: is something that the tool's schema excludes (given 1)"]],
    [of({}, { dependentRequired: { x: ['y'] } }), { x: 1 }, ['--args: with --x, y is needed as well']],
    [
      of({ contains: { const: 1 } }),
      { x: [2] },
      [
        '--x: has no (or too few, or too many) items of the kind it must contain',
        '--x: item 1: must be 1 (given 2)',
      ],
    ],
    [{ type: 'object' }, [], ['--args: must be a JSON object (given an array of 0)']],
  ])('%j with %j', async (schema, args, expected) => {
    expect((await messages(schema, args)).sort()).toEqual([...expected].sort());
  });

  it('with all problems at once, in the order of the flags', async () => {
    const schema = {
      properties: { b: { type: 'integer' }, a: { type: 'integer' }, c: {} },
      required: ['c'],
      additionalProperties: false,
    };
    const { problems } = await validateArguments(
      { name: 't', inputSchema: schema },
      { zz: 1, a: 'x', b: 'y' },
    );
    expect(problems).toEqual([
      { path: 'b', flag: '--b', message: '--b: must be an integer (given "y")' },
      { path: 'a', flag: '--a', message: '--a: must be an integer (given "x")' },
      { path: 'c', flag: '--c', message: 'missing required --c' },
      { path: '', flag: '--args', message: '--args: unknown property "zz"' },
    ]);
  });
});

describe('alternatives', () => {
  const choice = { anyOf: [{ type: 'integer', minimum: 1 }, { enum: ['auto', 'max'] }, { type: 'null' }] };
  const shape = {
    oneOf: [
      {
        type: 'object',
        properties: { kind: { const: 'circle' }, r: { type: 'number' } },
        required: ['kind', 'r'],
      },
      {
        type: 'object',
        properties: { kind: { const: 'square' }, side: { type: 'number' } },
        required: ['kind', 'side'],
      },
    ],
  };
  it.each<[JsonSchema, unknown, string[]]>([
    [
      of(choice),
      { x: 'aut' },
      ['--x: must be an integer, null or one of: auto, max (given "aut"; did you mean auto?)'],
    ],
    [of(choice), { x: 0 }, ['--x: must be >= 1 (given 0)']],
    [of(choice), { x: null }, []],
    [of({ anyOf: [person, { type: 'null' }] }), { x: { name: 3 } }, ['--x.name: must be text (given 3)']],
    [
      of({ anyOf: [{ $ref: '#/$defs/p' }, { type: 'null' }] }, { $defs: { p: person } }),
      { x: { name: 3 } },
      ['--x.name: must be text (given 3)'],
    ],
    [
      of({ anyOf: [{ $ref: '#/$defs/p' }, { type: 'null' }] }, { $defs: { p: person } }),
      { x: 3 },
      ['--x: must be a JSON object or null (given 3)'],
    ],
    [of(shape), { x: { kind: 'circle', r: 'big' } }, ['--x.r: must be a number (given "big")']],
    [of(shape), { x: { kind: 'square' } }, ['missing required --x.side']],
    [of(shape), { x: { kind: 'star' } }, ['--x: fits none of the 2 forms that the tool accepts']],
    [
      of({ oneOf: [{ type: 'integer' }, { minimum: 3 }] }),
      { x: 5 },
      ['--x: fits several forms that exclude each other'],
    ],
    [
      { properties: { a: {}, b: {} }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      ['--args: needs --a, or --b'],
    ],
    [
      { properties: { a: { type: 'integer' }, b: {} }, anyOf: [{ required: ['b'] }, { required: ['c'] }] },
      { a: 'x' },
      ['--a: must be an integer (given "x")', '--args: needs --b, or c'],
    ],
    [
      of({}, { if: { required: ['x'] }, [THEN]: { required: ['y'] } }),
      { x: 1 },
      ['--args: missing required y'],
    ],
  ])('%j with %j', async (schema, args, expected) => {
    expect((await messages(schema, args)).sort()).toEqual([...expected].sort());
  });
});

describe('secrets', () => {
  const secret = { type: 'string', format: 'password', minLength: 20, pattern: '^x' };
  it.each<[JsonSchema, unknown]>([
    [of(secret), { x: 'hunter2' }],
    [of({ ...secret, enum: ['a'] }), { x: 'hunter2' }],
    [of({ anyOf: [secret, { type: 'integer' }] }), { x: 'hunter2' }],
    [of({ type: 'array', items: secret }), { x: ['hunter2'] }],
    [
      of({ type: 'object', writeOnly: true, properties: { a: { type: 'integer' } } }),
      { x: { a: 'hunter2' } },
    ],
    [of({ type: 'integer', writeOnly: true }), { x: 'hunter2' }],
  ])('of %j are not shown', async (schema, args) => {
    const found = await messages(schema, args);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join()).not.toContain('hunter2');
  });
});

describe('schemas of all kinds', () => {
  const draft7 = 'http://json-schema.org/draft-07/schema#';
  it.each<[JsonSchema | undefined, unknown, number]>([
    [undefined, { a: 1 }, 0],
    [true, { a: 1 }, 0],
    [{}, { a: 1 }, 0],
    // Draft-07 tuples, and what stands beside a $ref.
    [
      of({ items: [{ type: 'string' }, { type: 'integer' }], additionalItems: false }, { $schema: draft7 }),
      { x: ['a', 1] },
      0,
    ],
    [
      of({ items: [{ type: 'string' }, { type: 'integer' }], additionalItems: false }, { $schema: draft7 }),
      { x: ['a', 'b', 3] },
      2,
    ],
    [
      of(
        { $ref: '#/definitions/d', maximum: 1 },
        { $schema: draft7, definitions: { d: { type: 'integer' } } },
      ),
      { x: 5 },
      0,
    ],
    [of({ $ref: '#/$defs/d', maximum: 1 }, { $defs: { d: { type: 'integer' } } }), { x: 5 }, 1],
    [
      of(
        { type: 'number', minimum: 0, exclusiveMinimum: true },
        { $schema: 'http://json-schema.org/draft-04/schema#', id: 'x' },
      ),
      { x: 0 },
      1,
    ],
    [
      of({}, { $schema: 'https://json-schema.org/draft/2020-12/schema', unevaluatedProperties: false }),
      { y: 1 },
      1,
    ],
    [of({}, { dependencies: { x: ['y'] } }), { x: 1 }, 1],
    [of({ type: 'string', nullable: true }), { x: null }, 0],
    [of({ type: 'string', nullable: true, enum: ['a'] }), { x: null }, 0],
    [of({ nullable: true, multipleOf: 1 }), { x: 1 }, 0],
    [of({ type: 'string', format: 'email' }), { x: 'no email' }, 0],
    [of({ type: 'string', format: 'of our own' }), { x: '' }, 0],
    [of({}, { $async: true, multipleOf: 1 }), {}, 0],
    [of({ required: true, multipleOf: 2 }), { x: 3 }, 1],
    [of({ 'x-custom': 1, unheardOf: {} }), { x: 3 }, 0],
    [
      of(
        { $ref: '#/properties/y' },
        { properties: { x: { $ref: '#/properties/y' }, y: { type: 'integer' } } },
      ),
      { x: 'a' },
      1,
    ],
    [
      {
        $defs: { n: { properties: { next: { $ref: '#/$defs/n' }, v: { type: 'integer' } } } },
        properties: { x: { $ref: '#/$defs/n' } },
      },
      { x: { next: { next: { v: 'a' } } } },
      1,
    ],
    // Patterns that RE2 has no word for are the server's; whatever negates them goes as well.
    [of({ type: 'string', pattern: '^(?=a)(?!b)' }), { x: 'zzz' }, 0],
    [of({ not: { pattern: '(?=a)' } }), { x: 'a' }, 0],
    [of({ oneOf: [{ pattern: '(?=a)' }, { pattern: '(?=b)' }] }), { x: 'a' }, 0],
    [
      of({ oneOf: [{ $ref: '#/$defs/p' }, { type: 'string' }] }, { $defs: { p: { pattern: '(?=a)' } } }),
      { x: 'b' },
      0,
    ],
    [of({ if: { pattern: '(?=a)' }, [THEN]: { const: 1 } }), { x: 'b' }, 0],
    [
      of({ patternProperties: { '(?=a)': { type: 'integer' } }, additionalProperties: false }),
      { x: { a: 'b' } },
      0,
    ],
    [
      of({ patternProperties: { '^a': { type: 'integer' } }, additionalProperties: false }),
      { x: { a: 1, ab: 'b', c: 1 } },
      2,
    ],
    [of({ pattern: '(a)\\k<n>(?<n>b)' }), { x: 'q' }, 0],
    [of({ pattern: '^[\\w\\s]+$' }), { x: 'a\u00a0b' }, 0],
    [of({ pattern: '^\\u0041\\/\\d$' }), { x: 'A/1' }, 0],
    [of({ propertyNames: { pattern: '^a' } }), { x: { b: 1 } }, 1],
    // Names that every object has.
    [of({}, { required: ['constructor', 'toString'] }), {}, 2],
    [{ properties: { constructor: { type: 'string' } } }, {}, 0],
    [
      JSON.parse('{"properties":{"__proto__":{"type":"string"}},"additionalProperties":false}'),
      JSON.parse('{"__proto__":"a"}'),
      0,
    ],
    [
      JSON.parse('{"properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}'),
      JSON.parse('{"__proto__":1}'),
      1,
    ],
    [JSON.parse('{"properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}'), {}, 1],
  ])('%j with %j', async (schema, args, count) => {
    expect(await messages(schema, args)).toHaveLength(count);
  });

  it.each<[JsonSchema]>([
    [of({ type: 'strnig' })],
    [of({ $ref: 'https://example.com/schema.json' })],
    [of({ $ref: '#/$defs/missing' })],
    [of({ type: 'integer', minimum: '3' })],
    [{ $ref: '#' }],
    [{ allOf: [{ $ref: '#' }] }],
  ])('%j costs the check and says so', async (schema) => {
    const result = await validateArguments({ name: 'deploy', inputSchema: schema }, { x: 1 });
    expect(result.problems).toEqual([]);
    expect(result.warning).toMatch(/^the arguments of deploy were not checked/);
  });
});

it('a schema that refers to itself is checked on every level', async () => {
  const schema = {
    properties: {
      name: { type: 'string', pattern: '^[a-z]+$' },
      in: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
    },
  };
  expect(await messages(schema, { name: 'a', in: { name: 'b', in: null } })).toEqual([]);
  expect(await messages(schema, { name: 'a', in: { name: 'B' } })).toEqual([
    '--in.name: must match ^[a-z]+$ (given "B")',
  ]);
  expect(
    await messages({ ...schema, $id: 'https://example.com/s' }, { in: { in: { name: 'C' } } }),
  ).toHaveLength(1);
});

describe('a hostile schema', () => {
  const quick = async (schema: JsonSchema, args: unknown) => {
    const start = cpuMs();
    const result = await validateArguments({ name: 't', inputSchema: schema }, args);
    expect(cpuMs() - start).toBeLessThan(12_000);
    return result;
  };

  it('does not hang in a pattern', async () => {
    const value = `${'a'.repeat(50_000)}!`;
    const { problems } = await quick(of({ type: 'string', pattern: '^(a+)+$' }), { x: value });
    expect(problems).toHaveLength(1);
    await quick(of({ patternProperties: { '^(a|aa)+$': {} } }), { x: { [value]: 1 } });
  });

  it('does not hang in references that double', async () => {
    for (const choice of ['allOf', 'anyOf', 'oneOf']) {
      const $defs: Record<string, unknown> = {};
      for (let i = 0; i < 40; i++)
        $defs[`d${i}`] = { [choice]: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] };
      $defs['d40'] = { type: 'string' };
      const { warning } = await quick(of({ $ref: '#/$defs/d0' }, { $defs }), { x: 1 });
      expect(warning).toMatch(/too large/);
    }
  });

  it('does not hang by depth or size', async () => {
    let deep: JsonSchema = { type: 'string', pattern: 'a' };
    for (let i = 0; i < 3_000; i++) deep = { not: deep };
    expect((await quick(of(deep), { x: 1 })).warning).toMatch(/too deep/);
    const wide = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`p${i}`, { type: 'string', pattern: `^${i}` }]),
    );
    expect((await quick({ properties: wide }, { p7: '7', p8: 'x' })).problems).toHaveLength(1);
  });
});
