/**
 * Stands in for `@modelcontextprotocol/client/_shims` in the bundle (see build.js): the client's own JSON Schema engine is
 * never used here, because requests go out raw and src/discovery checks schemas.
 */
export const CORS_IS_POSSIBLE = false;

export class DefaultJsonSchemaValidator {
  getValidator() {
    return (data: unknown) => ({ valid: true as const, data, errorMessage: undefined });
  }
}
