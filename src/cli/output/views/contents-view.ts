import { isObject } from '../../../lib/json/json.ts';
import { visibleLine } from '../../../lib/text/visible.ts';
import type { Printer } from '../printer.ts';
import { describeBinary } from './result-view.ts';

/** A part of a resource (`TextResourceContents` or `BlobResourceContents`). */
type Content = Record<string, unknown>;

/** Prints a resource: text as it is, to the byte in a pipe; a line about each binary part. */
export function printContents(printer: Printer, contents: readonly Content[]): void {
  let open = false;
  for (const content of contents) {
    const { text } = content;
    // What comes after a text that does not end its line begins one of its own.
    if (open) printer.out('\n');
    if (typeof text === 'string') printer.exactText(text);
    else printer.out(contentText(content));
    open = typeof text === 'string' && text !== '' && !text.endsWith('\n') && !printer.outTTY;
  }
}

/** A line about a part: `[resource file:///a.png image/png, 3 kB; --save keeps it]`; `saved` is where it was written. */
export function contentText(content: Content, saved?: string): string {
  const { uri, mimeType, blob, text } = isObject(content) ? content : {};
  const what = `resource ${typeof uri === 'string' ? uri : ''}`.trim();
  const data = typeof text === 'string' ? Buffer.from(text).toString('base64') : blob;
  return visibleLine(describeBinary(what, mimeType, data, saved));
}
