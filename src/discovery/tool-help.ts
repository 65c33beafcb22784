import type { ToolDefinition } from './catalogue.ts';
import type { ToolFlag } from './flags.ts';

export interface ToolHelpOptions {
  /** The words that run the tool: `work deploy`. */
  usage: string;
  /** Columns of the terminal. */
  width: number;
  /** The text about the program's own flags, printed last as it is. */
  runtimeHelp: string;
  /** Makes a server's text safe for a terminal; applied to every piece of it. */
  safe: (text: string) => string;
}

export function toolHelp(_tool: ToolDefinition, _flags: readonly ToolFlag[], _options: ToolHelpOptions): string {
  throw new Error('being written');
}

/** The first sentence of a description, on one line, for lists. */
export function firstSentence(_description: string): string {
  throw new Error('being written');
}
