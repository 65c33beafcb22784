/** Text from outside: files that people and other programs write, and what servers send. */

/**
 * Decodes bytes to text and drops one byte order mark. Bytes are UTF-8, or UTF-16 where the mark says so: PowerShell and Notepad write both.
 * Bytes that are no UTF-8 become U+FFFD.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.toString('utf16le', 2);
  if (buffer[0] === 0xfe && buffer[1] === 0xff)
    return Buffer.from(buffer.subarray(2, buffer.length - (buffer.length % 2)))
      .swap16()
      .toString('utf16le');
  return withoutMark(buffer.toString('utf8'));
}

/** Text that was decoded elsewhere, without the byte order mark that it may begin with. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
