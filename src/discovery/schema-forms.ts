export type FormType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object' | 'any';

/** One of the shapes that a value may have. `values` closes the list of what is allowed (enum, const). */
export interface Form {
  type: FormType;
  values?: readonly unknown[];
  /** Schemas that an array's elements have to satisfy, all of them. */
  items?: readonly unknown[];
}
