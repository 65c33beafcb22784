import { UsageError } from '../errors.ts';
import { carryNumber, merged } from '../lib/json/exact-json.ts';
import { isObject, type JsonObject, own, sameAt, setOwn } from '../lib/json/json.ts';
import { defaultFinder } from '../tools/checks/check-plain.ts';
import { quoteAt } from '../tools/flags/read-value.ts';
import { listOf, readSchema } from '../tools/schema/reader.ts';
import { withWholeSchema } from '../tools/schema/redirect-refs.ts';
import type { ToolDefinition } from '../tools/tool.ts';

/**
 * A copy of the tool that asks for what `fixed` leaves open: its inputSchema lacks the fixed properties. Objects are fixed leaf by leaf, as far
 * as the schema spells them out in place (`properties`); one that is described elsewhere is fixed as a whole. What stands in `allOf`, `anyOf`
 * and the like is left alone, so that arguments are best checked against the tool itself, merged (`withFixed`). Nothing passed in is changed.
 */
export function narrowedTool(tool: ToolDefinition, fixed: Record<string, unknown>): ToolDefinition {
  const { inputSchema } = tool;
  if (!isObject(inputSchema) || Object.keys(fixed).length === 0) return { ...tool };
  const open = narrowed(inPlace(inputSchema), fixed, defaultFinder(inputSchema));
  return { ...tool, inputSchema: withWholeSchema(open, inputSchema, Object.keys(fixed)) };
}

/** A schema that is nothing but a reference, as some generators write it, with what it refers to in its place. */
function inPlace(root: JsonObject): JsonObject {
  const reader = readSchema(root);
  let schema = root;
  for (let hops = 0; hops < 8; hops++) {
    const { $ref: reference, ...rest } = schema;
    const target = typeof reference === 'string' ? reader.resolve(reference) : undefined;
    if (isObject(schema['properties']) || !isObject(target)) break;
    schema = merged(target, rest);
  }
  return schema;
}

type HasDefault = (property: unknown) => boolean;

function narrowed(schema: JsonObject, fixed: JsonObject, hasDefault: HasDefault): JsonObject {
  const properties = isObject(schema['properties']) ? { ...schema['properties'] } : {};
  const required = new Set(listOf(schema['required']));
  for (const [name, value] of Object.entries(fixed)) {
    const property = own(properties, name);
    const inner = isObject(value) && isSpelledOut(property) && narrowedObject(property, value, hasDefault);
    if (inner && takesMore(inner)) setOwn(properties, name, inner);
    else Reflect.deleteProperty(properties, name);
    // The object is there already: it must be given only where something in it must.
    if (inner && mustBeGiven(inner, hasDefault)) required.add(name);
    else required.delete(name);
  }
  const copy: JsonObject = { ...schema };
  if (isObject(schema['properties'])) copy['properties'] = properties;
  if (required.size > 0) copy['required'] = [...required];
  else if (Array.isArray(copy['required'])) delete copy['required'];
  return copy;
}

function isSpelledOut(property: unknown): property is JsonObject {
  return (
    isObject(property) &&
    isObject(property['properties']) &&
    !['$ref', '$dynamicRef', 'const', 'enum'].some((keyword) => Object.hasOwn(property, keyword))
  );
}

/** What is left of an object inside: it will be there, so that it has no default and cannot be null any more. */
function narrowedObject(property: JsonObject, fixed: JsonObject, hasDefault: HasDefault): JsonObject {
  const { default: _default, examples: _examples, nullable: _nullable, ...rest } = property;
  return { ...narrowed(rest, fixed, hasDefault), type: 'object' };
}

function takesMore(schema: JsonObject): boolean {
  const named = isObject(schema['properties']) && Object.keys(schema['properties']).length > 0;
  return named || isObject(schema['patternProperties']) || isObject(schema['additionalProperties']);
}

function mustBeGiven(schema: JsonObject, hasDefault: HasDefault): boolean {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return listOf(schema['required']).some((name) => !hasDefault(own(properties, String(name))));
}

/**
 * The arguments to send: what was typed, and what is fixed. Objects are merged, everything else is a value of its own. The same value typed
 * again is fine. Error: UsageError that names each property that was given another value.
 */
export function withFixed(
  typed: Record<string, unknown>,
  fixed: Record<string, unknown>,
): Record<string, unknown> {
  const contradictions: string[] = [];
  const args = merge(typed, fixed, [], contradictions);
  if (contradictions.length > 0)
    throw new UsageError(contradictions.join('\n'), { details: { problems: contradictions } });
  return args;
}

function merge(typed: JsonObject, fixed: JsonObject, path: string[], contradictions: string[]): JsonObject {
  const args: JsonObject = { ...typed };
  for (const [name, value] of Object.entries(fixed)) {
    const other = own(typed, name);
    if (!Object.hasOwn(typed, name)) {
      setOwn(args, name, value);
      carryNumber(fixed, name, args);
    } else if (isObject(value) && isObject(other))
      setOwn(args, name, merge(other, value, [...path, name], contradictions));
    else if (!sameAt(fixed, name, typed, name))
      contradictions.push(`${[...path, name].join('.')} is fixed to ${quoteAt(fixed, name)}`);
  }
  return args;
}
