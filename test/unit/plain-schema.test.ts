import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../src/tools/checks/check-ajv.ts';
import { plainCheck } from '../../src/tools/checks/check-plain.ts';
import type { Violation } from '../../src/tools/checks/violation.ts';
import { explain } from '../../src/tools/flags/explain.ts';
import type { JsonSchema } from '../../src/tools/tool.ts';

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return { below, pick, chance: (p: number) => next() < p };
}
type Random = ReturnType<typeof randomOf>;

const NAMES = ['a', 'b', 'a/b', 'c~d', 'constructor', 'hasOwnProperty', 'ä', ''];
/** Not `constructor`, which ajv's comparison of objects stumbles over (as over `toString` and `valueOf`). */
const SAFE_NAMES = NAMES.filter((name) => name !== 'constructor');
const SCALARS = ['', 'a', 'ab', 'abc', '𝒳𝒴', 'true', 0, 1, -1, 2.5, 1e21, 3, true, false, null];
const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'];

function randomValue(r: Random, names = NAMES, depth = 0): unknown {
  if (depth > 2 || r.chance(0.6)) return r.pick(SCALARS);
  if (r.chance(0.5)) return Array.from({ length: r.below(4) }, () => randomValue(r, names, depth + 1));
  return Object.fromEntries(
    Array.from({ length: r.below(4) }, () => [r.pick(names), randomValue(r, names, depth + 1)]),
  );
}

function randomSchema(r: Random, depth = 0): unknown {
  if (r.chance(0.05)) return true;
  const schema: Record<string, unknown> = {};
  const sub = () => randomSchema(r, depth + 1);
  const maybe = (p: number, keyword: string, value: () => unknown) => {
    if (r.chance(p)) schema[keyword] = value();
  };
  maybe(0.6, 'type', () => (r.chance(0.7) ? r.pick(TYPES) : [...new Set([r.pick(TYPES), r.pick(TYPES)])]));
  maybe(0.15, 'enum', () => [...new Set([randomValue(r, SAFE_NAMES), randomValue(r, SAFE_NAMES)])]);
  maybe(0.1, 'const', () => randomValue(r, SAFE_NAMES));
  for (const keyword of ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'])
    maybe(0.15, keyword, () => r.pick([0, 1, 2.5, -1]));
  for (const keyword of ['minLength', 'maxLength', 'minItems', 'maxItems'])
    maybe(0.15, keyword, () => r.below(4));
  maybe(0.2, 'default', () => randomValue(r));
  maybe(0.2, 'format', () => r.pick(['email', 'uri', 'x']));
  maybe(0.1, 'additionalProperties', () => r.pick([true, false, false, {}]));
  if (depth < 3) {
    maybe(0.3, 'properties', () =>
      Object.fromEntries(NAMES.filter(() => r.chance(0.4)).map((name) => [name, sub()])),
    );
    maybe(0.2, 'required', () => NAMES.filter(() => r.chance(0.3)));
    maybe(0.2, 'items', sub);
    maybe(0.15, 'anyOf', () => Array.from({ length: 1 + r.below(3) }, sub));
    maybe(0.08, 'allOf', () => Array.from({ length: 1 + r.below(2) }, sub));
    maybe(0.1, '$ref', () => r.pick(['#/$defs/one', '#/$defs/two']));
  }
  return schema;
}

function comparable(violations: readonly Violation[]): string[] {
  return violations.map(({ keyword, path, params }) => JSON.stringify([keyword, path, params])).sort();
}

describe('the plain check', () => {
  it('says what ajv says, on random schemas and values', async () => {
    const seed = 20260331;
    const r = randomOf(seed);
    let invalid = 0;
    let compared = 0;
    for (let i = 0; i < 250; i++) {
      const schema = {
        type: 'object',
        properties: { a: randomSchema(r), b: randomSchema(r) },
        ...(randomSchema(r) as object),
        $defs: { one: randomSchema(r, 2), two: randomSchema(r, 3) },
      } as JsonSchema;
      const check = plainCheck(schema);
      if (!check) continue;
      const engine = await compileSchema(schema);
      for (let j = 0; j < 20; j++) {
        const value = j < 10 ? { a: randomValue(r), b: randomValue(r) } : randomValue(r);
        const ours = check(value) ?? [];
        const theirs = engine.check(value);
        const context = `seed ${seed}, ${i}: ${JSON.stringify(schema)} with ${JSON.stringify(value)}`;
        expect(comparable(ours), context).toEqual(comparable(theirs));
        expect(explain(ours, value, schema, schema).length > 0, context).toBe(ours.length > 0);
        if (ours.length > 0) invalid++;
        compared++;
      }
    }
    // The comparison is worth something only while both outcomes are common.
    expect(compared).toBeGreaterThan(3_000);
    expect(invalid).toBeGreaterThan(compared / 5);
    expect(invalid).toBeLessThan(compared * 0.95);
  }, 400_000);

  it.each<[JsonSchema]>([
    [{ properties: { a: { pattern: 'x' } } }],
    [{ properties: { a: { multipleOf: 2 } } }],
    [{ oneOf: [{}] }],
    [{ not: {} }],
    [{ properties: { a: { type: 'strnig' } } }],
    [{ properties: { a: { enum: [] } } }],
    [{ properties: { a: { minimum: '3' } } }],
    [{ properties: { a: { nullable: true } } }],
    [{ properties: { a: false } }],
    [{ properties: { a: { $ref: '#' } } }],
    [{ properties: { a: { $ref: '#/$defs/missing' } } }],
    [{ $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' }],
    [JSON.parse('{"properties":{"__proto__":{"type":"string"}}}')],
    [
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        $defs: { a: {} },
        properties: { b: { $ref: '#/$defs/a', type: 'string' } },
      },
    ],
  ])('leaves %j to ajv', (schema) => {
    expect(plainCheck(schema)).toBeUndefined();
  });
});
