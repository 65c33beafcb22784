import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { fitLines } from '../../lib/text/word-wrap.ts';

/** The person's terminal. */
export interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream & { columns?: number };
}

export interface Session {
  say(text: string): void;
  /** A line that the person types; a secret one is not shown. */
  ask(prompt: string, secret?: boolean): Promise<string>;
}

/** What completes a line that is being typed. */
type Completer = (line: string) => Promise<readonly string[]>;

/** The terminal for a while; undefined after ^D. Error: the signal's reason. */
export async function onTerminal<T>(
  streams: Terminal,
  signal: AbortSignal | undefined,
  hold: (session: Session) => Promise<T>,
  complete: Completer = async () => [],
): Promise<T | undefined> {
  // A terminal that has not been told its size says 0.
  const columns = streams.output.columns || 80;
  let muted = false;
  const writable = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) streams.output.write(chunk);
      done();
    },
  });
  const terminal = createInterface({
    input: streams.input,
    output: Object.assign(writable, { columns }),
    terminal: true,
    completer: async (line: string): Promise<[string[], string]> => [[...(await complete(line))], line],
  });
  // The terminal is in raw mode here: ^C comes as a key, and must do what it does elsewhere.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await hold({
      say: (text) => void streams.output.write(`${fitLines(text, columns)}\n`),
      async ask(prompt, secret = false) {
        const answer = terminal.question(prompt, signal ? { signal } : {});
        muted = secret;
        try {
          return await answer;
        } catch (error) {
          // What is said next does not stand behind the prompt; a secret ends its line anyway.
          if (!secret) streams.output.write('\n');
          throw error;
        } finally {
          if (secret) streams.output.write('\n');
          muted = false;
        }
      },
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if ((error as Error).name === 'AbortError') return undefined;
    throw error;
  } finally {
    terminal.close();
  }
}
