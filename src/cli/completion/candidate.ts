/** What may stand where a word is being typed. */
export interface Candidate {
  /** The whole word, as the program wants to get it: unquoted. */
  value: string;
  /** What it is, for shells that show that. */
  about?: string;
  /** More of the word follows, so the shell puts no space behind it. */
  open?: boolean;
}

export interface Completion {
  candidates: Candidate[];
  /** Names of files or folders fit, too. */
  files?: FilePlace;
}

export interface FilePlace {
  kind: 'files' | 'folders';
  /** What stands in the word before the name: `@`, `--args=@`. */
  prefix: string;
}

/** What fits behind the beginning that was typed; not yet narrowed to it, that is done once and for all places. */
export type Source = (typed: string) => Completion | Promise<Completion>;

export const NOTHING: Completion = { candidates: [] };

export const FILES: Completion = { candidates: [], files: { kind: 'files', prefix: '' } };
export const FOLDERS: Completion = { candidates: [], files: { kind: 'folders', prefix: '' } };

export function words(...values: readonly string[]): Completion {
  return { candidates: values.map((value) => ({ value })) };
}

/** `@FILE` or `-`, for what is given as JSON or code. */
export function atFile(typed: string): Completion {
  if (typed.startsWith('@')) return { candidates: [], files: { kind: 'files', prefix: '@' } };
  return {
    candidates: [
      { value: '@', about: 'from a file', open: true },
      { value: '-', about: 'from stdin' },
    ],
  };
}

/** The same behind something that stands in the word already: `--level=`. */
export function behind(prefix: string, { candidates, files }: Completion): Completion {
  return {
    candidates: candidates.map((one) => ({ ...one, value: `${prefix}${one.value}` })),
    ...(files ? { files: { ...files, prefix: `${prefix}${files.prefix}` } } : {}),
  };
}

export function together(...all: readonly Completion[]): Completion {
  const files = all.find((one) => one.files)?.files;
  return { candidates: all.flatMap((one) => one.candidates), ...(files ? { files } : {}) };
}

/** Those that begin with what was typed, each once. What no line of a terminal can hold is left out. */
export function fitting({ candidates, files }: Completion, typed: string): Completion {
  const seen = new Set<string>();
  const fit = candidates.filter(
    ({ value }) =>
      value !== '' &&
      value.startsWith(typed) &&
      !ACTING.test(value) &&
      !seen.has(value) &&
      seen.add(value) !== undefined,
  );
  return { candidates: fit, ...(files && typed.startsWith(files.prefix) ? { files } : {}) };
}

/** Control characters, line ends of Unicode, bidirectional and zero-width characters: names with them are not what they look like. */
const ACTING =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/u;
