import { isObject, type JsonObject, own, setOwn } from '../../lib/json/json.ts';
import { listOf } from '../schema/reader.ts';
import { defaultFinder } from './check-plain.ts';

/** A copy of a schema for ajv in its 2020-12 form, never stricter than the original. Throws when it is nested too deeply. */
export function prepareSchema(root: unknown, patternWorks: (pattern: string) => boolean): unknown {
  const run: Run = {
    patternWorks,
    hasDefault: defaultFinder(root),
    oldRefs: isObject(root) && /draft-0[3-7]/.test(String(root['$schema'])),
    refsLoosened: false,
    loosened: false,
  };
  const first = prepare(root, run, 0).schema;
  if (!run.loosened) return first;
  // Something was left out somewhere: what refers to it by `$ref` has to count as loosened in a second round.
  return prepare(root, { ...run, refsLoosened: true }, 0).schema;
}

interface Run {
  patternWorks: (pattern: string) => boolean;
  hasDefault: (property: unknown) => boolean;
  oldRefs: boolean;
  refsLoosened: boolean;
  loosened: boolean;
}

/** `loose`: it accepts more than the original, so whatever negates it has to go. */
interface Prepared {
  schema: unknown;
  loose: boolean;
}

const DEEPEST = 400;
const SINGLE = [
  ...['not', 'if', 'then', 'else', 'items', 'contains', 'additionalProperties', 'additionalItems'],
  ...['propertyNames', 'unevaluatedItems', 'unevaluatedProperties'],
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'];
/** What would make ajv something else than a plain checker, or what is only about the schema itself. */
const DROPPED = ['$schema', '$async', '$vocabulary', 'nullable'];

function prepare(schema: unknown, run: Run, depth: number): Prepared {
  if (!isObject(schema)) return { schema, loose: false };
  if (depth > DEEPEST) throw new Error('the schema is nested too deeply');
  if (run.oldRefs && typeof schema['$ref'] === 'string' && depth > 0)
    return { schema: { $ref: schema['$ref'] }, loose: run.refsLoosened };
  const copy: JsonObject = { ...schema };
  const loose = new Set<string>();
  const inner = (sub: unknown, keyword: string): unknown => {
    const prepared = prepare(sub, run, depth + 1);
    if (prepared.loose) loose.add(keyword);
    return prepared.schema;
  };
  for (const keyword of SINGLE) if (isObject(copy[keyword])) copy[keyword] = inner(copy[keyword], keyword);
  for (const keyword of [...LISTS, 'items']) {
    const list = copy[keyword];
    if (Array.isArray(list)) copy[keyword] = list.map((sub) => inner(sub, keyword));
  }
  for (const keyword of MAPS) {
    const map = copy[keyword];
    if (!isObject(map)) continue;
    const prepared: JsonObject = {};
    for (const [name, sub] of Object.entries(map)) setOwn(prepared, name, inner(sub, keyword));
    copy[keyword] = prepared;
  }
  // Definitions apply where they are referred to.
  loose.delete('$defs');
  loose.delete('definitions');
  if (run.refsLoosened && (copy['$ref'] !== undefined || copy['$dynamicRef'] !== undefined))
    loose.add('$ref');

  modernise(copy);
  if (leaveToServer(copy, schema, run)) loose.add('');
  keepNegationsSound(copy, loose);
  if (loose.size > 0) run.loosened = true;
  return { schema: copy, loose: loose.size > 0 };
}

/** Older drafts and OpenAPI, said in the words of 2020-12. */
function modernise(copy: JsonObject): void {
  for (const keyword of DROPPED) delete copy[keyword];
  if (typeof copy['id'] === 'string') delete copy['id']; // draft-04; ajv refuses it
  if (Array.isArray(copy['items'])) {
    copy['prefixItems'] = copy['items'];
    delete copy['items'];
    if (copy['additionalItems'] !== undefined) copy['items'] = copy['additionalItems'];
  }
  delete copy['additionalItems'];
  for (const [flag, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof copy[flag] !== 'boolean') continue; // draft-04
    const exclusive = copy[flag];
    delete copy[flag];
    if (!exclusive || copy[limit] === undefined) continue;
    copy[flag] = copy[limit];
    delete copy[limit];
  }
}

/** Takes out what only the server can judge. True when it took something out. */
function leaveToServer(copy: JsonObject, original: JsonObject, run: Run): boolean {
  let loosened = false;
  if (original['nullable'] === true && copy['type'] !== undefined) {
    // OpenAPI's way to allow null.
    copy['type'] = [...new Set([...(Array.isArray(copy['type']) ? copy['type'] : [copy['type']]), 'null'])];
    if (Array.isArray(copy['enum'])) copy['enum'] = [...new Set([...copy['enum'], null])];
    loosened = true;
  }
  if (copy['required'] !== undefined) {
    const properties = isObject(original['properties']) ? original['properties'] : {};
    const names = new Set(listOf(copy['required']));
    const kept = [...names].filter(
      (name) => !(typeof name === 'string' && run.hasDefault(own(properties, name))),
    );
    if (kept.length < names.size) loosened = true;
    // `required: true` is draft-03's, about the property itself.
    if (kept.length > 0) copy['required'] = kept;
    else delete copy['required'];
  }
  if (typeof copy['pattern'] === 'string' && !run.patternWorks(copy['pattern'])) {
    delete copy['pattern'];
    loosened = true;
  }
  return patternProperties(copy, run) || loosened;
}

function patternProperties(copy: JsonObject, run: Run): boolean {
  const patterns: JsonObject = isObject(copy['patternProperties']) ? copy['patternProperties'] : {};
  let loosened = false;
  for (const pattern of Object.keys(patterns)) {
    if (run.patternWorks(pattern)) continue;
    delete patterns[pattern];
    // Which properties are "additional" can no longer be told.
    delete copy['additionalProperties'];
    delete copy['unevaluatedProperties'];
    loosened = true;
  }
  const properties = copy['properties'];
  if (isObject(properties) && Object.hasOwn(properties, '__proto__')) {
    // ajv leaves out a property of this name; as a pattern it is like any other.
    setOwn(patterns, PROTO_PATTERN, own(properties, '__proto__'));
    Reflect.deleteProperty(properties, '__proto__');
    copy['patternProperties'] = patterns;
  }
  return loosened;
}

/** The one pattern that preparing may add. */
export const PROTO_PATTERN = '^__proto__$';

/** Where a subschema that accepts too much would make the whole accept too little, the keyword around it goes. */
function keepNegationsSound(copy: JsonObject, loose: ReadonlySet<string>): void {
  if (loose.has('not')) delete copy['not'];
  if (loose.has('if')) for (const keyword of ['if', 'then', 'else']) delete copy[keyword];
  if (loose.has('contains')) delete copy['maxContains'];
  if (!loose.has('oneOf')) return;
  copy['allOf'] = [...listOf(copy['allOf']), { anyOf: copy['oneOf'] }];
  delete copy['oneOf'];
}
