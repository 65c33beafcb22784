import { describe, expect, it } from 'vitest';
import { cutText } from '../../src/lib/caps.ts';
import { parseJson } from '../../src/lib/json/exact-json.ts';
import { jsonPieces } from '../../src/lib/json/json-pieces.ts';
import { isQuickToCompile, isTooLong, weigh } from '../../src/tools/checks/check-budget.ts';
import { schemaWork } from '../../src/tools/checks/check-work.ts';
import { checkOutput } from '../../src/tools/flags/check-output.ts';
import { validateArguments } from '../../src/tools/flags/validate.ts';

const of = (schema: object) => ({ type: 'object', properties: { x: schema } });
const tree = (ways: number) => ({
  type: 'object',
  properties: Object.fromEntries(Array.from({ length: ways }, (_, i) => [`to${i}`, { $ref: '#' }])),
});

describe('what a check costs', () => {
  it('is told by the loops of a schema', () => {
    expect(schemaWork({ type: 'string' })).toEqual({ visits: 1, turns: 0 });
    expect(schemaWork(tree(1)).turns).toBe(1);
    expect(schemaWork(tree(3)).turns).toBe(3);
    const doubled = {
      $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { allOf: [{ $ref: '#' }, { $ref: '#' }] } },
    };
    expect(schemaWork({ ...doubled, allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] }).turns).toBe(4);
  });

  it('counts what may lead anywhere as a way back', () => {
    const twice = (ref: object) => [1, 2].map(() => ({ properties: { a: ref } }));
    expect(schemaWork({ $dynamicAnchor: 'n', anyOf: twice({ $dynamicRef: '#n' }) }).turns).toBe(2);
    expect(schemaWork({ anyOf: [{ $anchor: 'n', anyOf: twice({ $ref: '#n' }) }] }).turns).toBe(2);
    const inside = { $id: 'https://example.com/x', $defs: { a: { anyOf: twice({ $ref: '#/$defs/a' }) } } };
    expect(schemaWork({ $defs: { a: {} }, items: { ...inside, $ref: '#/$defs/a' } }).turns).toBe(1);
    expect(
      schemaWork({ $defs: { a: {} }, items: { ...inside, anyOf: twice({ $ref: '#/$defs/a' }) } }).turns,
    ).toBe(2);
    // An address of the whole changes nothing.
    expect(
      schemaWork({ $id: 'https://example.com/y', $defs: { a: {} }, items: { $ref: '#/$defs/a' } }).turns,
    ).toBe(0);
  });

  it.each<[string, unknown, unknown, boolean]>([
    ['a pattern', of({ type: 'string', pattern: '^[a-z]+$' }), { x: 'abc' }, true],
    ['a tree', tree(1), { to0: { to0: { to0: {} } } }, true],
    ['a pattern on a long text', of({ pattern: '^(a+)+$' }), { x: 'a'.repeat(500_000) }, false],
    ['repetitions by number', of({ pattern: '(a{1000}){1000}' }), { x: 'aaa' }, false],
    ['many elements that must differ', of({ uniqueItems: true }), { x: Array(2_000).fill(1) }, false],
    ['a tree with two ways', tree(2), JSON.parse(`${'{"to0":'.repeat(40)}{}${'}'.repeat(40)}`), false],
    [
      'many values for a list',
      of({ items: { enum: Array(500).fill(1), not: {} } }),
      { x: Array(2_000).fill(2) },
      false,
    ],
    [
      'many keywords',
      of({ oneOf: Array.from({ length: 400 }, (_, i) => ({ minimum: i })) }),
      { x: 1 },
      false,
    ],
  ])('%s: in place or not', (_, schema, value, quick) => {
    expect(isQuickToCompile(schema, value)).toBe(quick);
  });

  it('is weighed without looking at all of it', () => {
    expect(weigh({ a: [1, { b: 'xyz' }] }, 100)).toEqual({ parts: 5, text: 5, depth: 4 });
    const start = performance.now();
    expect(weigh(Array(10_000_000).fill(0), 1_000).parts).toBeGreaterThan(1_000);
    expect(weigh(JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)), 1e6).depth).toBe(5_000);
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(isTooLong(of({ description: 'x'.repeat(256 * 1024) }))).toBe(true);
    expect(isTooLong(of({ description: 'x'.repeat(200 * 1024) }))).toBe(false);
  });
});

describe('a check in a thread of its own', () => {
  const large = { x: Array.from({ length: 300_000 }, (_, i) => i) };

  it('says what a check in place says', async () => {
    const schema = of({ type: 'array', items: { type: 'integer', maximum: 299_998 } });
    const { problems } = await validateArguments({ name: 't', inputSchema: schema }, large);
    expect(problems.map(({ message }) => message)).toEqual([
      '--x: item 300000: must be <= 299998 (given 299999)',
    ]);
  });

  it('says why a schema is unusable', async () => {
    const inputSchema = of({ type: 'array', items: { oneOf: [{ $ref: 'https://example.com/a' }] } });
    const { warning } = await validateArguments({ name: 't', inputSchema }, large);
    expect(warning).toContain('its schema is unusable');
  });

  it('is ended by a signal', async () => {
    const inputSchema = of({ uniqueItems: true });
    const objects = { x: Array.from({ length: 100_000 }, (_, id) => ({ id })) };
    const stop = new AbortController();
    const checked = validateArguments({ name: 't', inputSchema }, objects, stop);
    stop.abort(new Error('enough'));
    await expect(checked).rejects.toThrow('enough');
    // A result that was not checked is a result.
    const result = { structuredContent: objects };
    expect(await checkOutput(inputSchema, result, stop.signal)).toEqual({
      unchecked: 'the check was interrupted',
    });
  });

  it('uses no more memory than it may', async () => {
    const names = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, { minimum: i }]));
    const inputSchema = of({
      items: { anyOf: [{ required: Object.keys(names), properties: names }, { not: {} }] },
    });
    const value = { x: Array.from({ length: 200_000 }, () => ({})) };
    const { warning } = await validateArguments({ name: 't', inputSchema }, value);
    expect(warning).toMatch(/the check was given up \(it takes (more than 256 MiB|longer than 5 s)/);
  });
});

it('JSON in pieces is the JSON', () => {
  const text =
    '{"a":[1,2.50,[],{},"ü\\ud83d\\n",null,true,12345678901234567890],"__proto__":{"b":1e400},"":-0.0}';
  const pieces = [...jsonPieces(parseJson(text))];
  expect(JSON.parse(pieces.join(''))).toEqual(JSON.parse(text));
  expect(pieces.join('')).toContain('12345678901234567890');
  expect(pieces.join('')).toContain('1e400');
  const long = Array.from({ length: 200_000 }, (_, i) => i);
  const many = [...jsonPieces(long)];
  expect(many.length).toBeGreaterThan(3);
  expect(many.join('')).toBe(JSON.stringify(long));
});

it('a text is cut between characters, and says so', () => {
  expect(cutText('abc', 3)).toBe('abc');
  expect(cutText('abcd', 3)).toBe('abc... (1 more characters)');
  expect(cutText('ab😀cd', 3)).toBe('ab... (4 more characters)');
});
