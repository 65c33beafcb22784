/** Forms of a server: what their fields are, what fits, and what is answered by rule. */
import { describe, expect, it, test } from 'vitest';
import { fieldText, readField } from '../../src/cli/prompts/elicitation.ts';
import { fieldProblem, formatProblem, formFields } from '../../src/jobs/questions/form.ts';
import { policyAnswerer } from '../../src/jobs/questions/policy.ts';
import type { PendingInput } from '../../src/jobs/record.ts';

function field(schema: object, required = false) {
  const [one] = formFields({
    type: 'object',
    properties: { x: schema },
    required: required ? ['x'] : [],
  });
  if (!one) throw new Error('no field');
  return one;
}

describe('fields', () => {
  it.each([
    [{ type: 'string' }, 'string'],
    [{}, 'string'],
    [{ type: 'integer' }, 'integer'],
    [{ type: 'boolean' }, 'boolean'],
    [{ type: 'string', enum: ['a'] }, 'choice'],
    [{ enum: [1, 2] }, 'choice'],
    [{ type: 'string', oneOf: [{ const: 'a', title: 'A' }] }, 'choice'],
    [{ type: 'array', items: { type: 'string', enum: ['a'] } }, 'choices'],
    [{ type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] } }, 'choices'],
    [{ type: 'array', items: { type: 'string' } }, 'other'],
    [{ type: 'object' }, 'other'],
  ])('%j is %s', (schema, kind) => {
    expect(field(schema).kind).toBe(kind);
  });

  it('have the titles of their choices, however these are written', () => {
    expect(field({ enum: ['a', 'b'], enumNames: ['Ant'] }).choices).toEqual([
      { value: 'a', title: 'Ant' },
      { value: 'b' },
    ]);
    const items = { anyOf: [{ const: 1, title: 'One' }, { title: 'no value' }] };
    expect(field({ type: 'array', items }).choices).toEqual([{ value: 1, title: 'One' }]);
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
    [{ type: 'string', default: 'd' }, '', 'd'],
    [{ type: 'string' }, '', undefined],
  ])('for %j: %j', (schema, typed, value) => {
    expect(readField(typed, field(schema))).toEqual({ value });
  });

  it.each([
    [{ type: 'integer' }, '1.5', 'not a whole number'],
    [{ type: 'integer' }, 'many', 'not a whole number'],
    [{ type: 'number' }, 'many', 'not a number'],
    [{ type: 'number', maximum: 3 }, '4', 'at most 3'],
    [{ type: 'string', minLength: 2 }, 'é', 'at least 2 characters'],
    [{ type: 'boolean' }, 'perhaps', 'yes or no'],
    [{ enum: ['a', 'b'] }, 'c', 'not one of a, b: c'],
    [several, 'f1, f1', 'the same twice'],
    [{ ...several, maxItems: 1 }, 'f1, f2', 'at most 1 of them'],
    [{ type: 'object' }, '{', 'not JSON'],
    [{ type: 'string', format: 'date' }, '2026-02-30', 'not a date, such as 2026-01-31'],
  ])('for %j: %j is refused', (schema, typed, problem) => {
    expect(readField(typed, field(schema))).toEqual({ problem });
  });

  it('that is empty is no value for a required field', () => {
    expect(readField('', field({ type: 'string' }, true))).toEqual({ problem: 'a value is required' });
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

test('a list must not hold the same twice, nor anything else', () => {
  const choices = field({ type: 'array', items: { enum: ['a', 'b'] } });
  expect(fieldProblem(choices, { value: ['a', 'b'] })).toBeUndefined();
  expect(fieldProblem(choices, { value: 'a' })).toBe('not a list');
  expect(fieldProblem(choices, { value: ['z'] })).toBe('not one of a, b: z');
});
