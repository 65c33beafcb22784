/** The request did not get a whole HTTP response. */
export class FetchError extends Error {
  readonly code: string | undefined;
  /** True once a connection stood: the server may have read the request. */
  readonly maybeSent: boolean;

  constructor(message: string, options: { code?: string | undefined; maybeSent: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FetchError';
    this.code = options.code;
    this.maybeSent = options.maybeSent;
  }
}
