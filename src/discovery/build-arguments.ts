import type { Assignment } from './parse-line.ts';

/** Parses the text of `--args`. `source` names it in the error (`--args`, `--args @file.json`). Error: UsageError. */
export function parseArgsText(_text: string, _source = '--args'): Record<string, unknown> {
  throw new Error('being written');
}

/** The arguments to send: `base` (the parsed `--args`, or undefined) with the flags' values over it. Error: UsageError. */
export function buildArguments(_base: unknown, _assignments: readonly Assignment[]): Record<string, unknown> {
  throw new Error('being written');
}
