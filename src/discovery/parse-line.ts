import type { ToolFlag } from './flags.ts';

/** A flag of the program's own that is accepted after a tool's name. */
export interface RuntimeFlagSpec {
  name: string;
  short?: string;
  takes: 'none' | 'value';
  repeatable?: boolean;
  /** The name to file it under, if another. */
  aliasOf?: string;
}

export interface Assignment {
  path: readonly string[];
  value: unknown;
  /** As the person knows it: `--max-tokens`. */
  flag: string;
}

export interface ToolLine {
  assignments: Assignment[];
  /** The raw value of `--args`: JSON, `@file` or `-`. */
  args?: string;
  runtime: Map<string, string | true | string[]>;
}

/** Reads what stands after a tool's name. Error: one UsageError with a line for every problem (`details.problems` lists them). */
export function parseToolLine(
  _argv: readonly string[],
  _flags: readonly ToolFlag[],
  _runtimeFlags: readonly RuntimeFlagSpec[],
): ToolLine {
  throw new Error('being written');
}
