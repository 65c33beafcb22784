/**
 * A form that a server puts (MCP 2025-11-25, client/elicitation, "Requested Schema"): a flat object of texts, numbers, yes or no, and choices. Its
 * fields are read as flags, and checked as the arguments of a tool are; here is what forms have beside that.
 */

import { carryNumber } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, own, setOwn, textAt } from '../../lib/json/json.ts';
import type { ArgumentProblem } from '../../tools/flags/explain.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import { listOf } from '../../tools/schema/reader.ts';

export interface FormField {
  flag: ToolFlag;
  /** The titles of its choices, by the text of their values; only of those that have one. */
  titles: ReadonlyMap<string, string>;
  /** The property's schema as the server sent it. */
  schema: JsonObject;
}

/** The fields of a requested schema, in its order. Never throws, whatever the schema is. */
export function formFields(requestedSchema: unknown): FormField[] {
  if (!isObject(requestedSchema)) return [];
  const { properties } = requestedSchema;
  return toolFlags(requestedSchema).flatMap((flag) => {
    // What MCP does not allow in a form, such as an object with properties of its own, is one field.
    if (flag.path.length > 1) return [];
    const property = isObject(properties) ? own(properties, flag.exact) : undefined;
    const schema = isObject(property) ? property : {};
    return [{ flag, titles: titlesOf(schema), schema }];
  });
}

/** From `enum` with `enumNames`, or titled `oneOf`/`anyOf` constants; of the property or of its items. */
function titlesOf(property: JsonObject): Map<string, string> {
  const source = property['type'] === 'array' && isObject(property['items']) ? property['items'] : property;
  const titles = new Map<string, string>();
  const note = (holder: object, key: string | number, title: unknown) => {
    const text = textAt(holder, key);
    if (typeof title === 'string' && title !== '' && title !== text) titles.set(text, title);
  };
  for (const option of listOf(source['oneOf'] ?? source['anyOf']))
    if (isObject(option) && option['const'] !== undefined) note(option, 'const', option['title']);
  const values = listOf(source['enum']);
  for (const [i, name] of listOf(source['enumNames']).entries()) if (i < values.length) note(values, i, name);
  return titles;
}

/** The values that a form proposes, by the names of their fields. */
export function formDefaults(fields: readonly FormField[]): JsonObject {
  const defaults: JsonObject = {};
  for (const { flag } of fields) {
    if (flag.default === undefined) continue;
    setOwn(defaults, flag.exact, flag.default);
    carryNumber(flag, 'default', defaults, flag.exact);
  }
  return defaults;
}

/** What JSON Schema does not say of a form's content: formats, which are hints there, and that nothing is chosen twice. */
export function formProblems(fields: readonly FormField[], content: JsonObject): ArgumentProblem[] {
  return fields.flatMap(({ flag: { exact, name, format, values } }) => {
    const value = own(content, exact);
    let problem: string | undefined;
    if (typeof value === 'string') problem = formatProblem(format, value);
    if (Array.isArray(value) && values && new Set(value.map((_, i) => textAt(value, i))).size < value.length)
      problem = 'the same twice';
    const flag = `--${name}`;
    const message = `${flag}: ${problem} (given ${JSON.stringify(value)})`;
    return problem === undefined ? [] : [{ path: exact, flag, message }];
  });
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
