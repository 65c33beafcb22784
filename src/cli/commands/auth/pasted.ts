import { createInterface } from 'node:readline';
import { isSame } from '../../../mcp/auth/login/loopback.ts';

export interface Expected {
  state: string;
  /** The server says who it is in its answer: the code alone is not enough. */
  promisesIssuer: boolean;
}

/** What a person took from the browser's address line: the whole address, or its query, or the code alone. A text says what is wrong with it. */
export function readPasted(line: string, { state, promisesIssuer }: Expected): URLSearchParams | string {
  const text = line.trim();
  const query =
    /^[^?#\s]*\?([^#\s]*)/.exec(text)?.[1] ?? (/(^|&)(code|error)=/.test(text) ? text : undefined);
  if (query === undefined) {
    if (!/^[\w.~+/=-]{4,}$/.test(text)) return 'that is not the address that the browser ended at';
    if (promisesIssuer) return 'the code alone is not enough here: paste the whole address';
    return new URLSearchParams({ code: text, state });
  }
  const params = new URLSearchParams(query);
  if (!params.has('code') && !params.has('error')) return 'there is no code in that address';
  if (!isSame(params.get('state') ?? '', state)) return 'that address belongs to another login';
  return params;
}

/** Reads lines until one is the answer; `complain` hears what is wrong with the others. Never resolves when the input ends. */
export function pastedAnswer(
  input: NodeJS.ReadableStream,
  expected: Expected,
  complain: (text: string) => void,
): { answer: Promise<URLSearchParams>; close: () => void } {
  const lines = createInterface({ input, terminal: false });
  const answer = new Promise<URLSearchParams>((resolve) => {
    lines.on('line', (line) => {
      if (line.trim() === '') return;
      const read = readPasted(line, expected);
      if (typeof read === 'string') complain(read);
      else resolve(read);
    });
  });
  return {
    answer,
    close() {
      lines.close();
      input.pause();
      // Of a terminal or a pipe that nobody reads any more the process must not wait.
      (input as { unref?: () => void }).unref?.();
    },
  };
}
