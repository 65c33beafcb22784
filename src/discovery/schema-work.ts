import { isObject } from '../json.ts';
import { listOf, readSchema } from './schema-reader.ts';

export interface SchemaWork {
  /** How many subschemas one check may visit, each reference counted with all that is behind it, a loop once. */
  visits: number;
  /** How often the schema leads back into itself: with more than one way the work multiplies with each level of the value. */
  turns: number;
}

/** The work behind one look at a value by a schema. */
export function schemaWork(root: unknown): SchemaWork {
  const reader = readSchema(root);
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
        add(REFERENCES.has(keyword) && typeof child === 'string' ? reader.resolve(child) : child);
      }
    } else for (const child of listOf(schema)) add(child);
    known.set(schema, sum);
    return sum;
  }
}

const NOTHING: SchemaWork = { visits: 0, turns: 0 };
const AGAIN: SchemaWork = { visits: 1, turns: 1 };

/** Deeper ones are refused before they are compiled. */
const DEEPEST = 2_000;

const REFERENCES = new Set(['$ref', '$dynamicRef', '$recursiveRef']);
/** Definitions count where they are referred to; the rest are values. */
const PASSED_OVER = new Set(['$defs', 'definitions', 'enum', 'const', 'default', 'examples']);
