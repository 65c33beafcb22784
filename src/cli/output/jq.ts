/** `--jq`: JSON output through jq's language, by jq itself. */
import { UsageError } from '../../errors.ts';

/** One JSON document as the text that is printed in its place: a value a line, text as it is. Error: UsageError. */
export type JsonFilter = (json: string) => string;

interface Jq {
  /** What jq prints for a document. Throws an error with jq's `stderr`. */
  raw(json: string, expression: string, flags: string[]): string | undefined;
}

let jq: Jq | undefined;

/** Loads jq (3 MB), for a command line that has the flag: so that printing needs nothing to wait for. */
export async function loadJq(): Promise<void> {
  const { jqEngine } = await import('./jq-engine.ts');
  jq = await jqEngine;
}

/** The filter of an expression. `indent`: objects and arrays on several lines. Error: UsageError for one that jq does not understand. */
export function jsonFilter(expression: string, indent: boolean): JsonFilter {
  // Read, and not run. A comment at its end stays one.
  run('null', `if false then (${expression}\n) else empty end`, []);
  return (json) => run(json, expression, indent ? ['-r'] : ['-r', '-c']);
}

function run(json: string, expression: string, flags: string[]): string {
  if (!jq) throw new Error('jq was not loaded');
  try {
    // What begins with a dash is no flag of jq.
    return jq.raw(json, expression, [...flags, '--']) ?? '';
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new UsageError(`--jq: ${said(stderr) || 'the expression ended with an error'}`, {
      code: 'jq',
      cause: error,
    });
  }
}

/** `jq: error (at inputString:0): Cannot index number with string "b"`: what is behind the place. */
function said(stderr: string): string {
  const [line = ''] = stderr.split('\n');
  return line
    .replace(/^jq: error( \(at [^)]*\))?: /, '')
    .replace(' (Unix shell quoting issues?)', '')
    .replace(/ at <top-level>, line \d+:?$/, '');
}
