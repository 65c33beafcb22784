import type { Transport } from '@modelcontextprotocol/client';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import { Lines } from '../../lib/text/lines.ts';
import { withoutMark } from '../../lib/text/text.ts';
import { MAX_MESSAGE_BYTES } from '../http/body.ts';
import type { LastWords } from './last-words.ts';
import { isAnswer, isRefusal, readLine } from './read-line.ts';
import { type Launch, ServerProcess } from './server-process.ts';

/** The version probe (MCP 2026-07-28, server/discover). */
const PROBE = 'server/discover';

/** How long a server that has seen the version probe may leave the next request without an answer, in milliseconds. */
const DOUBT_MS = 20_000;

/** The most of an unended line that an error shows, in bytes. */
const UNENDED_BYTES = 4 * 1024;

/** How the last process came to its end, for an error. */
export type End = 'ended' | 'stdout closed' | 'line too long';

type Id = string | number;

/**
 * The stdio transport (MCP 2025-11-25, basic/transports): a message is a line. Lines that are no message are kept as the server's last words.
 *
 * A server may end, fall silent or refuse everything after the version probe, a request before `initialize` that it does not know. So a process
 * that has seen the probe is under doubt until it has answered something else: if it does not, another process takes its place, without a probe,
 * and gets what the first one left unanswered, which is `initialize` at most.
 */
export class StdioTransport implements Transport {
  onmessage?: NonNullable<Transport['onmessage']>;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  readonly #launch: Launch;
  readonly #words: LastWords;
  readonly #log: (line: string) => void;
  #server: ServerProcess | undefined;
  /** While a process starts that replaces another one. */
  #starting: Promise<void> | undefined;
  #lines = new Lines(MAX_MESSAGE_BYTES);
  /** Requests without an answer, as they were sent. */
  readonly #unanswered = new Map<Id, string>();
  /** The id of the last version probe. */
  #probe: Id | undefined;
  /** Set from the version probe on until the server has answered something; with the next request it is a timer. */
  #doubt: NodeJS.Timeout | true | undefined;
  #replacements = 0;
  /** The end of a process that another one replaced. */
  #replaced: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #end: End | undefined;

  constructor(launch: Launch, words: LastWords, log: ((line: string) => void) | undefined) {
    this.#launch = launch;
    this.#words = words;
    this.#log = log ?? (() => {});
  }

  /** How the server came to its end; undefined while it runs, and when it was closed from here. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Text on stdout whose line feed has not come. */
  get unended(): string {
    return withoutMark(this.#lines.peek(UNENDED_BYTES).toString('utf8'));
  }

  /** Starts the server. @throws the system's error */
  async start(): Promise<void> {
    const server = await this.#run();
    await server.started;
  }

  async send(message: Parameters<Transport['send']>[0]): Promise<void> {
    const { id, method } = message as { id?: Id; method?: string };
    const line = `${stringifyJson(message)}\n`;
    if (id !== undefined && method !== undefined) {
      this.#unanswered.set(id, line);
      if (method === PROBE) {
        this.#probe = id;
        this.#doubt = true;
      } else if (this.#doubt === true) this.#doubt = setTimeout(() => this.#replace('is silent'), DOUBT_MS);
    }
    const replacements = this.#replacements;
    try {
      await this.#write(line);
    } catch (error) {
      // Another process has got it, or it was the probe, which is answered for a server that has ended.
      if (replacements !== this.#replacements) return;
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#trust();
    await this.#starting?.catch(() => {});
    await Promise.all([this.#server?.end(), this.#replaced]);
    this.#words.flush();
  }

  async #run(): Promise<ServerProcess> {
    this.#lines = new Lines(MAX_MESSAGE_BYTES);
    let server: ServerProcess | undefined;
    const isCurrent = () => server !== undefined && server === this.#server;
    server = await ServerProcess.start(this.#launch, {
      stdout: (chunk) => {
        if (isCurrent()) this.#read(chunk);
      },
      stderr: (chunk) => {
        if (isCurrent()) this.#words.stderr(chunk);
      },
      gone: (exited) => {
        if (isCurrent()) this.#gone(exited);
      },
    });
    this.#server = server;
    return server;
  }

  async #write(line: string): Promise<void> {
    await this.#starting;
    if (!this.#server) throw new Error('the server was not started');
    await this.#server.write(line);
  }

  #read(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    try {
      const lines = this.#lines;
      for (const line of lines.push(chunk)) {
        this.#take(line);
        // Another process has taken its place meanwhile.
        if (lines !== this.#lines) return;
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#end = 'line too long';
      void this.close();
    }
  }

  #take(line: Buffer): void {
    const { messages, text } = readLine(withoutMark(line.toString('utf8')), (id) => this.#unanswered.has(id));
    if (text !== '') this.#words.stdout(text);
    if (text !== '' && messages.length > 0) this.#log('(an answer followed on the same line, and was taken)');
    for (const message of messages) this.#deliver(message);
  }

  #deliver(message: JsonObject): void {
    if (isAnswer(message)) {
      const id = this.#requestOf(message);
      if (this.#doubt && id !== undefined) {
        if (!isRefusal(message)) this.#trust();
        else if (id !== this.#probe) {
          this.#replace('refuses the next request, too');
          return;
        }
      }
      if (id !== undefined) this.#unanswered.delete(id);
    }
    this.#tell(message);
  }

  /** The request that an answer is for, among those without an answer. An error without an id is for the only one (JSON-RPC 2.0, section 5). */
  #requestOf({ id }: JsonObject): Id | undefined {
    const [only] = this.#unanswered.size === 1 ? this.#unanswered.keys() : [];
    const request = id === null ? only : (id as Id);
    return request !== undefined && this.#unanswered.has(request) ? request : undefined;
  }

  #tell(message: JsonObject): void {
    try {
      this.onmessage?.(message as unknown as Parameters<NonNullable<Transport['onmessage']>>[0]);
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }

  /** Nothing has to be feared of the process any more. */
  #trust(): void {
    if (typeof this.#doubt === 'object') clearTimeout(this.#doubt);
    this.#doubt = undefined;
  }

  #gone(exited: boolean): void {
    const rest = this.#lines.rest();
    if (rest.length > 0 && this.#end === undefined) this.#take(rest);
    if (this.#doubt && !this.#closing) {
      this.#replace('has ended');
      return;
    }
    if (!this.#closing) this.#end ??= exited ? 'ended' : 'stdout closed';
    this.#words.flush();
    this.onclose?.();
  }

  /** Another process in the place of one that the version probe has spoilt. */
  #replace(why: string): void {
    this.#log(`the server ${why} after it was asked for its version; starting it again`);
    this.#trust();
    this.#replacements += 1;
    this.#replaced = this.#server?.end();
    this.#words.clear();
    const probe = this.#probe;
    const isUnanswered = probe !== undefined && this.#unanswered.delete(probe);
    const again = [...this.#unanswered.values()];
    this.#starting = this.#run().then((server) => server.started);
    this.#starting.then(
      () => {
        // One that ends before it has read them tells so by its end.
        for (const line of again) this.#write(line).catch(() => {});
      },
      (error: unknown) => {
        this.onerror?.(error as Error);
        this.#end = 'ended';
        this.onclose?.();
      },
    );
    // The server has given its answer by ending.
    if (isUnanswered)
      this.#tell({ jsonrpc: '2.0', id: probe, error: { code: -32601, message: `the server ${why}` } });
  }
}
