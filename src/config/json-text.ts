/** The text of a configuration file, as people and other programs write it. */
import stripJsonComments from 'strip-json-comments';
import { parseJson } from '../lib/json/exact-json.ts';

export interface ParsedText {
  value: unknown;
  /** True for JSON as it is defined (RFC 8259); false where comments or trailing commas had to be passed over. */
  plain: boolean;
}

/** Parses JSON; comments and trailing commas, which other hosts allow, are passed over. Error: SyntaxError. */
export function parseConfigText(text: string): ParsedText {
  try {
    return { value: parseJson(text), plain: true };
  } catch {
    // Blanks take the place of what is passed over, so that positions in the error are those of the file.
    return { value: parseJson(stripJsonComments(text, { trailingCommas: true })), plain: false };
  }
}
