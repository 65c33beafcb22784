/** Random JSON Schemas, and values that are valid under them. */
import fc from 'fast-check';
import { isObject, type JsonObject, setOwn } from '../../../src/lib/json/json.ts';

export type Schema = JsonObject;

/** Names that trip programs up: JavaScript's, the program's own flags, kebab-case twins, dots, Unicode, signs. */
const NAMES = [
  ...[
    'a',
    'b',
    'x',
    'no-x',
    'name',
    'items',
    'maxTokens',
    'max_tokens',
    'max-tokens',
    'user name',
    'URL',
    'HTTPProxy',
  ],
  ...['a.b', 'a.0', 'constructor', '__proto__', 'toString', 'hasOwnProperty', 'length', 'then', 'prototype'],
  ...[
    'json',
    'help',
    'timeout',
    'args',
    'quiet',
    'output',
    'version',
    'background',
    'retries',
    'tag',
    'no-color',
  ],
  ...['é', '日本', 'x/y', '$', '_', '-', '--', '0', '1', 'q', 'o', 'a=b', 'a b', ' '],
];

/** Text that looks like something else. */
export const text = fc.oneof(
  fc.constantFrom(
    '007',
    'true',
    'false',
    'null',
    '1e3',
    '{"a":1}',
    '[1]',
    '[]',
    '"q"',
    '',
    '-x',
    '--help',
    '--',
    '-5',
  ),
  fc.constantFrom(
    '@file',
    '-',
    '--x=1',
    ' ',
    '\n',
    'é',
    '𝒳',
    'NaN',
    '0x10',
    '$(x)',
    '*',
    '--no-x',
    '=',
    '12345678901234567890',
  ),
  fc.string({ maxLength: 8 }),
);

const whole = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.maxSafeInteger());
const real = fc.oneof(
  whole,
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
);
const scalar = fc.oneof(text, whole, fc.boolean(), fc.constant(null));

const string = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Schema>({ type: 'string' }) },
  fc.constant<Schema>({ type: 'string', minLength: 2 }),
  fc.constant<Schema>({ type: 'string', maxLength: 3, format: 'date' }),
);
const leaf: fc.Arbitrary<Schema> = fc.oneof(
  { weight: 3, arbitrary: string },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Schema>({ type: 'integer' }, { type: 'number' }, { type: 'boolean' }),
  },
  fc.constantFrom<Schema>(
    { type: ['string', 'null'] },
    { type: ['integer', 'null'] },
    { type: ['boolean', 'null'] },
  ),
  fc.constantFrom<Schema>(
    { type: ['integer', 'string'] },
    { type: ['boolean', 'number'] },
    { type: 'integer', minimum: 3 },
  ),
  fc
    .uniqueArray(scalar, { minLength: 1, maxLength: 4, comparator: 'SameValueZero' })
    .map((values) => ({ enum: values })),
  scalar.map((value) => ({ const: value })),
  fc.constant<Schema>({}),
);

/** A schema for a value, of all kinds that a person would write; `depth` is how many levels may still come. */
export function schemas(depth: number): fc.Arbitrary<Schema> {
  if (depth <= 0) return leaf;
  const inner = schemas(depth - 1);
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 3, arbitrary: objects(depth) },
    { weight: 3, arbitrary: inner.map((items) => ({ type: 'array', items })) },
    inner.map((items) => ({ type: ['array', 'null'], items, maxItems: 3 })),
    fc
      .array(inner, { minLength: 1, maxLength: 3 })
      .map((prefixItems) => ({ type: 'array', prefixItems, items: false })),
    inner.map((additionalProperties) => ({ type: 'object', additionalProperties })),
    inner.map((value) => ({
      type: 'object',
      patternProperties: { '^k_': value },
      additionalProperties: false,
    })),
    fc.array(inner, { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.array(inner, { minLength: 1, maxLength: 2 }).map((oneOf) => ({ oneOf })),
    inner.map((part) => ({ allOf: [part, { description: 'more' }] })),
    inner.map((part) => ({ anyOf: [part, { type: 'null' }] })),
  );
}

/** A schema for an object with named properties, as tools have. */
export function objects(depth: number): fc.Arbitrary<Schema> {
  return fc
    .tuple(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), schemas(depth - 1), fc.boolean()), {
        maxLength: 5,
        selector: ([name]) => name,
      }),
      fc.constantFrom(undefined, false, true),
    )
    .map(([entries, additional]) => {
      const properties: Schema = {};
      for (const [name, schema] of entries) setOwn(properties, name, schema);
      const required = entries.filter(([, , must]) => must).map(([name]) => name);
      return {
        type: 'object',
        properties,
        ...(required.length > 0 ? { required } : {}),
        ...(additional === undefined ? {} : { additionalProperties: additional }),
      };
    });
}

/** Values that are meant to be valid; where alternatives exclude each other they may not be, so check. */
export function valuesOf(schema: unknown): fc.Arbitrary<unknown> {
  if (!isObject(schema)) return scalar;
  if (Object.hasOwn(schema, 'const')) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  for (const keyword of ['anyOf', 'oneOf'])
    if (Array.isArray(schema[keyword])) return fc.oneof(...(schema[keyword] as unknown[]).map(valuesOf));
  if (Array.isArray(schema['allOf'])) return valuesOf(schema['allOf'][0]);
  const types = [schema['type']].flat();
  return fc.oneof(...types.map((type) => valuesOfType(type, schema)));
}

function valuesOfType(type: unknown, schema: Schema): fc.Arbitrary<unknown> {
  if (type === 'string') {
    const { minLength = 0, maxLength = 100 } = schema as { minLength?: number; maxLength?: number };
    return text.filter((word) => [...word].length >= minLength && [...word].length <= maxLength);
  }
  if (type === 'integer')
    return whole
      .map((n) => (schema['minimum'] === undefined ? n : Math.abs(n) + 3))
      .filter(Number.isSafeInteger);
  if (type === 'number') return real;
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'array') {
    if (Array.isArray(schema['prefixItems'])) return fc.tuple(...schema['prefixItems'].map(valuesOf));
    return fc.array(valuesOf(schema['items']), { maxLength: 3 });
  }
  if (type === 'object') return objectValues(schema);
  return fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant({}), fc.constant({ k: 1 }));
}

function objectValues(schema: Schema): fc.Arbitrary<unknown> {
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const patterns = isObject(schema['patternProperties']) ? Object.values(schema['patternProperties']) : [];
  const more = isObject(schema['additionalProperties']) ? schema['additionalProperties'] : undefined;
  const key = fc
    .constantFrom('key', 'K.v', '__proto__', 'a b', 'NODE_ENV', '0')
    .map((name) => (patterns.length > 0 ? `k_${name}` : name));
  const named = properties.map(([name, inner]) =>
    fc
      .option(valuesOf(inner), { nil: undefined, freq: required.has(name) ? 1_000_000 : 2 })
      .map((value) => [name, value] as const),
  );
  const free = patterns[0] ?? more;
  const others =
    free === undefined
      ? fc.constant([])
      : fc.uniqueArray(fc.tuple(key, valuesOf(free)), { maxLength: 2, selector: ([name]) => name });
  return fc.tuple(fc.tuple(...named), others).map(([known, rest]) => {
    const object: Schema = {};
    for (const [name, value] of [...known, ...rest]) if (value !== undefined) setOwn(object, name, value);
    return object;
  });
}
