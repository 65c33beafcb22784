declare module 'jq-web' {
  /** Resolves when the engine is ready. */
  const jq: Promise<{
    json(value: unknown, filter: string): unknown;
    raw(json: string, filter: string, flags?: string[]): string | undefined;
  }>;
  export default jq;
}
