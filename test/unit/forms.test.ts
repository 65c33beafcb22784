/** Forms of a server: what their fields are, what fits, and what is answered by rule. */
import { describe, expect, it, test } from 'vitest';
import { fieldText, readField } from '../../src/cli/prompts/elicitation.ts';
import { formatProblem, formFields, formProblems } from '../../src/jobs/questions/form.ts';
import { policyAnswerer } from '../../src/jobs/questions/policy.ts';
import type { PendingInput } from '../../src/jobs/record.ts';

const formOf = (schema: object, required = false) => ({
  type: 'object',
  properties: { x: schema },
  required: required ? ['x'] : [],
});

function field(schema: object, required = false) {
  const [one] = formFields(formOf(schema, required));
  if (!one) throw new Error('no field');
  return one;
}

describe('fields', () => {
  it.each([
    [{ type: 'string' }, 'string'],
    [{}, 'json'],
    [{ type: 'integer' }, 'integer'],
    [{ type: 'boolean' }, 'boolean'],
    [{ type: 'string', enum: ['a'] }, 'enum'],
    [{ enum: [1, 2] }, 'enum'],
    [{ type: 'string', oneOf: [{ const: 'a', title: 'A' }] }, 'enum'],
    [{ type: 'array', items: { type: 'string', enum: ['a'] } }, 'array'],
    [{ type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] } }, 'array'],
    [{ type: 'array', items: { type: 'string' } }, 'array'],
    [{ type: 'object' }, 'object'],
  ])('%j is %s', (schema, kind) => {
    expect(field(schema).flag.kind).toBe(kind);
  });

  it('have the titles of their choices, however these are written', () => {
    expect([...field({ enum: ['a', 'b'], enumNames: ['Ant'] }).titles]).toEqual([['a', 'Ant']]);
    const items = { anyOf: [{ const: 1, title: 'One' }, { title: 'no value' }] };
    expect([...field({ type: 'array', items }).titles]).toEqual([['1', 'One']]);
  });

  it.each([[undefined], [null], ['x'], [{ properties: [] }], [{ properties: { x: 3 }, required: 7 }]])(
    'of %j: whatever the schema is',
    (schema) => {
      expect(() => formFields(schema)).not.toThrow();
    },
  );

  test.each([
    [{ type: 'string', title: 'Name' }, '  x (Name): string, optional'],
    [{ type: 'string', format: 'email', description: 'Yours' }, '  x - Yours: string, email, optional'],
    [{ type: 'integer', default: 0 }, '  x: integer, optional [0]'],
    [{ enum: ['a', 'b'], default: 'b' }, '  x: one of a, b, optional [b]'],
    [
      { type: 'array', items: { enum: ['a', 'b'] }, minItems: 1, maxItems: 2, default: ['a', 'b'] },
      '  x: 1 to 2, comma-separated, of a, b, optional [a, b]',
    ],
    [
      { type: 'array', items: { enum: ['a'] }, minItems: 2 },
      '  x: 2 or more, comma-separated, of a, optional',
    ],
    [{ type: 'array', items: { enum: ['a'] } }, '  x: any, comma-separated, of a, optional'],
    [
      { oneOf: [{ const: 'a', title: 'Ant' }, { const: 'bee' }] },
      '  x: one of, optional\n    a    Ant\n    bee',
    ],
    [{ type: 'string', title: 'two\nlines\u001b[1m' }, '  x (two lines\\u001b[1m): string, optional'],
  ])('%j as it is asked', (schema, text) => {
    expect(fieldText(field(schema))).toBe(text);
  });
});

describe('a typed line', () => {
  const several = { type: 'array', items: { anyOf: [{ const: 'f1', title: 'Tuna' }, { const: 'f2' }] } };

  it.each([
    [{ type: 'string' }, ' as it is ', ' as it is '],
    [{ type: 'string', format: 'email' }, ' a@b.example ', 'a@b.example'],
    [{ type: 'integer' }, '-3', -3],
    [{ type: 'number' }, '2.5', 2.5],
    [{ type: 'boolean' }, 'Yes', true],
    [{ type: 'boolean' }, 'n', false],
    [{ enum: [1, 2] }, '2', 2],
    [{ enum: ['Red'] }, 'red', 'Red'],
    [{ oneOf: [{ const: 'f1', title: 'Tuna' }] }, 'tuna', 'f1'],
    [several, 'Tuna, f2', ['f1', 'f2']],
    [several, '["f2"]', ['f2']],
    [{ type: 'object' }, '{"a": 1}', { a: 1 }],
  ])('for %j: %j', async (schema, typed, value) => {
    expect(await readField(typed, field(schema), formOf(schema))).toMatchObject({ path: ['x'], value });
  });

  it.each([
    [{ type: 'integer' }, '1.5', 'must be an integer (given "1.5")'],
    [{ type: 'integer' }, 'many', 'must be an integer (given "many")'],
    [{ type: 'number' }, 'many', 'must be a number (given "many")'],
    [{ type: 'number', maximum: 3 }, '4', 'must be <= 3 (given 4)'],
    [{ type: 'string', minLength: 2 }, 'é', 'must have at least 2 characters (given 1)'],
    [{ type: 'boolean' }, 'perhaps', 'must be true or false (given "perhaps")'],
    [{ enum: ['a', 'b'] }, 'c', 'must be one of: a, b (given "c")'],
    [several, 'f1, f1', 'the same twice (given ["f1","f1"])'],
    [{ ...several, maxItems: 1 }, 'f1, f2', 'must have at most 1 item (given 2)'],
    [{ type: 'object' }, '{', 'must be a JSON object (given "{")'],
    [{ type: 'string', format: 'date' }, '2026-02-30', 'not a date, such as 2026-01-31 (given "2026-02-30")'],
  ])('for %j: %j is refused', async (schema, typed, problem) => {
    expect(await readField(typed, field(schema), formOf(schema))).toEqual({ problem });
  });

  it('that is empty is no value for a required field', async () => {
    const schema = { type: 'string' };
    expect(await readField('', field(schema, true), formOf(schema, true))).toEqual({
      problem: 'a value is required',
    });
  });
});

test.each([
  ['email', 'a@b', true],
  ['email', 'a b@c', false],
  ['uri', 'mailto:x@y', true],
  ['uri', 'example.com', false],
  ['date', '2024-02-29', true],
  ['date', '2025-02-29', false],
  ['date-time', '2026-01-31T12:00:00+02:00', true],
  ['date-time', '2026-01-31', false],
  ['date-time', '2026-01-31T25:00:00Z', false],
  ['unheard-of', 'anything', true],
])('%s: %s', (format, text, fits) => {
  expect(formatProblem(format, text) === undefined).toBe(fits);
});

describe('a policy', () => {
  const ask = (
    policy: 'decline' | 'defaults',
    params: Record<string, unknown>,
    method = 'elicitation/create',
  ) => {
    const question: PendingInput = { request_id: 1, method, params, received_at: '' };
    return policyAnswerer(policy)?.(question);
  };
  const form = (properties: object, required: string[] = []) => ({
    message: 'Well?',
    requestedSchema: { type: 'object', properties, required },
  });
  const url = { mode: 'url', message: 'Go', url: 'https://example.com' };

  it('to ask answers nothing', () => {
    expect(policyAnswerer('ask')).toBeUndefined();
    expect(policyAnswerer(undefined)).toBeUndefined();
  });

  it('to decline declines forms and pages, and nothing that is not for a person', async () => {
    expect(await ask('decline', form({ x: { type: 'string' } }))).toEqual({ action: 'decline' });
    expect(await ask('decline', url)).toEqual({ action: 'decline' });
    expect(await ask('decline', { messages: [] }, 'sampling/createMessage')).toBeUndefined();
  });

  it('of defaults sends the form as it is proposed', async () => {
    const properties = {
      a: { type: 'integer', default: 0 },
      b: { type: 'boolean', default: false },
      c: { type: 'string' },
    };
    expect(await ask('defaults', form(properties, ['a']))).toEqual({
      action: 'accept',
      content: { a: 0, b: false },
    });
  });

  it.each([
    ['a page', url],
    ['a required field without a default', form({ a: { type: 'string' }, b: { default: 'x' } }, ['a'])],
    ['no default at all', form({ a: { type: 'boolean' } })],
    ['no fields', form({})],
    ['no schema', { message: 'Sure?' }],
    ['a default that is none of the choices', form({ a: { enum: ['x'], default: 'y' } })],
    ['a default of the wrong type', form({ a: { type: 'integer', default: '1' } })],
    ['a default that is no list', form({ a: { type: 'array', items: { enum: ['x'] }, default: 'x' } })],
    [
      'a default in a list that is none of the choices',
      form({ a: { type: 'array', items: { enum: ['x'] }, default: ['z'] } }),
    ],
    [
      'a default that chooses twice',
      form({ a: { type: 'array', items: { enum: ['x'] }, default: ['x', 'x'] } }),
    ],
    ['a default of the wrong format', form({ a: { type: 'string', format: 'date', default: 'soon' } })],
    ['a mode that nobody knows', { ...form({ a: { default: 'x' } }), mode: 'voice' }],
  ])('of defaults leaves alone: %s', async (_, params) => {
    expect(await ask('defaults', params)).toBeUndefined();
  });

  it('is told of every answer', async () => {
    const told: unknown[] = [];
    const answerer = policyAnswerer('decline', (question, answer) =>
      told.push([question.request_id, answer]),
    );
    await answerer?.({ request_id: 'k', method: 'elicitation/create', params: url, received_at: '' });
    expect(told).toEqual([['k', { action: 'decline' }]]);
  });
});

test('a list must not hold the same twice', () => {
  const choices = field({ type: 'array', items: { enum: ['a', 'b'] } });
  expect(formProblems([choices], { x: ['a', 'b'] })).toEqual([]);
  expect(formProblems([choices], { x: ['a', 'a'] })).toMatchObject([{ path: 'x', flag: '--x' }]);
});
