/** Schemas and values whose check takes long, each small or simple by itself: the work is in their product. */

export interface HeavyCheck {
  name: string;
  /** Its check takes longer than any is given, on any machine. */
  endless: boolean;
  schema: object;
  value: () => object;
}

const ENDLESS = ['000 objects that must', '000 lists that must', 'patterns of names', 'a wide oneOf', 'ways'];

const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}` }));
const of = (schema: object, rest: object = {}) => ({ type: 'object', properties: { x: schema }, ...rest });
const names = (count: number, value: (i: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, value(i)]));
const nested = (levels: number, inner: object = {}) => {
  let value: object = inner;
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
};

/** `$defs` in which each refers twice to the next one: 2 to the power of `levels`. */
function doubling(levels: number, join: (ref: object) => object): object {
  const $defs: Record<string, object> = { [`d${levels}`]: { type: 'integer', minimum: 1 } };
  for (let i = 0; i < levels; i++) $defs[`d${i}`] = join({ $ref: `#/$defs/d${i + 1}` });
  return of({ $ref: '#/$defs/d0' }, { $defs });
}

/** One schema in another, `levels` deep. */
function deepIn(levels: number, wrap: (inner: object) => object): object {
  let schema: object = { type: 'string' };
  for (let i = 0; i < levels; i++) schema = wrap(schema);
  return of(schema);
}

/** The keyword; written out, it looks like a promise to linters. */
const THEN = 'then';

const TREE = {
  type: 'object',
  anyOf: [1, 2, 3].map((n) => ({ properties: { a: { $ref: '#' } }, required: [`missing${n}`] })),
};

const CHECKS: [name: string, schema: object, value: () => object][] = [
  ['100,000 objects that must differ', of({ uniqueItems: true }), () => ({ x: rows(100_000) })],
  [
    '50,000 lists that must differ',
    of({ uniqueItems: true }),
    () => ({ x: rows(50_000).map(({ id }) => [[id], 'x']) }),
  ],
  [
    'lists in lists that must differ',
    of({ uniqueItems: true, items: { uniqueItems: true } }),
    () => ({ x: Array.from({ length: 300 }, (_, i) => rows(300).map((row) => ({ ...row, i }))) }),
  ],
  ['a pattern in a pattern', of({ pattern: '^(([a-z]+)*[a-z]?)+$' }), () => ({ x: `${'a'.repeat(2e6)}!` })],
  ['a pattern that counts', of({ pattern: '^((a{1,100}){1,100})+$' }), () => ({ x: `${'a'.repeat(3e5)}!` })],
  [
    'patterns of names',
    { type: 'object', patternProperties: names(200, () => ({ type: 'integer' })) },
    () => names(50_000, (i) => i),
  ],
  [
    'a pattern of each name',
    { type: 'object', propertyNames: { pattern: '^(p|(p[0-9]*)+)*$' } },
    () => names(50_000, (i) => i),
  ],
  ['anyOf in anyOf', deepIn(16, (inner) => ({ anyOf: [inner, { allOf: [inner] }] })), () => ({ x: 7 })],
  ['350 levels of allOf', deepIn(350, (inner) => ({ allOf: [inner] })), () => ({ x: 7 })],
  [
    'a wide anyOf for a long list',
    of({ items: { anyOf: Array.from({ length: 2_000 }, (_, i) => ({ const: `w${i}` })) } }),
    () => ({ x: Array(5_000).fill('none') }),
  ],
  [
    'a wide oneOf for a long list',
    of({ items: { oneOf: Array.from({ length: 400 }, (_, i) => ({ minimum: i })) } }),
    () => ({ x: Array(20_000).fill(0) }),
  ],
  [
    'a long enum for a long list',
    of({ items: { enum: Array.from({ length: 3_000 }, (_, id) => ({ id })) } }),
    () => ({ x: rows(20_000) }),
  ],
  [
    'an enum of 10,000 words for a long list',
    of({ items: { enum: Array.from({ length: 10_000 }, (_, i) => `word ${i}`) } }),
    () => ({ x: Array(10_000).fill('none') }),
  ],
  ['references that double: allOf', doubling(26, (ref) => ({ allOf: [ref, ref] })), () => ({ x: 0 })],
  ['references that double: anyOf', doubling(26, (ref) => ({ anyOf: [ref, ref] })), () => ({ x: 0 })],
  ['a tree with three ways', TREE, () => nested(25)],
  [
    'a dynamic reference with two ways',
    {
      $dynamicAnchor: 'n',
      anyOf: [1, 2].map(() => ({ properties: { a: { $dynamicRef: '#n' } }, minProperties: 2 })),
    },
    () => nested(40),
  ],
  [
    'contains for lists of lists',
    of({ items: { contains: { contains: { const: 'none' } } } }),
    () => ({ x: Array.from({ length: 300 }, () => Array.from({ length: 100 }, () => Array(100).fill(1))) }),
  ],
  [
    'what was not evaluated',
    {
      type: 'object',
      unevaluatedProperties: false,
      anyOf: [names(300, (i) => i)].map((p) => ({ required: Object.keys(p) })),
    },
    () => names(30_000, (i) => i),
  ],
  [
    '20,000 properties',
    { type: 'object', properties: names(20_000, () => ({ type: 'integer' })) },
    () => names(20_000, () => 'x'),
  ],
  [
    '20,000 properties with a pattern each',
    { type: 'object', properties: names(20_000, (i) => ({ type: 'string', pattern: `^${i}` })) },
    () => names(20_000, () => 'x'),
  ],
  [
    '2,000 conditions',
    {
      type: 'object',
      allOf: Array.from({ length: 2_000 }, (_, i) => ({
        if: { required: [`p${i}`] },
        [THEN]: { required: [`q${i}`] },
      })),
    },
    () => names(5_000, (i) => i),
  ],
];

export const HEAVY_CHECKS: readonly HeavyCheck[] = CHECKS.map(([name, schema, value]) => ({
  name,
  endless: ENDLESS.some((words) => name.includes(words)),
  schema,
  value,
}));
