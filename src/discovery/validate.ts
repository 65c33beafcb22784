import type { ToolDefinition } from './catalogue.ts';

export interface ArgumentProblem {
  /** Property names and array indexes, joined by dots; empty for the arguments as a whole. */
  path: string;
  /** `--max-tokens`; `--args` for what has no flag. */
  flag: string;
  /** The whole line to print, flag included; without the value of a secret. */
  message: string;
}

export interface ArgumentCheck {
  problems: ArgumentProblem[];
  /** Why nothing (or not everything) was checked. */
  warning?: string;
}

/** Checks arguments against the tool's inputSchema. Light to import: the heavy engine is loaded only by schemas that need it. */
export async function validateArguments(_tool: ToolDefinition, _args: unknown): Promise<ArgumentCheck> {
  throw new Error('being written');
}
