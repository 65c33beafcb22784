import { isObject, type JsonObject, setOwn } from '../../lib/json/json.ts';
import { pointerKey } from './reader.ts';

const PROPERTIES = '#/properties/';
const DEEPEST = 400;

/**
 * `open` is `whole` with some of its properties (`changed`) narrowed or taken out. Where anything still refers to what they were, or to the
 * schema as a whole, the schema as it was goes among the definitions, and the references there. Nothing passed in is changed.
 */
export function withWholeSchema(open: JsonObject, whole: JsonObject, changed: readonly string[]): JsonObject {
  const { $defs, definitions, $schema: _schema, $id: _id, $anchor: _anchor, ...bare } = whole;
  const place = isObject(definitions) && !isObject($defs) ? 'definitions' : '$defs';
  const there = place === '$defs' ? $defs : definitions;
  const known = isObject(there) ? there : {};
  let name = 'whole';
  while (Object.hasOwn(known, name)) name += '_';

  let used = false;
  const redirect = (reference: string): string => {
    const inside = reference.startsWith(PROPERTIES) ? reference.slice(PROPERTIES.length) : undefined;
    const isChanged = inside !== undefined && changed.includes(pointerKey(inside.split('/', 1)[0] ?? ''));
    if (reference !== '#' && !isChanged) return reference;
    used = true;
    return `#/${place}/${name}${reference.slice(1)}`;
  };
  const redirected = mapRefs(open, redirect, 0);
  if (!used || !isObject(redirected)) return open;
  return { ...redirected, [place]: { ...asObject(redirected[place]), [name]: mapRefs(bare, redirect, 0) } };
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function mapRefs(value: unknown, map: (reference: string) => string, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((item) => mapRefs(item, map, depth + 1));
  const copy: JsonObject = {};
  for (const [key, inner] of Object.entries(value))
    setOwn(
      copy,
      key,
      key === '$ref' && typeof inner === 'string' ? map(inner) : mapRefs(inner, map, depth + 1),
    );
  return copy;
}
