import { plainCheck } from './plain-schema.ts';
import type { Engine } from './schema-engine.ts';

/**
 * The check for a JSON Schema. Light to import: the heavy engine is loaded only by a schema that needs it. Throws what makes the schema
 * unusable.
 */
export async function checkOf(schema: unknown): Promise<Engine> {
  const plain = plainCheck(schema);
  if (plain) return { check: plain, schema };
  return (await import('./schema-engine.ts')).compileSchema(schema);
}
