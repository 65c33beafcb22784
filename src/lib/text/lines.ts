/** Cuts a stream of bytes into lines, in time that grows with the bytes and not with their square. */
export class Lines {
  readonly #limit: number;
  #held: Buffer[] = [];
  #size = 0;

  /** `limit`: the most bytes in one line. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The lines that end in this chunk, without their line feed and without a carriage return before it. What follows the last one is kept
   * for the next chunk. @throws RangeError when a line is longer than the limit.
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#hold(chunk.subarray(start, end));
      start = end + 1;
      yield this.rest();
    }
    this.#hold(chunk.subarray(start));
  }

  /** What came after the last line feed; nothing is held any more. */
  rest(): Buffer {
    const [first] = this.#held;
    const line = this.#held.length === 1 && first ? first : Buffer.concat(this.#held, this.#size);
    this.#held = [];
    this.#size = 0;
    return line.at(-1) === 13 ? line.subarray(0, -1) : line;
  }

  /** The beginning of what is held, at most `bytes` of it. */
  peek(bytes: number): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0, left = bytes; left > 0 && at < this.#held.length; at++) {
      const part = (this.#held[at] as Buffer).subarray(0, left);
      left -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    if (this.#size > this.#limit) throw new RangeError(`a line of more than ${this.#limit} bytes`);
    this.#held.push(part);
  }
}
