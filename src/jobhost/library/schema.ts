/** A schema of zod 4, whichever copy of zod made it. */
export interface Schema<Output = unknown, Input = unknown> {
  readonly _zod: { readonly output: Output; readonly input: Input };
}

/** What a zod object is made from: a schema for each field. */
export type Shape = Readonly<Record<string, Schema>>;

/** A shape, or a schema of an object. */
export type ObjectSchema = Schema | Shape;

type Simplify<T> = { [K in keyof T]: T[K] } & {};

type OptionalKeys<S extends Shape, Side extends 'optin' | 'optout'> = {
  [K in keyof S]: S[K]['_zod'] extends Record<Side, 'optional' | 'defaulted'> ? K : never;
}[keyof S];

/** The value that a schema gives: defaults filled in, transformed. */
export type OutputOf<S extends ObjectSchema> =
  S extends Schema<infer Output>
    ? Output
    : S extends Shape
      ? Simplify<
          { -readonly [K in Exclude<keyof S, OptionalKeys<S, 'optout'>>]: S[K]['_zod']['output'] } & {
            -readonly [K in OptionalKeys<S, 'optout'>]?: S[K]['_zod']['output'];
          }
        >
      : never;

/** The value that a schema takes: what has a default may be left out. */
export type InputOf<S extends ObjectSchema> =
  S extends Schema<unknown, infer Input>
    ? Input
    : S extends Shape
      ? Simplify<
          { -readonly [K in Exclude<keyof S, OptionalKeys<S, 'optin'>>]: S[K]['_zod']['input'] } & {
            -readonly [K in OptionalKeys<S, 'optin'>]?: S[K]['_zod']['input'];
          }
        >
      : never;
