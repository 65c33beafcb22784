import { isObject } from '../../lib/json/json.ts';
import { listOf, readSchema } from '../schema/reader.ts';

export interface SchemaWork {
  /** How many subschemas one check may visit, each reference counted with all that is behind it, a loop once. */
  visits: number;
  /** How often the schema leads back into itself: with more than one way the work multiplies with each level of the value. */
  turns: number;
}

/**
 * The work behind one look at a value by a schema. What a reference means is told for sure only where nothing but a pointer from the root is
 * used: a dynamic one, an anchor somewhere, and all references where parts have addresses of their own count as a way back to the root.
 */
export function schemaWork(root: unknown): SchemaWork {
  const reader = readSchema(root);
  const sure = !hasOwnAddresses(root);
  const known = new Map<unknown, SchemaWork>();
  return work(root, 0);

  function work(schema: unknown, depth: number): SchemaWork {
    if (typeof schema !== 'object' || schema === null) return NOTHING;
    const before = known.get(schema);
    if (before !== undefined) return before;
    if (depth > DEEPEST) return { visits: Number.MAX_SAFE_INTEGER, turns: 0 };
    known.set(schema, AGAIN);
    const sum = { visits: 1, turns: 0 };
    const add = (child: unknown) => {
      const { visits, turns } = work(child, depth + 1);
      sum.visits = Math.min(sum.visits + visits, Number.MAX_SAFE_INTEGER);
      sum.turns = Math.min(sum.turns + turns, Number.MAX_SAFE_INTEGER);
    };
    if (isObject(schema)) {
      for (const [keyword, child] of Object.entries(schema)) {
        if (PASSED_OVER.has(keyword)) continue;
        if (!REFERENCES.has(keyword) || typeof child !== 'string') add(child);
        else add(sure && keyword === '$ref' ? (reader.resolve(child) ?? root) : root);
      }
    } else for (const child of listOf(schema)) add(child);
    known.set(schema, sum);
    return sum;
  }
}

/** Whether a part of a schema, but the whole, has an `$id`: references in it are read from there. */
function hasOwnAddresses(root: unknown): boolean {
  const rest: unknown[] = [root];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (next !== root && isObject(next) && typeof next['$id'] === 'string') return true;
    for (const child of Object.values(next)) rest.push(child);
  }
  return false;
}

const NOTHING: SchemaWork = { visits: 0, turns: 0 };
const AGAIN: SchemaWork = { visits: 1, turns: 1 };

/** Deeper ones are refused before they are compiled. */
const DEEPEST = 2_000;

const REFERENCES = new Set(['$ref', '$dynamicRef', '$recursiveRef']);
/** Definitions count where they are referred to; the rest are values. */
const PASSED_OVER = new Set(['$defs', 'definitions', 'enum', 'const', 'default', 'examples']);
