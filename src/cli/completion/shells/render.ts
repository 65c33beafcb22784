import { visibleLine } from '../../../lib/text/visible.ts';
import type { Candidate, Completion } from '../candidate.ts';
import { quoteRest, type ShellLine } from './shell-words.ts';

/**
 * What the scripts read: a line for each candidate, then lines that begin with a tab and say what else fits: `nospace`, `files PREFIX`,
 * `folders PREFIX`, with tabs between.
 */
export function plainLines({ candidates, files }: Completion): string[] {
  const lines = candidates.map(({ value, about }) => [value, ...aboutColumn(about)].join('\t'));
  if (candidates.length > 0 && candidates.every(({ open }) => open)) lines.push('\tnospace');
  if (files) lines.push(`\t${files.kind}\t${files.prefix}`);
  return lines;
}

/** For zsh: what is inserted, what is listed, and whether more of the word follows. */
export function zshLines({ candidates, files }: Completion): string[] {
  const width = Math.max(...candidates.map(({ value }) => value.length));
  const lines = candidates.map(({ value, about, open }) => {
    const told = aboutOf(about);
    return `${value}\t${told === '' ? value : `${value.padEnd(width)}  -- ${told}`}\t${open ? 'open' : ''}`;
  });
  if (files) lines.push(`\t${files.kind}\t${files.prefix}`);
  return lines;
}

/** For PowerShell: what is inserted, what is listed, what is told about it. */
export function powershellLines({ candidates }: Completion): string[] {
  return candidates.map(({ value, about }) => {
    const text = /^[\w./:=-]+$/.test(value) ? value : `'${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
    return `${text}\t${value}\t${aboutOf(about) || value}`;
  });
}

export interface BashTerms {
  line: ShellLine;
  /** The end of the line that bash replaces: from its last word break on. */
  word: string;
  /** Candidates are listed, and nothing but what they have in common is inserted. */
  listing: boolean;
  /** Of the terminal. */
  columns: number;
}

/** For bash, which inserts what it gets as it stands: quoted, and without what stands before its own idea of the word. */
export function bashLines(completion: Completion, { line, word, listing, columns }: BashTerms): string[] {
  const { files } = completion;
  const { raw, current, quote, expands, cut } = line;
  if (cut || !raw.endsWith(word)) return [];
  // Behind `$H`, `OME` would not be the text that was meant, but a variable.
  const candidates = expands ? [] : completion.candidates;
  const kept = raw.length - word.length;
  const texts = candidates.map(({ value }) =>
    (raw + quoteRest(value.slice(current.length), quote)).slice(kept),
  );
  const described = listing && texts.length > 1 && quote === '';
  const lines = described ? columnsOf(texts, candidates, columns) : texts;
  if (texts.length > 0 && candidates.every(({ open }) => open)) lines.push('\tnospace');
  if (files) {
    // What stands before the name, as far as bash takes it for a part of the word; inside quotes only the name can be completed.
    const prefix = files.prefix.slice(quote === '' ? kept : Math.max(0, kept - 1));
    if (quote === '' || prefix === '') lines.push(`\t${files.kind}\t${prefix}`);
  }
  return lines;
}

function columnsOf(texts: readonly string[], candidates: readonly Candidate[], columns: number): string[] {
  const width = Math.max(...texts.map((text) => text.length));
  return texts.map((text, i) => {
    const about = aboutOf(candidates[i]?.about);
    const room = columns - width - 6;
    if (about === '' || room < 10) return text;
    const told = about.length > room ? `${about.slice(0, room - 3)}...` : about;
    return `${text.padEnd(width)}  (${told})`;
  });
}

function aboutColumn(about: string | undefined): string[] {
  const text = aboutOf(about);
  return text === '' ? [] : [text];
}

/** One line that does nothing on a terminal, whatever a server says. */
function aboutOf(about = ''): string {
  return visibleLine(about);
}
