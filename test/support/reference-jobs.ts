import { readFileSync } from 'node:fs';

/** The text of the document "Jobs", as a page gave it: code has spaces between its tokens, and inside its quotes. */
export const DOCUMENT = readFileSync(new URL('./reference-jobs.txt', import.meta.url), 'utf8');

const BEGINS = /^(import |@ \w+ \(|const |class |export |\/\/ )/;

/** Every code example of the document, in its order, readable again: no spaces inside of quotes. */
export function examples(): string[] {
  const found: string[][] = [];
  let depth = 0;
  let isCode = false;
  for (const line of DOCUMENT.split('\n')) {
    if (depth === 0 && !BEGINS.test(line)) {
      isCode = false;
      continue;
    }
    if (!isCode) found.push([]);
    isCode = true;
    found.at(-1)?.push(line);
    depth += [...line.matchAll(/[([{]/g)].length - [...line.matchAll(/[)\]}]/g)].length;
  }
  return found.map((lines) => lines.join('\n').replace(/(['`]) ([^'`\n]*?) ?\1/g, '$1$2$1'));
}

/** The example with other import lines; the rest of it is the document's. */
export function withImports(code: string, ...imports: string[]): string {
  return [...imports, ...code.split('\n').filter((line) => !line.startsWith('import '))].join('\n');
}
