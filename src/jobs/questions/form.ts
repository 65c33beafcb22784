/** A form that a server puts (MCP 2025-11-25, client/elicitation, "Requested Schema"): a flat object of texts, numbers, yes or no, and choices. */

import { compareDecimals, isWhole } from '../../lib/json/decimal.ts';
import { carryNumber } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, sameAt, setOwn, textAt } from '../../lib/json/json.ts';

export interface Choice {
  value: unknown;
  title?: string;
}

export interface FormField {
  name: string;
  title?: string;
  description?: string;
  /** `choices`: any number of them. `other`: what MCP does not allow in a form; any JSON. */
  kind: 'string' | 'number' | 'integer' | 'boolean' | 'choice' | 'choices' | 'other';
  /** Of `choice` and `choices`. */
  choices: readonly Choice[];
  required: boolean;
  /** Undefined for none. */
  default: unknown;
  /** The property's schema as the server sent it. */
  schema: { readonly [keyword: string]: unknown };
}

/** The fields of a requested schema, in its order. Never throws, whatever the schema is. */
export function formFields(requestedSchema: unknown): FormField[] {
  const schema = isObject(requestedSchema) ? requestedSchema : {};
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  return Object.entries(properties).map(([name, value]) => {
    const property = isObject(value) ? value : {};
    const choices = choicesOf(property);
    const { title, description } = property;
    const field: FormField = {
      name,
      ...(typeof title === 'string' && title !== '' ? { title } : {}),
      ...(typeof description === 'string' && description !== '' ? { description } : {}),
      kind: kindOf(property, choices.length > 0),
      choices,
      required: required.has(name),
      default: property['default'],
      schema: property,
    };
    carryNumber(property, 'default', field);
    return field;
  });
}

type Schema = FormField['schema'];

function kindOf({ type }: Schema, hasChoices: boolean): FormField['kind'] {
  if (hasChoices) return type === 'array' ? 'choices' : 'choice';
  if (type === 'number' || type === 'integer' || type === 'boolean') return type;
  return type === 'string' || type === undefined ? 'string' : 'other';
}

/** `enum` with `enumNames`, or titled `oneOf`/`anyOf` constants; of the property or of its items. */
function choicesOf(property: Schema): Choice[] {
  const source = property['type'] === 'array' && isObject(property['items']) ? property['items'] : property;
  const titled = source['oneOf'] ?? source['anyOf'];
  if (Array.isArray(titled))
    return titled.flatMap((option) =>
      isObject(option) && option['const'] !== undefined ? [choice(option, 'const', option['title'])] : [],
    );
  const names = Array.isArray(source['enumNames']) ? source['enumNames'] : [];
  const values = source['enum'];
  return Array.isArray(values) ? values.map((_, i) => choice(values, i, names[i])) : [];
}

function choice(holder: object, key: string | number, title: unknown): Choice {
  const value = (holder as JsonObject)[key];
  const titled = typeof title === 'string' && title !== '' && title !== value;
  const one: Choice = titled ? { value, title } : { value };
  carryNumber(holder, key, one, 'value');
  return one;
}

/** The values that a form proposes, by the names of their fields. */
export function formDefaults(fields: readonly FormField[]): Record<string, unknown> {
  const defaults: JsonObject = {};
  for (const field of fields) {
    if (field.default === undefined) continue;
    setOwn(defaults, field.name, field.default);
    carryNumber(field, 'default', defaults, field.name);
  }
  return defaults;
}

/** What is wrong with the value that stands at a key for a field, in a few words; undefined when it fits. */
export function fieldProblem(field: FormField, holder: object, key = 'value'): string | undefined {
  const { schema } = field;
  const value = (holder as JsonObject)[key];
  switch (field.kind) {
    case 'choice':
      return choiceProblem(field, holder, key);
    case 'choices': {
      if (!Array.isArray(value)) return 'not a list';
      const wrong = value
        .map((_, i) => choiceProblem(field, value, i))
        .find((problem) => problem !== undefined);
      if (wrong !== undefined) return wrong;
      if (new Set(value.map((_, i) => textAt(value, i))).size < value.length) return 'the same twice';
      return limits(value.length, schema['minItems'], schema['maxItems'], ' of them');
    }
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'yes or no';
    case 'number':
    case 'integer':
      if (typeof value !== 'number' || Number.isNaN(value))
        return field.kind === 'integer' ? 'not a whole number' : 'not a number';
      if (field.kind === 'integer' && !isWhole(textAt(holder, key))) return 'not a whole number';
      return numberLimits(textAt(holder, key), schema);
    case 'string':
      if (typeof value !== 'string') return 'not a text';
      return (
        limits([...value].length, schema['minLength'], schema['maxLength'], ' characters') ??
        formatProblem(schema['format'], value)
      );
    default:
      return undefined;
  }
}

function choiceProblem({ choices }: FormField, holder: object, key: string | number): string | undefined {
  if (choices.some((one) => sameAt(one, 'value', holder, key))) return undefined;
  return `not one of ${choices.map((one) => textAt(one, 'value')).join(', ')}: ${textAt(holder, key)}`;
}

function numberLimits(number: string, schema: Schema): string | undefined {
  for (const [keyword, what, wrong] of [
    ['minimum', 'at least', -1],
    ['maximum', 'at most', 1],
  ] as const) {
    const limit = schema[keyword];
    const text = textAt(schema, keyword);
    if (typeof limit === 'number' && Math.sign(compareDecimals(number, text)) === wrong)
      return `${what} ${text}`;
  }
  return undefined;
}

function limits(amount: number, least: unknown, most: unknown, what: string): string | undefined {
  if (typeof least === 'number' && amount < least) return `at least ${least}${what}`;
  if (typeof most === 'number' && amount > most) return `at most ${most}${what}`;
  return undefined;
}

/** What a text is not, of the formats that forms may have (`email`, `uri`, `date`, `date-time`); undefined when it fits, or for another format. */
export function formatProblem(format: unknown, text: string): string | undefined {
  switch (format) {
    case 'email':
      return /^[^\s@]+@[^\s@]+$/.test(text) ? undefined : 'not an e-mail address';
    case 'uri':
      return /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text) ? undefined : 'not a URI, such as https://example.com';
    case 'date':
      return isDate(text) ? undefined : 'not a date, such as 2026-01-31';
    case 'date-time': {
      const parts = /^(\d{4}-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
      const fits = parts && isDate(parts[1] ?? '') && !Number.isNaN(Date.parse(text.replace(' ', 'T')));
      return fits ? undefined : 'not a date and time, such as 2026-01-31T12:00:00Z';
    }
    default:
      return undefined;
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
