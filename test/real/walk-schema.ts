/**
 * Every property of a schema, and a value that it takes: read from the schema by itself, so that the program is not its own judge. Elements of
 * arrays are looked at in their first place, open objects by one key, schemas that refer to themselves once more.
 */
type Json = Record<string, unknown>;

export interface Place {
  path: (string | number)[];
  schema: unknown;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export class Walker {
  readonly #root: Json;

  constructor(root: Json) {
    this.#root = root;
  }

  /** All places that a schema describes below its root, outer ones first. */
  places(): Place[] {
    const found = new Map<string, Place>();
    this.#visit(this.#root, [], [], found);
    return [...found.values()];
  }

  #visit(
    schema: unknown,
    path: (string | number)[],
    refs: readonly string[],
    found: Map<string, Place>,
  ): void {
    if (!isObject(schema)) return;
    const go = (inner: unknown, step: string | number) => {
      const place = [...path, step];
      const key = JSON.stringify(place);
      if (!found.has(key)) found.set(key, { path: place, schema: inner });
      this.#visit(inner, place, refs, found);
    };
    for (const [name, inner] of Object.entries(isObject(schema['properties']) ? schema['properties'] : {}))
      go(inner, name);
    const [first] = [...list(schema['prefixItems']), ...list(schema['items'])];
    if (path.length > 0 && isObject(first ?? schema['items'])) go(first ?? schema['items'], 0);
    if (path.length > 0 && isObject(schema['additionalProperties']))
      go(schema['additionalProperties'], 'anyKey');
    for (const keyword of ['anyOf', 'oneOf', 'allOf'])
      for (const branch of list(schema[keyword])) this.#visit(branch, path, refs, found);
    const { $ref } = schema;
    if (typeof $ref === 'string' && refs.filter((ref) => ref === $ref).length < 2)
      this.#visit(this.resolve($ref), path, [...refs, $ref], found);
  }

  resolve(reference: string): unknown {
    let at: unknown = this.#root;
    for (const step of reference.split('/').slice(1))
      at = isObject(at) || Array.isArray(at) ? (at as Json)[decodeURIComponent(step)] : undefined;
    return at;
  }

  /** A value that the schema most likely takes; text wherever text is taken. `full`: with all properties, not only the required ones. */
  sample(schema: unknown, full: boolean, depth = 0): unknown {
    if (!isObject(schema) || depth > 8) return 'text';
    if (Object.hasOwn(schema, 'const')) return schema['const'];
    if (Array.isArray(schema['enum'])) return schema['enum'][0];
    if (typeof schema['$ref'] === 'string')
      return this.sample(this.resolve(schema['$ref']), full && depth < 4, depth + 1);
    const branches = [...list(schema['anyOf']), ...list(schema['oneOf'])];
    if (branches.length > 0 && !isObject(schema['properties'])) {
      const text = branches.find((branch) => isObject(branch) && branch['type'] === 'string');
      return this.sample(text ?? branches[0], full, depth + 1);
    }
    const types = [schema['type']].flat();
    if (types.includes('object') || isObject(schema['properties'])) return this.#object(schema, full, depth);
    if (types.includes('string')) return text(schema);
    if (types.includes('array')) {
      const tuple = [...list(schema['prefixItems']), ...list(schema['items'])];
      if (tuple.length > 0) return tuple.map((one) => this.sample(one, full, depth + 1));
      return Array.from({ length: Math.max(1, Number(schema['minItems'] ?? 1)) }, () =>
        this.sample(schema['items'], full, depth + 1),
      );
    }
    if (types.includes('integer') || types.includes('number')) return number(schema);
    if (types.includes('boolean')) return true;
    return types.includes('null') ? null : 'text';
  }

  #object(schema: Json, full: boolean, depth: number): Json {
    const properties = isObject(schema['properties']) ? schema['properties'] : {};
    const required = list(schema['required']);
    const names = Object.keys(properties).filter((name) => required.includes(name) || full);
    const object = Object.fromEntries(
      names.map((name) => [name, this.sample(properties[name], full, depth + 1)]),
    );
    return names.length === 0 && isObject(schema['additionalProperties'])
      ? { anyKey: this.sample(schema['additionalProperties'], full, depth + 1) }
      : object;
  }
}

function text(schema: Json): string {
  const { minLength, maxLength, format, pattern } = schema;
  if (typeof pattern === 'string' && /a-f|A-F|0-9/.test(pattern)) return '0'.repeat(Number(minLength ?? 24));
  const known = {
    uri: 'https://example.com',
    'date-time': '2026-01-31T12:00:00Z',
    date: '2026-01-31',
    email: 'a@example.com',
  };
  const value = known[format as keyof typeof known] ?? '007';
  return value.padEnd(Number(minLength ?? 0), 'x').slice(0, Number(maxLength ?? 1_000));
}

function number({ minimum, exclusiveMinimum, maximum }: Json): number {
  const least =
    typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : 1;
  return typeof maximum === 'number' ? Math.min(least, maximum) : least;
}
