import { type Context, processContext } from '../../context.ts';
import type { Completion } from './candidate.ts';
import { completeLine } from './program.ts';
import type { CompletionRequest } from './request.ts';
import { bashLines, plainLines, powershellLines, zshLines } from './shells/render.ts';
import { readShellLine } from './shells/shell-words.ts';
import { localSources } from './sources/local-sources.ts';

/**
 * Behind every TAB: `__complete [SHELL ...] -- WORDS...`, the last of them the one that is typed. Prints candidates and nothing else, and never
 * fails: whoever runs the command itself will hear of what is wrong.
 */
export async function complete({ head, rest }: CompletionRequest): Promise<void> {
  try {
    const context = processContext('');
    const lines = await linesFor(head, rest, context);
    context.stdout.write(lines.map((line) => `${line}\n`).join(''));
    await context.stdout.flush();
  } catch {
    // Fewer candidates, and no word into somebody's prompt.
  }
}

async function linesFor(
  head: readonly string[],
  rest: readonly string[],
  context: Context,
): Promise<string[]> {
  const dashes = rest.indexOf('--');
  const [shell, ...runOptions] = rest.slice(0, dashes);
  const line = rest.slice(dashes + 1);
  const own = localSources(context);
  const file = context.env['MCP2CLI_CONFIG'];
  const sources = file ? await own.ofFile(file) : own;
  const at = (words: readonly string[], current: string) =>
    completeLine([...head, ...words], current, sources);
  switch (shell) {
    case 'bash':
      return forBash(runOptions, line, at);
    case 'powershell': {
      const words = JSON.parse(Buffer.from(line[0] ?? '', 'base64').toString('utf8')) as string[];
      return powershellLines(await at(words.slice(0, -1), (words.at(-1) ?? '').replace(/^['"]/, '')));
    }
    default: {
      // Of the others only fish tells the word with its quotes.
      const typed = line.at(-1) ?? '';
      const current = shell === 'fish' ? readShellLine(`x ${typed}`).current : typed;
      const completion = await at(line.slice(0, -1), current);
      return shell === 'zsh' ? zshLines(completion) : plainLines(completion);
    }
  }
}

/** COMP_TYPE and the columns of the terminal; the line up to the cursor, and the end of it that bash takes for the word. */
async function forBash(
  [type = '', columns = '']: readonly string[],
  [typed = '', word = '']: readonly string[],
  at: (words: readonly string[], current: string) => Promise<Completion>,
): Promise<string[]> {
  const line = readShellLine(typed);
  const { current, redirected } = line;
  const completion: Completion = redirected
    ? { candidates: [], files: { kind: 'files', prefix: '' } }
    : await at(line.words.slice(1), current);
  // 63, 33 and 64 are "?", "!" and "@": bash(1), COMP_TYPE.
  const listing = ['63', '33', '64'].includes(type);
  return bashLines(completion, { line, word, listing, columns: Number(columns) || 80 });
}
