/** Arguments that are fixed: what a tool still asks for, and what is sent. */
import { describe, expect, it } from 'vitest';
import { narrowedTool, withFixed } from '../../src/catalog/fixed-arguments.ts';
import { UsageError } from '../../src/errors.ts';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';
import { validateArguments } from '../../src/tools/flags/validate.ts';
import { secretPlaces } from '../../src/tools/schema/redact.ts';
import type { JsonSchema, ToolDefinition } from '../../src/tools/tool.ts';

const text = { type: 'string' };

/** The narrowed inputSchema; what went in must not have changed. */
function narrowed(inputSchema: JsonSchema, fixed: Record<string, unknown>): JsonSchema | undefined {
  const tool: ToolDefinition = { name: 'export', description: 'about', inputSchema };
  const before = JSON.stringify([tool, fixed]);
  const result = narrowedTool(tool, fixed);
  expect(JSON.stringify([tool, fixed])).toBe(before);
  expect(result).not.toBe(tool);
  expect({ ...result, inputSchema }).toEqual(tool);
  return result.inputSchema;
}

const own = (json: string) => JSON.parse(json) as Record<string, unknown>;

describe('narrowedTool', () => {
  it('takes fixed properties out, and out of what is required', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { dataset: text, format: text },
      required: ['dataset', 'format', 'unlisted'],
      additionalProperties: false,
    };
    expect(narrowed(schema, { dataset: 'full', unlisted: 1 })).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { format: text },
      required: ['format'],
      additionalProperties: false,
    });
    expect(narrowed(schema, { dataset: 'full', format: 'csv', unlisted: 1 })).not.toHaveProperty('required');
    expect(narrowed(schema, {})).toEqual(schema);
    expect(narrowed({ type: 'object' }, { any: 1 })).toEqual({ type: 'object' });
    expect(narrowed(true, { any: 1 })).toBe(true);
    expect(narrowedTool({ name: 'bare' }, { any: 1 })).toEqual({ name: 'bare' });
  });

  const options = (more: object = {}) => ({
    type: 'object',
    properties: {
      options: {
        type: ['object', 'null'],
        default: { format: 'json' },
        examples: [{ format: 'json' }],
        properties: { format: text, target: text, depth: { type: 'integer', default: 1 } },
        ...more,
      },
    },
  });

  it('leaves the rest of an object open that is spelled out in place', () => {
    const rest = { type: 'object', properties: { target: text, depth: { type: 'integer', default: 1 } } };
    const format = { options: { format: 'csv' } };
    expect(narrowed(options(), format)).toEqual({ type: 'object', properties: { options: rest } });
    // What is required inside must be given now, for the object is there.
    expect(narrowed(options({ required: ['format', 'target'] }), format)).toEqual({
      type: 'object',
      properties: { options: { ...rest, required: ['target'] } },
      required: ['options'],
    });
    // And what is not, need not, though the object had to be there.
    for (const required of [['format'], ['format', 'depth']])
      expect(narrowed({ ...options({ required }), required: ['options'] }, format)).not.toHaveProperty(
        'required',
      );
  });

  it('takes an object out of which nothing is left, which is fixed whole, or which is described elsewhere', () => {
    const all = { options: { format: 'csv', target: 't', depth: 2 } };
    const none = { type: 'object', properties: {} };
    expect(narrowed(options(), all)).toEqual(none);
    expect(narrowed(options(), { options: null })).toEqual(none);
    expect(narrowed(options({ additionalProperties: text }), all)).toHaveProperty('properties.options');
    const $defs = { options: options().properties.options };
    const referring = {
      type: 'object',
      $defs,
      properties: { options: { $ref: '#/$defs/options' } },
      required: ['options'],
    };
    expect(narrowed(referring, { options: { format: 'csv' } })).toEqual({ ...none, $defs });
    expect(narrowed(options({ enum: [{ format: 'csv' }] }), { options: { format: 'csv' } })).toEqual(none);
  });

  it('spells out a schema that is a reference as a whole', () => {
    const Input = { type: 'object', properties: { a: text, b: text }, required: ['a', 'b'] };
    expect(narrowed({ $ref: '#/definitions/Input', definitions: { Input } }, { a: 'x' })).toEqual({
      type: 'object',
      properties: { b: text },
      required: ['b'],
      definitions: { Input },
    });
    expect(narrowed({ $ref: '#/nowhere' }, { a: 'x' })).toEqual({ $ref: '#/nowhere' });
    expect(narrowed({ $ref: '#' }, { a: 'x' })).toBeDefined();
  });

  it('leaves allOf, anyOf and conditions alone', () => {
    const rules = {
      allOf: [{ properties: { a: text }, required: ['a'] }],
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
      if: { properties: { a: { const: 'x' } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['b'] },
    };
    expect(narrowed({ type: 'object', properties: { a: text, b: text }, ...rules }, { a: 'x' })).toEqual({
      type: 'object',
      properties: { b: text },
      ...rules,
    });
  });

  it('keeps what others refer to', async () => {
    const schema = {
      type: 'object',
      $id: 'https://example.com/tree',
      properties: {
        name: { type: 'string', minLength: 2 },
        alias: { $ref: '#/properties/name' },
        children: { type: 'array', items: { $ref: '#' } },
        other: { $ref: '#/$defs/other' },
      },
      required: ['name'],
      $defs: { other: { type: 'integer' }, whole: { type: 'boolean' } },
    };
    const open = { name: 'open', inputSchema: narrowed(schema, { name: 'root' }) as JsonSchema };
    expect(toolFlags(open.inputSchema).map(({ name }) => name)).toEqual(['alias', 'children', 'other']);
    const problemsOf = async (args: unknown) =>
      (await validateArguments(open, args)).problems.map(({ message }) => message);
    expect(await problemsOf({ alias: 'ok', other: 1, children: [{ name: 'child' }] })).toEqual([]);
    expect(await problemsOf({ alias: 'x' })).toEqual(['--alias: must have at least 2 characters (given 1)']);
    // A child is a whole tree: its name is not fixed.
    expect(await problemsOf({ children: [{ children: [] }] })).toEqual([
      '--children: missing required item 1, name',
    ]);
    expect((await validateArguments(open, {})).warning).toBeUndefined();
    // What refers to something else only, stays as it is.
    expect(narrowed(schema.properties.other, { x: 1 })).toEqual(schema.properties.other);
  });

  it('takes any name for a property', () => {
    const schema = own(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"},"a":{}}}',
    );
    const fixed = own('{"__proto__":"x","constructor":"y","toString":"z"}');
    expect(JSON.stringify(narrowed(schema, fixed))).toBe('{"type":"object","properties":{"a":{}}}');
    expect(JSON.stringify(narrowed({ type: 'object', properties: {} }, fixed))).toBe(
      '{"type":"object","properties":{}}',
    );
    const nested = own('{"properties":{"__proto__":{"properties":{"a":{},"b":{}}}}}');
    expect(JSON.stringify(narrowed(nested, own('{"__proto__":{"a":1}}')))).toBe(
      '{"properties":{"__proto__":{"properties":{"b":{}},"type":"object"}}}',
    );
  });

  it('does not stumble over schemas that are none', () => {
    for (const schema of [
      { properties: 'none', required: 'all' },
      { properties: { a: 7 } },
      { required: true },
      { $ref: 3 },
    ])
      expect(narrowed(schema as JsonSchema, { a: { b: 1 } })).toBeTypeOf('object');
  });
});

describe('withFixed', () => {
  it('merges objects, and takes the same value twice', () => {
    const typed = { a: 1, options: { depth: 2, format: 'csv' }, list: [1, { x: 1 }] };
    const fixed = { options: { format: 'csv', more: { deep: true } }, list: [1, { x: 1 }], b: null };
    const before = JSON.stringify([typed, fixed]);
    expect(withFixed(typed, fixed)).toEqual({
      a: 1,
      options: { depth: 2, format: 'csv', more: { deep: true } },
      list: [1, { x: 1 }],
      b: null,
    });
    expect(JSON.stringify([typed, fixed])).toBe(before);
  });

  it('names every property that is given another value', () => {
    const fixed = { format: 'csv', options: { depth: 1 }, list: [1, 2], gone: null };
    const typed = { format: 'json', options: { depth: 2 }, list: [2, 1], gone: {} };
    expect(() => withFixed(typed, fixed)).toThrow(UsageError);
    expect(() => withFixed(typed, fixed)).toThrow(
      'format is fixed to "csv"\noptions.depth is fixed to 1\nlist is fixed to an array of 2\ngone is fixed to null',
    );
    expect(() => withFixed({ options: 'x' }, fixed)).toThrow('options is fixed to an object');
    expect(() => withFixed({ format: undefined }, fixed)).toThrow('format is fixed');
  });

  it('takes any name for a property', () => {
    const fixed = own('{"__proto__":{"a":1},"constructor":"y"}');
    expect(JSON.stringify(withFixed({}, fixed))).toBe('{"__proto__":{"a":1},"constructor":"y"}');
    expect(JSON.stringify(withFixed(own('{"__proto__":{"b":2}}'), fixed))).toBe(
      '{"__proto__":{"b":2,"a":1},"constructor":"y"}',
    );
    expect(() => withFixed(own('{"__proto__":1}'), fixed)).toThrow('__proto__ is fixed to an object');
    expect(Object.prototype).not.toHaveProperty('a');
  });
});

it('secretPlaces tells where secrets are', () => {
  const secret = { type: 'string', format: 'password' };
  const schema = {
    properties: { key: secret, logins: { items: { properties: { pin: { writeOnly: true } } } }, name: text },
  };
  expect(secretPlaces({ key: 's', logins: [{ pin: 1 }], name: 'n' }, schema)).toEqual([
    'key',
    'logins.0.pin',
  ]);
  expect(secretPlaces({ name: 'n' }, schema)).toEqual([]);
});

describe('a part of the arguments', () => {
  const problems = async (inputSchema: JsonSchema, part: unknown) => {
    const tool = { name: 'tool', inputSchema };
    const { problems } = await validateArguments(tool, part, { unmendable: true });
    return problems.map(({ message }) => message);
  };

  it('may lack whatever can still be added', async () => {
    const inner = { type: 'object', properties: { c: text }, required: ['c'], minProperties: 2 };
    const schema = {
      type: 'object',
      properties: { a: text, b: text, inner, mode: text },
      required: ['a'],
      dependentRequired: { b: ['a'] },
      minProperties: 4,
    };
    expect(await problems(schema, { b: 'x', inner: {} })).toEqual([]);
    const either = { anyOf: [{ required: ['a'] }, { required: ['b'] }] };
    expect(await problems({ ...schema, ...either }, {})).toEqual([]);
    const modes = [{ properties: { mode: { const: 'x' } } }, { properties: { mode: { const: 'y' } } }];
    expect(await problems({ ...schema, oneOf: modes }, { b: 'x' })).toEqual([]);
  });

  it('is wrong where nothing that is added can mend it', async () => {
    const item = { type: 'object', properties: { x: text }, required: ['x'] };
    const schema = {
      type: 'object',
      properties: { a: text, n: { type: 'integer', maximum: 3 }, list: { type: 'array', items: item } },
      required: ['a', 'n'],
      additionalProperties: false,
    };
    expect(await problems(schema, { a: 1, n: 4, list: [{}], other: 1 })).toEqual([
      '--a: must be text (given 1)',
      '--n: must be <= 3 (given 4)',
      '--list: missing required item 1, x',
      '--args: unknown property "other"',
    ]);
    const either = {
      properties: { v: {} },
      anyOf: [{ properties: { v: text } }, { properties: { v: { type: 'integer' } } }],
    };
    expect(await problems(either, { v: true })).toHaveLength(1);
    expect(await problems(either, { v: 1 })).toEqual([]);
  });
});
