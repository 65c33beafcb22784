/** Names something that jobs are given: `const Clock = new Token<Clock>('Clock')`. */
export class Token<T = unknown> {
  readonly name: string;
  /** Only for the compiler: what is behind the token. */
  declare protected readonly type: T;

  constructor(name: string) {
    this.name = name;
  }
}

/** What can stand for something that jobs are given: a token, a class, a symbol or a string. */
export type TokenLike<T = unknown> = Token<T> | (abstract new (...args: never[]) => T) | symbol | string;

/** Where a token's value comes from. A class by itself stands for its only instance. A factory may be asynchronous: it is awaited before the job runs. */
export type Provider =
  | { readonly provide: TokenLike; readonly useValue: unknown }
  | { readonly provide: TokenLike; readonly useClass: new () => unknown }
  | {
      readonly provide: TokenLike;
      readonly useFactory: (...values: never[]) => unknown;
      /** The tokens whose values the factory takes. */
      readonly inject?: readonly TokenLike[] | undefined;
    }
  | (new () => unknown);
