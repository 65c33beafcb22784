/** jq's language, by jq itself (3 MB, loaded once and only when it is asked for). */

interface Jq {
  /** What jq prints for a document. Throws an error with jq's `stderr`. */
  raw(json: string, expression: string, flags: string[]): string | undefined;
}

let jq: Jq | undefined;

/** An expression that jq does not understand, or that has ended with an error; the message is jq's own. */
export class JqError extends Error {}

/** Loads jq, so that what uses it needs nothing to wait for. */
export async function loadJq(): Promise<void> {
  const { jqEngine } = await import('./engine.ts');
  jq = await jqEngine;
}

/** What jq prints for a JSON document: a value a line. Error: JqError. */
export function runJq(json: string, expression: string, flags: readonly string[]): string {
  if (!jq) throw new Error('jq was not loaded');
  try {
    // What begins with a dash is no flag of jq.
    return jq.raw(json, expression, [...flags, '--']) ?? '';
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new JqError(said(stderr) || 'the expression ended with an error', { cause: error });
  }
}

/** Reads an expression without running it. Error: JqError. */
export function checkJq(expression: string): void {
  // A comment at its end stays one.
  runJq('null', `if false then (${expression}\n) else empty end`, []);
}

/** `jq: error (at inputString:0): Cannot index number with string "b"`: what is behind the place. */
function said(stderr: string): string {
  const [line = ''] = stderr.split('\n');
  return line
    .replace(/^jq: error( \(at [^)]*\))?: /, '')
    .replace(' (Unix shell quoting issues?)', '')
    .replace(/ at <top-level>, line \d+:?$/, '');
}
