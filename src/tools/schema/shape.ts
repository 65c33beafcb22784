export type ShapeType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object' | 'any';

/** One of the shapes that a value may have. `values` closes the list of what is allowed (enum, const). */
export interface Shape {
  type: ShapeType;
  values?: readonly unknown[];
  /** Schemas that an array's elements have to satisfy, all of them; of a tuple, one of what any of its elements may be. */
  items?: readonly unknown[];
  /** Of a tuple: the same for the element at each of its first places, and for those behind them. */
  places?: readonly (readonly unknown[])[];
  rest?: readonly unknown[];
  /** What text has to be like, where that tells it from other shapes. */
  text?: readonly TextRule[];
  /** Only guessed from keywords that mean something for this type alone; says nothing about values of other types. */
  guessed?: boolean;
}

/** One schema's rules for text. Lengths in characters (code points). */
export interface TextRule {
  min?: number;
  max?: number;
  pattern?: string;
}
