/** One event of an event stream whose data is not empty. */
export interface StreamEvent {
  /** `message` where the stream says nothing else. */
  type: string;
  data: string;
}

const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** An event is larger than the limit. */
export class EventTooLarge extends Error {}

/**
 * Frames the bytes of an event stream (WHATWG HTML, 9.2.5 and 9.2.6): lines end with LF, CR or CRLF, wherever the bytes are cut. Each event is
 * counted alone against `limit`, in bytes.
 */
export class EventFramer {
  readonly #limit: number;
  readonly #take: (event: StreamEvent) => void;
  /** The line that has begun. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #first = true;
  #afterCr = false;
  #type = '';
  #data: string[] = [];
  #dataBytes = 0;
  #id: string;
  /** What a later request says as `Last-Event-ID`; empty where the stream named none, or took it back. */
  lastEventId: string;
  /** The last `retry` field, in milliseconds. */
  retryMs: number | undefined;

  /** `lastEventId`: of the stream that this one resumes. */
  constructor(limit: number, take: (event: StreamEvent) => void, lastEventId = '') {
    this.#limit = limit;
    this.#take = take;
    this.#id = lastEventId;
    this.lastEventId = lastEventId;
  }

  /** @throws EventTooLarge, and what `take` throws */
  push(chunk: Uint8Array): void {
    let start = 0;
    let lf = -2;
    let cr = -2;
    while (start < chunk.length) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (chunk[start] === LF) {
          start += 1;
          continue;
        }
      }
      // Each is searched for again only when it was passed: otherwise lines of one kind would cost a search of the rest each.
      if (lf !== -1 && lf < start) lf = chunk.indexOf(LF, start);
      if (cr !== -1 && cr < start) cr = chunk.indexOf(CR, start);
      const end = lf === -1 ? cr : cr === -1 ? lf : Math.min(lf, cr);
      this.#piece(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#afterCr = end === cr;
      start = end + 1;
      this.#lineEnded();
    }
  }

  /** The event that the stream broke off in. A browser drops it; here it may be a whole message whose blank line was forgotten. */
  end(): StreamEvent | undefined {
    if (this.#pieceBytes > 0) this.#lineEnded();
    return this.#finished();
  }

  #piece(bytes: Uint8Array): void {
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes + this.#dataBytes > this.#limit) throw new EventTooLarge();
    // A comment line is passed over; only its first byte has to be known.
    if (bytes.length > 0) this.#pieces.push(bytes);
  }

  #lineEnded(): void {
    let line = joined(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (this.#first && line.subarray(0, 3).equals(BOM)) line = line.subarray(3);
    this.#first = false;
    if (line.length === 0) {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(COLON);
    if (colon === 0) return;
    const name = line.toString('utf8', 0, colon === -1 ? line.length : colon);
    const from = colon === -1 ? line.length : line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    this.#field(name, line.toString('utf8', from), line.length);
  }

  #field(name: string, value: string, bytes: number): void {
    if (name === 'data') {
      this.#data.push(value);
      this.#dataBytes += bytes;
    } else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    const event = this.#finished();
    if (event) this.#take(event);
  }

  #finished(): StreamEvent | undefined {
    const event = { type: this.#type || 'message', data: this.#data.join('\n') };
    this.#type = '';
    this.#data = [];
    this.#dataBytes = 0;
    return event.data === '' ? undefined : event;
  }
}

function joined(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  if (only === undefined || pieces.length > 1) return Buffer.concat(pieces);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}
