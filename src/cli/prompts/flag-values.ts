import { visibleLine } from '../../lib/text/visible.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import type { Assignment } from '../../tools/flags/parse-line.ts';
import { readFlag } from '../../tools/flags/read-flag.ts';
import { describeShapes, plainAt } from '../../tools/flags/read-value.ts';
import { onTerminal, type Session, type Terminal } from './session.ts';

/**
 * Asks for the values of flags on the terminal, one after the other; an array's elements a line each, ended by an empty one. What was typed is
 * read as on the command line, and asked again when it cannot be; TAB completes it with what `propose` knows; a secret is not shown. Returns what was
 * answered, undefined after ^D. Error: the signal's reason.
 */
export async function askFlags(
  streams: Terminal,
  flags: readonly ToolFlag[],
  signal: AbortSignal,
  propose?: (flag: ToolFlag, typed: string, answers: readonly Assignment[]) => Promise<readonly string[]>,
): Promise<Assignment[] | undefined> {
  let current: ToolFlag | undefined;
  const assignments: Assignment[] = [];
  const complete = async (line: string) => {
    if (!propose || !current || current.secret) return [];
    const values = await propose(current, line, assignments);
    return values.filter((value) => value.startsWith(line) && value === visibleLine(value));
  };
  const hold = async ({ say, ask }: Session) => {
    for (const flag of flags) {
      current = flag;
      say(`  ${visibleLine(about(flag))}`);
      for (;;) {
        const words = await wordsFor(flag, ask);
        if (words.length === 0 && !flag.mustBeGiven) break;
        const read = words.length === 0 ? { problem: 'a value is required' } : readFlag(flag, words);
        if ('value' in read) {
          assignments.push({ ...read, path: flag.path, flag: `--${flag.name}` });
          break;
        }
        say(`    ${visibleLine(read.problem)}`);
      }
    }
    return assignments;
  };
  return onTerminal(streams, signal, hold, complete);
}

/** The lines that were typed for a flag; an empty first one is no answer. */
async function wordsFor(flag: ToolFlag, ask: Session['ask']): Promise<string[]> {
  const words: string[] = [];
  do {
    const typed = await ask(words.length === 0 ? '  > ' : '  and > ', flag.secret);
    if (typed === '') break;
    words.push(flag.kind === 'boolean' ? yesOrNo(typed) : typed);
  } while (flag.kind === 'array');
  return words;
}

export function yesOrNo(typed: string): string {
  if (/^(y|yes|true)$/i.test(typed.trim())) return 'true';
  return /^(n|no|false)$/i.test(typed.trim()) ? 'false' : typed.trim();
}

/** `--level: one of: info, debug, optional [info] - How much is told` */
function about(flag: ToolFlag): string {
  const takes =
    flag.kind === 'array' ? `${describeShapes(flag.items ?? [])}, a line each` : describeShapes(flag.shapes);
  const format = flag.format === undefined ? '' : ` (${flag.format})`;
  const fallback = flag.default === undefined ? '' : ` [${plainAt(flag, 'default')}]`;
  const text = flag.description ?? flag.title;
  return `--${flag.name}: ${takes}${format}${flag.mustBeGiven ? '' : ', optional'}${fallback}${text ? ` - ${text}` : ''}`;
}
