import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syntaxErrorOf } from './import-file.ts';
import type { LoadProblem } from './loaded.ts';

/** What is wrong with a file that could not be imported: in words, and where. */
export function importProblem(error: unknown, file: string): LoadProblem {
  return parseProblem(error, file) ?? missingProblem(error, file) ?? thrownProblem(error, file);
}

/** A parser's error: "ParseError: Unexpected token\n /jobs/greet.job.ts:3:10". */
function parseProblem(error: unknown, file: string): LoadProblem | undefined {
  const found = /^ParseError: ([\s\S]*?)\s+(\S[^\n]*):(\d+):(\d+)\s*$/.exec(messageOf(error));
  if (found) {
    const [, message = '', at = file, line, column] = found;
    return {
      ...{ file: at, line: Number(line), column: Number(column) },
      code: 'syntax',
      name: undefined,
      message: `${firstLine(message)}${importedBy(at, file)}`,
    };
  }
  if (!(error instanceof SyntaxError)) return undefined;
  const at = syntaxErrorOf(readFileSync(file, 'utf8'), file);
  return {
    ...{ file, line: at?.line, column: at?.column },
    code: 'syntax',
    name: undefined,
    message: at?.message ?? firstLine(messageOf(error)),
  };
}

function missingProblem(error: unknown, file: string): LoadProblem | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  const wanted = /Cannot find (?:module|package) '([^']+)'/.exec(messageOf(error))?.[1];
  if (wanted === undefined) return undefined;
  const isPackage = !/^(\.|\/|[A-Za-z]:|file:)/.test(wanted);
  const name = /^(@[^/]+\/)?[^/]+/.exec(wanted)?.[0];
  return {
    ...placeOf(wanted, file),
    code: 'import',
    name: undefined,
    message: isPackage
      ? `it imports "${wanted}", which is not installed: npm install ${name} in the folder of the job files`
      : `it imports ${wanted}, which is not there`,
  };
}

function thrownProblem(error: unknown, file: string): LoadProblem {
  const at = frames(error)[0] ?? { file, line: undefined, column: undefined };
  return {
    ...at,
    code: 'import',
    name: undefined,
    message: `its import failed: ${firstLine(messageOf(error))}${importedBy(at.file, file)}`,
  };
}

/** Where the file writes the specifier. */
function placeOf(
  specifier: string,
  file: string,
): { file: string; line: number | undefined; column: undefined } {
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes(`'${specifier}'`) || line.includes(`"${specifier}"`));
  return { file, line: at < 0 ? undefined : at + 1, column: undefined };
}

/** The places in users' files that a stack leads through, innermost first. */
function frames(error: unknown): { file: string; line: number; column: undefined }[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return [...stack.matchAll(/^\s*at (?:.*\()?(.+?):(\d+):\d+\)?$/gm)].flatMap(([, place = '', line]) => {
    const path = place.replace(/^async /, '');
    const file = path.startsWith('file:') ? fileURLToPath(path.replace(/[?#].*/, '')) : path;
    return /^(\/|[A-Za-z]:\\)/.test(file) && !isOthers(file)
      ? [{ file, line: Number(line), column: undefined }]
      : [];
  });
}

/** Of a package, or of this program. */
function isOthers(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file) || file.startsWith(import.meta.dirname);
}

function importedBy(at: string, file: string): string {
  return at === file ? '' : ` (imported by ${basename(file)})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
