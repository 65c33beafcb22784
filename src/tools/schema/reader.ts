import { isObject, type JsonObject, own } from '../../lib/json/json.ts';
import { percentDecoded } from '../../lib/text/percent-decoded.ts';

/** More parts of a schema than any person wrote; past it, a hostile schema is read incompletely rather than for ever. */
const BUDGET = 200_000;

/** A subschema that applies to the same value. `certain`: always (allOf, $ref), else perhaps (anyOf, oneOf, if/then/else). */
export interface Part {
  schema: JsonObject;
  certain: boolean;
}

export interface Property {
  name: string;
  /** A schema made of all that is said about the property. */
  schema: unknown;
  required: boolean;
}

/** Looks into a schema; local references (`#/$defs/x`, `#anchor`) are followed, remote ones are never fetched. */
export interface SchemaReader {
  resolve(reference: string): unknown;
  /** The schema itself and all that applies to the same value, each once, however they refer to each other. */
  parts(schema: unknown): Part[];
  properties(schema: unknown): Property[];
}

/** `budget`: how many subschemas are looked at in all; past it answers are incomplete. */
export function readSchema(root: unknown, budget = BUDGET): SchemaReader {
  let left = budget;
  let anchors: Map<string, unknown> | undefined;

  function resolve(reference: string): unknown {
    if (reference === '#') return root;
    if (!reference.startsWith('#/')) {
      anchors ??= findAnchors(root);
      return anchors.get(reference);
    }
    let at: unknown = root;
    for (const raw of reference.slice(2).split('/')) {
      const key = pointerKey(raw);
      if (Array.isArray(at)) at = at[Number(key)];
      else if (isObject(at)) at = own(at, key);
      else return undefined;
    }
    return at;
  }

  function parts(schema: unknown): Part[] {
    const found: Part[] = [];
    const seen = new Set<unknown>();
    const perhaps: unknown[] = [];

    function collect(queue: unknown[], certain: boolean): void {
      // The queue grows while it is walked.
      for (const part of queue) {
        if (!isObject(part) || seen.has(part) || left-- <= 0) continue;
        seen.add(part);
        found.push({ schema: part, certain });
        const reference = part['$ref'] ?? part['$dynamicRef'];
        if (typeof reference === 'string') queue.push(resolve(reference));
        // One by one: a spread of a hundred thousand branches overflows the stack.
        for (const branch of listOf(part['allOf'])) queue.push(branch);
        const open = certain ? perhaps : queue;
        for (const keyword of ['anyOf', 'oneOf'])
          for (const branch of listOf(part[keyword])) open.push(branch);
        open.push(part['then'], part['else']);
        // `dependencies` is draft-07's; lists of names in it are no schemas and are passed over.
        for (const dependents of [part['dependentSchemas'], part['dependencies']])
          if (isObject(dependents)) for (const dependent of Object.values(dependents)) open.push(dependent);
      }
    }

    // What certainly applies comes first, so that a part that is reachable both ways counts as certain.
    collect([schema], true);
    collect(perhaps, false);
    return found;
  }

  function properties(schema: unknown): Property[] {
    const said = new Map<string, { certain: unknown[]; perhaps: unknown[] }>();
    const all = parts(schema);
    for (const part of all) {
      const listed = part.schema['properties'];
      if (!isObject(listed)) continue;
      for (const [name, about] of Object.entries(listed)) {
        if (left-- <= 0) break;
        let entry = said.get(name);
        if (!entry) {
          entry = { certain: [], perhaps: [] };
          said.set(name, entry);
        }
        (part.certain ? entry.certain : entry.perhaps).push(about);
      }
    }
    const required = requiredNames(all);
    return [...said].map(([name, { certain, perhaps }]) => ({
      name,
      schema: combine(certain, perhaps),
      required: required.has(name),
    }));
  }

  return { resolve, parts, properties };
}

/** One schema of all that certainly and perhaps applies. */
export function combine(certain: unknown[], perhaps: unknown[]): unknown {
  if (perhaps.length === 0) return certain.length === 1 ? certain[0] : { allOf: certain };
  if (certain.length > 0) return { allOf: [...certain, { anyOf: perhaps }] };
  return perhaps.length === 1 ? perhaps[0] : { anyOf: perhaps };
}

/** Names that every alternative requires. Alternatives inside alternatives are left to the check of the arguments. */
function requiredNames(parts: readonly Part[]): Set<string> {
  const names = new Set<string>();
  const certain = parts.filter((part) => part.certain).map((part) => part.schema);
  for (const schema of certain) for (const name of requiredOf(schema)) names.add(name);
  for (const schema of certain) {
    for (const branches of [listOf(schema['anyOf']), listOf(schema['oneOf'])]) {
      const [first, ...others] = branches.map((branch) => (isObject(branch) ? requiredOf(branch) : []));
      for (const name of first ?? []) if (others.every((list) => list.includes(name))) names.add(name);
    }
  }
  return names;
}

function requiredOf(schema: JsonObject): string[] {
  return listOf(schema['required']).filter((name) => typeof name === 'string');
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The key that a segment of a reference (`a~1b`, `%C3%A4`) stands for (RFC 6901, 4 and 6). */
export function pointerKey(segment: string): string {
  return percentDecoded(segment).replaceAll('~1', '/').replaceAll('~0', '~');
}

/** `$anchor`, and `$id` of definitions: looked for where schemas keep them, in `$defs` and `definitions`. */
function findAnchors(root: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>();
  if (!isObject(root)) return found;
  for (const place of [root['$defs'], root['definitions']]) {
    if (!isObject(place)) continue;
    for (const schema of Object.values(place)) {
      if (!isObject(schema)) continue;
      for (const anchor of [schema['$anchor'], schema['$dynamicAnchor']])
        if (typeof anchor === 'string') found.set(`#${anchor}`, schema);
      if (typeof schema['$id'] === 'string') found.set(schema['$id'], schema);
    }
  }
  return found;
}
