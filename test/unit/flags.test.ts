import { describe, expect, it } from 'vitest';
import type { ToolFlag } from '../../src/tools/flags/flag.ts';
import { flagFinder, toolFlags } from '../../src/tools/flags/tool-flags.ts';
import type { JsonSchema } from '../../src/tools/tool.ts';
import { cpuMs } from '../support/cpu-time.ts';

function one(property: unknown, more: Record<string, unknown> = {}): ToolFlag {
  const [flag] = toolFlags({ type: 'object', properties: { x: property }, ...more });
  if (!flag) throw new Error('no flag');
  return flag;
}

const $defs = {
  level: { type: 'string', enum: ['low', 'high'], default: 'low', description: 'How much' },
  tree: { type: 'object', properties: { name: { type: 'string' }, left: { $ref: '#/$defs/tree' } } },
  anchored: { $anchor: 'here', type: 'integer' },
  loop: { $ref: '#/$defs/loop' },
};

describe('the kind of a flag', () => {
  it.each<[unknown, Partial<ToolFlag>]>([
    [{ type: 'string' }, { kind: 'string' }],
    [{ type: 'number' }, { kind: 'number' }],
    [{ type: 'integer' }, { kind: 'integer' }],
    [{ type: 'boolean' }, { kind: 'boolean' }],
    [{ type: 'object' }, { kind: 'object' }],
    [{ type: ['number', 'integer'] }, { kind: 'number' }],
    [{ enum: ['a', 3, true, null] }, { kind: 'enum', values: ['a', 3, true], nullable: true }],
    [
      { type: 'string', enum: ['a', 'b'] },
      { kind: 'enum', values: ['a', 'b'] },
    ],
    [{ const: 'fixed' }, { kind: 'enum', values: ['fixed'], const: 'fixed' }],
    [
      { type: 'array', items: { type: 'integer' } },
      { kind: 'array', itemKind: 'integer' },
    ],
    [
      { type: 'array', items: { enum: ['a'] } },
      { kind: 'array', itemKind: 'enum', values: ['a'] },
    ],
    [{ type: 'array' }, { kind: 'array', itemKind: 'json' }],
    [{ type: ['string', 'null'] }, { kind: 'string', nullable: true }],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, { kind: 'integer', nullable: true }],
    [
      { type: 'integer', nullable: true },
      { kind: 'integer', nullable: true },
    ],
    [{ oneOf: [{ const: 'a' }, { const: 'b' }] }, { kind: 'enum', values: ['a', 'b'] }],
    [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { kind: 'string' }],
    [{ anyOf: [{ type: 'integer' }, { enum: ['auto'] }] }, { kind: 'json' }],
    [
      { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      { kind: 'array', itemKind: 'string' },
    ],
    [
      { allOf: [{ type: 'string' }, { enum: ['a', 'b'] }, { enum: ['b', 'c'] }] },
      { kind: 'enum', values: ['b'] },
    ],
    [{ type: 'number', allOf: [{ type: 'integer' }] }, { kind: 'integer' }],
    [
      { $ref: '#/$defs/level' },
      { kind: 'enum', values: ['low', 'high'], default: 'low', description: 'How much' },
    ],
    [
      { $ref: '#/$defs/level', description: 'Nearer', default: 'high' },
      { description: 'Nearer', default: 'high' },
    ],
    [{ $ref: '#here' }, { kind: 'integer' }],
    [{ $ref: '#/$defs/loop' }, { kind: 'json' }],
    [{ $ref: 'https://example.com/schema' }, { kind: 'json' }],
    [{ $ref: '#/$defs/missing' }, { kind: 'json' }],
    [{}, { kind: 'json' }],
    [true, { kind: 'json' }],
    [false, { kind: 'json' }],
    ['nonsense', { kind: 'json' }],
    [{ type: 'strnig' }, { kind: 'json' }],
    [{ properties: { a: {} } }, { kind: 'object', hasNested: true }],
    [{ items: { type: 'string' } }, { kind: 'array', itemKind: 'string' }],
    [{ minLength: 1 }, { kind: 'string' }],
    [{ minimum: 1 }, { kind: 'number' }],
    [
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] },
      { kind: 'array', itemKind: 'string' },
    ],
    [
      { type: 'array', items: [{ type: 'integer' }] },
      { kind: 'array', itemKind: 'integer' },
    ],
    [
      { type: 'string', format: 'password' },
      { secret: true, format: 'password' },
    ],
    [{ type: 'string', writeOnly: true }, { secret: true }],
    [{ anyOf: [{ type: 'string', format: 'password' }, { type: 'null' }] }, { secret: true }],
    [
      { type: 'string', title: 'T', examples: ['e'] },
      { title: 'T', examples: ['e'], secret: false },
    ],
  ])('%j', (property, expected) => {
    expect(one(property, { $defs })).toMatchObject(expected);
  });
});

describe('required', () => {
  it.each<[unknown, readonly string[], boolean, boolean]>([
    [{ type: 'string' }, ['x'], true, true],
    [{ type: 'string' }, [], false, false],
    [{ type: 'string', default: '' }, ['x'], true, false],
    [{ type: 'string', default: null }, ['x'], true, false],
  ])('%j in %j', (property, required, isRequired, mustBeGiven) => {
    expect(one(property, { required })).toMatchObject({ required: isRequired, mustBeGiven });
  });

  it('needs the parts of an object only where the object is needed', () => {
    const inner = { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] };
    const must = (required: string[]) =>
      toolFlags({ properties: { a: inner }, required }).map((flag) => [
        flag.name,
        flag.required,
        flag.mustBeGiven,
      ]);
    expect(must(['a'])).toEqual([
      ['a', true, true],
      ['a.b', true, true],
    ]);
    expect(must([])).toEqual([
      ['a', false, false],
      ['a.b', true, false],
    ]);
  });

  it('is what every alternative requires', () => {
    const flags = toolFlags({
      oneOf: [
        { properties: { kind: { const: 'a' }, only: { type: 'string' } }, required: ['kind', 'only'] },
        { properties: { kind: { const: 'b' } }, required: ['kind'] },
      ],
    });
    expect(flags.map((flag) => [flag.name, flag.values, flag.required])).toEqual([
      ['kind', ['a', 'b'], true],
      ['only', undefined, false],
    ]);
  });
});

describe('the properties', () => {
  it('come from allOf, $ref and definitions', () => {
    const flags = toolFlags({
      allOf: [{ $ref: '#/definitions/base' }, { properties: { b: { type: 'integer' } }, required: ['b'] }],
      definitions: { base: { properties: { a: { type: 'string' }, b: { maximum: 3 } }, required: ['a'] } },
    });
    expect(flags.map((flag) => [flag.name, flag.kind, flag.mustBeGiven])).toEqual([
      ['b', 'integer', true],
      ['a', 'string', true],
    ]);
  });

  it('of nested objects have dotted flags', () => {
    const flags = toolFlags({
      properties: {
        userInfo: {
          type: 'object',
          properties: {
            firstName: { type: 'string' },
            home: { type: 'object', properties: { zip: { type: 'string' } } },
          },
        },
      },
    });
    expect(flags.map((flag) => [flag.name, flag.exact])).toEqual([
      ['user-info', 'userInfo'],
      ['user-info.first-name', 'userInfo.firstName'],
      ['user-info.home', 'userInfo.home'],
      ['user-info.home.zip', 'userInfo.home.zip'],
    ]);
    expect(flags[3]?.path).toEqual(['userInfo', 'home', 'zip']);
  });

  it('of a tree get flags once', () => {
    const flags = toolFlags({ properties: { root: { $ref: '#/$defs/tree' } }, $defs });
    expect(flags.map((flag) => flag.name)).toEqual(['root', 'root.name', 'root.left']);
  });

  it('with the same kebab form are found by their exact names only', () => {
    const find = flagFinder(toolFlags({ properties: { maxTokens: {}, max_tokens: {}, other: {} } }));
    const exact = (name: string) => {
      const match = find(name);
      return match && ('flag' in match ? match.flag.exact : match.ambiguous.map((flag) => flag.exact));
    };
    expect(exact('maxTokens')).toBe('maxTokens');
    expect(exact('max_tokens')).toBe('max_tokens');
    expect(exact('max-tokens')).toEqual(['maxTokens', 'max_tokens']);
    expect(exact('nothing')).toBeUndefined();
    expect(toolFlags({ properties: { maxTokens: {}, max_tokens: {} } }).map((flag) => flag.name)).toEqual([
      'maxTokens',
      'max_tokens',
    ]);
  });

  it('inside one without letters is not taken for one outside', () => {
    const inner = { type: 'object', properties: { args: { type: 'string' } } };
    const find = flagFinder(toolFlags({ properties: { '-': inner, ' ': inner } }));
    expect(find('args')).toBeUndefined();
    expect(find('-.args')).toMatchObject({ flag: { path: ['-', 'args'] } });
  });

  it('may have any name', () => {
    const properties = JSON.parse(
      '{"__proto__":{"type":"string"},"constructor":{"type":"integer"},"--":{},"":{},"a b":{}}',
    );
    const flags = toolFlags({ properties, required: ['__proto__'] });
    expect(flags.map((flag) => [flag.name, flag.exact, flag.kind, flag.required])).toEqual([
      ['proto', '__proto__', 'string', true],
      ['constructor', 'constructor', 'integer', false],
      ['--', '--', 'json', false],
      ['a-b', 'a b', 'json', false],
    ]);
    const find = flagFinder(toolFlags({ properties: {} }));
    for (const name of ['constructor', '__proto__', 'toString']) expect(find(name)).toBeUndefined();
  });

  it.each<[JsonSchema | undefined]>([
    [undefined],
    [true],
    [false],
    [{}],
    [{ properties: 3 }],
    [{ properties: [] }],
    [{ type: 'string' }],
    [{ allOf: 1, anyOf: {}, required: 'x' }],
  ])('of %j are none', (schema) => {
    expect(toolFlags(schema)).toEqual([]);
  });
});

describe('hostile schemas', () => {
  const quick = (schema: JsonSchema): ToolFlag[] => {
    const start = cpuMs();
    const flags = toolFlags(schema);
    expect(cpuMs() - start).toBeLessThan(3_000);
    return flags;
  };

  it('that double at every level are cut', () => {
    const defs: Record<string, unknown> = {};
    for (let i = 0; i < 60; i++) {
      const next = { $ref: `#/$defs/d${i + 1}` };
      defs[`d${i}`] = {
        type: 'object',
        properties: { a: next, b: next },
        anyOf: [next, next],
        allOf: [next, next],
      };
    }
    const flags = quick({ $ref: '#/$defs/d0', $defs: defs });
    expect(flags.length).toBeLessThanOrEqual(1_000);
  });

  it('that go round in circles end', () => {
    const flags = quick({
      $defs: { a: { $ref: '#/$defs/b' }, b: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#' }] } },
      properties: { x: { $ref: '#/$defs/a' }, y: { $ref: '#' }, z: { type: 'string' } },
    });
    expect(flags.filter((flag) => flag.path.length === 1).map((flag) => flag.name)).toEqual(['x', 'y', 'z']);
  });

  it('that are very deep or very wide are read', () => {
    let deep: JsonSchema = { type: 'string' };
    for (let i = 0; i < 5_000; i++) deep = { allOf: [deep], properties: { x: deep }, items: deep };
    expect(quick({ properties: { deep } })[0]?.name).toBe('deep');
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`p${i}`, { type: 'string' }]));
    expect(quick({ properties: wide })).toHaveLength(20_000);
    const branches = Array.from({ length: 150_000 }, () => ({ type: 'string' }));
    expect(quick({ properties: { x: { anyOf: branches } } })[0]?.kind).toBe('string');
  });
});
