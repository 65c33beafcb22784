import type { Shape } from '../schema/shape.ts';

export type FlagKind = 'string' | 'number' | 'integer' | 'boolean' | 'enum' | 'array' | 'object' | 'json';

/** A flag of a tool: one property of its inputSchema, or of an object inside it. */
export interface ToolFlag {
  /** What to type, without dashes: the kebab form, dotted for nested ones; the exact name where several share the kebab form. */
  name: string;
  kebab: string;
  /** The property names as the server writes them, joined by dots. Always accepted as the flag's name, too. */
  exact: string;
  /** Where the value goes in the arguments: property names, and numbers for places in arrays. */
  path: readonly (string | number)[];
  kind: FlagKind;
  /** Every shape that a value may have; `kind` is the summary. */
  shapes: readonly Shape[];
  /** Of an array: the shapes and kind of an element. */
  items?: readonly Shape[];
  itemKind?: FlagKind;
  /** Of a tuple: the shapes of the elements by their places; all further ones are like the last. */
  places?: readonly (readonly Shape[])[];
  /** The allowed values, of any type; of an array: of its elements. */
  values?: readonly unknown[];
  nullable: boolean;
  /** Listed in `required` of its own object. */
  required: boolean;
  /** A call without it cannot be right: required, without default, and so are the objects around it. */
  mustBeGiven: boolean;
  default?: unknown;
  const?: unknown;
  title?: string;
  description?: string;
  format?: string;
  examples?: readonly unknown[];
  /** `format: password` or `writeOnly: true`. Its value is never shown or stored. */
  secret: boolean;
  /** An object whose properties have flags of their own. */
  hasNested: boolean;
  /**
   * What lies inside a value: found by the words behind the flag's name, without the dot between (`0.name`, `some-key`). Flags of a tool
   * that have no place in the list are reached by this: elements of arrays by index, keys that a schema does not name, trees at any depth.
   */
  inside?: Inside;
}

export interface Inside {
  find(rest: string): ToolFlag | undefined;
  /** What could be typed there, as far as the schema names it. */
  names(): string[];
  /** Whether it takes keys that the schema does not name. */
  takesKeys(): boolean;
}
