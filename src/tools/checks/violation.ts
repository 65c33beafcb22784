import type { JsonObject } from '../../lib/json/json.ts';

/** One broken rule, as ajv and the plain check both report it (names and parameters are ajv's). */
export interface Violation {
  keyword: string;
  /** Property names and array indexes from the arguments down to the value. */
  path: readonly string[];
  params: { readonly [name: string]: unknown };
  /** The schema object that the keyword stands in. */
  schema: JsonObject;
}

/** Further ones are not looked for: nobody reads as many. */
export const MOST_VIOLATIONS = 1_000;

/** Checks a value; an empty list means that it is valid. */
export type Check = (value: unknown) => Violation[];
