import type { JsonSchema } from './catalogue.ts';
import type { Form } from './schema-forms.ts';

export type FlagKind = 'string' | 'number' | 'integer' | 'boolean' | 'enum' | 'array' | 'object' | 'json';

/** A flag of a tool: one property of its inputSchema, or of an object inside it. */
export interface ToolFlag {
  /** What to type, without dashes: the kebab form, dotted for nested ones; the exact name where several share the kebab form. */
  name: string;
  kebab: string;
  /** The property names as the server writes them, joined by dots. Always accepted as the flag's name, too. */
  exact: string;
  /** Where the value goes in the arguments. */
  path: readonly string[];
  kind: FlagKind;
  /** Every shape that a value may have; `kind` is the summary. */
  forms: readonly Form[];
  /** Of an array: the shapes and kind of an element. */
  items?: readonly Form[];
  itemKind?: FlagKind;
  /** The allowed values, of any type; of an array: of its elements. */
  values?: readonly unknown[];
  nullable: boolean;
  /** Listed in `required` of its own object. */
  required: boolean;
  /** A call without it cannot be right: required, without default, and so are the objects around it. */
  mustType: boolean;
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
}

/** The flags of a tool, the tool's own properties first, in the schema's order. Never throws. */
export function toolFlags(_inputSchema: JsonSchema | undefined): ToolFlag[] {
  throw new Error('being written');
}
