import { parseJson, stringifyJson } from '../../lib/json/exact-json.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import { Lines } from '../../lib/text/lines.ts';
import { CODE, type Host } from './host.ts';
import { ClientSession, refusal } from './session.ts';

/** The longest message that is read, in bytes. */
const LONGEST_MESSAGE = 64 * 1024 * 1024;

/** The standard streams, and what ends the server. */
export interface StdioOptions {
  input: NodeJS.ReadableStream;
  /** Gets the protocol and nothing else. */
  write: (text: string) => boolean;
  signal: AbortSignal;
}

/**
 * Serves the one client at the other end of the standard streams (MCP 2025-11-25, basic/transports, "stdio"), until it closes stdin or the signal
 * comes. Runs that were called and not submitted end with it.
 */
export async function serveStdio(host: Host, { input, write, signal }: StdioOptions): Promise<void> {
  const send = (message: JsonObject) => void write(`${stringifyJson(message)}\n`);
  const session = new ClientSession(host, send);
  const lines = new Lines(LONGEST_MESSAGE);
  const take = (line: Buffer) => {
    const text = line.toString('utf8');
    if (text.trim() === '') return;
    let message: unknown;
    try {
      message = parseJson(text);
    } catch {
      return send(refusal(null, CODE.parse, 'Parse error: not JSON'));
    }
    void session.receive(message, send);
  };
  let reason = new Error('the client has gone');
  await new Promise<void>((resolve) => {
    input.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) take(line);
      } catch (error) {
        // Where the next message begins cannot be known.
        send(refusal(null, CODE.request, (error as Error).message));
        host.log((error as Error).message);
        resolve();
      }
    });
    input.on('end', resolve);
    input.on('error', resolve);
    const stop = () => {
      reason = new Error('the server ends');
      resolve();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  take(lines.rest());
  session.close(reason);
  input.pause();
}
