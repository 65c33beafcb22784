import type { OutStream } from '../../context.ts';
import { type CliError, EXIT } from '../../errors.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { textOf } from '../../lib/json/json.ts';
import { visible, visibleJson, visibleLine, visibleName } from '../../lib/text/visible.ts';
import { fitHelp, fitSaid } from './fit-said.ts';
import type { JsonFilter } from './jq.ts';

export type OutputFormat = 'human' | 'json' | 'ndjson';

export interface PrinterOptions {
  stdout: OutStream;
  stderr: OutStream;
  format: OutputFormat;
  quiet: boolean;
  verbose: boolean;
  /** The instance's name for `app_id`, once it is known. */
  appId: string;
  /** What the person calls the program by, where that is not `mcp2cli`: a linked command. */
  program?: string | undefined;
  /** What is printed in place of each JSON document (`--jq`). */
  filter?: JsonFilter | undefined;
}

/** Characters that are written together. */
const WRITE_LENGTH = 64 * 1024;

/** The envelope of `--json` (docs/reference.md, "JSON"). */
export interface Envelope {
  app_id: string;
  command: string;
  summary: string;
  data: unknown;
}

/** The one place that writes: stdout is the answer, stderr the conversation. */
export class Printer {
  readonly #options: PrinterOptions;
  appId: string;

  constructor(options: PrinterOptions) {
    this.#options = options;
    this.appId = options.appId;
  }

  get format(): OutputFormat {
    return this.#options.format;
  }
  get json(): boolean {
    return this.#options.format !== 'human';
  }
  get quiet(): boolean {
    return this.#options.quiet;
  }
  get verbose(): boolean {
    return this.#options.verbose;
  }
  /** stdout is a terminal. */
  get outTTY(): boolean {
    return this.#options.stdout.isTTY;
  }
  /** stderr is a terminal. */
  get errTTY(): boolean {
    return this.#options.stderr.isTTY;
  }
  /** Width of the terminal in columns; 80 where there is none. */
  get width(): number {
    return (this.outTTY ? this.#options.stdout.columns : undefined) || 80;
  }

  /** The words that commands begin with. */
  get #programs(): string[] {
    const { program } = this.#options;
    return ['mcp2cli', ...(program === undefined ? [] : [program])];
  }

  /** Text of the program's own, or text made safe before. */
  out(text: string): void {
    this.#options.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  }

  /** A server's text: made visible on a terminal, as it is in a pipe. */
  serverText(text: string): void {
    this.out(this.outTTY ? visible(text) : text);
  }

  /** A server's text to the byte in a pipe; on a terminal made visible, and its last line ended. */
  exactText(text: string): void {
    if (this.outTTY) this.serverText(text);
    else if (text !== '') this.#options.stdout.write(text);
  }

  /** A server's text of several lines, for a human form on a terminal. */
  safeText(text: string): string {
    return this.outTTY ? visible(text) : text;
  }

  /** A server's text for use inside a line of a human form. */
  safeLine(text: string): string {
    return visibleLine(text);
  }

  /** A server's name for something, for use inside a line of a human form. */
  safeName(name: string): string {
    return visibleName(name);
  }

  /** One JSON document; indented on a terminal, one line in a pipe and for ndjson. */
  jsonDocument(value: unknown): void {
    if (this.#filtered(value)) return;
    const tty = this.outTTY && this.format === 'json';
    const text = stringifyJson(value, tty ? 2 : undefined) ?? 'null';
    this.out(this.outTTY ? visibleJson(text) : text);
  }

  /** Prints what the filter makes of a document; false where there is none. Error: UsageError. */
  #filtered(value: unknown): boolean {
    const { filter } = this.#options;
    if (!filter) return false;
    const text = filter(stringifyJson(value) ?? 'null');
    if (text !== '') this.serverText(text);
    return true;
  }

  /** Lines of NDJSON, whatever the format is: short ones together, since each write is a call of the system. */
  line(...values: readonly object[]): void {
    let text = '';
    for (const value of values) {
      if (this.#filtered(value)) continue;
      const one = stringifyJson(value);
      text += `${this.outTTY ? visibleJson(one) : one}\n`;
      if (text.length < WRITE_LENGTH) continue;
      this.out(text);
      text = '';
    }
    this.out(text);
  }

  /** A JSON array, written item by item: together they may be more than one string can be. */
  async jsonArray(items: readonly unknown[]): Promise<void> {
    if (this.#filtered(items)) return;
    const tty = this.outTTY && this.format === 'json';
    let text = '[';
    for (const [i, item] of items.entries()) {
      const one = stringifyJson(item, tty ? 2 : undefined) ?? 'null';
      text += (i > 0 ? ',' : '') + (tty ? `\n${one}`.replaceAll('\n', '\n  ') : one);
      if (text.length < WRITE_LENGTH) continue;
      this.#options.stdout.write(this.outTTY ? visibleJson(text) : text);
      // A slow reader is waited for: nothing piles up here.
      // What cannot be written is told at the end.
      await this.#options.stdout.flush().catch(() => {});
      text = '';
    }
    text += tty && items.length > 0 ? '\n]' : ']';
    this.out(this.outTTY ? visibleJson(text) : text);
  }

  envelope(command: string, summary: string, data: unknown): void {
    this.jsonDocument({ app_id: this.appId, command, summary, data } satisfies Envelope);
  }

  /** The answer of a command: `text` for a person, a document with --json. */
  answer(command: string, summary: string, data: unknown, text = summary): void {
    if (this.json) this.envelope(command, summary, data);
    else this.out(text);
  }

  /** The answer of a command that lists: a line each for ndjson, `data` for --json; false where a person is to be told. */
  listed(command: string, summary: string, items: readonly object[], data: object = { items }): boolean {
    if (this.format === 'json') this.envelope(command, summary, data);
    else if (this.format === 'ndjson') for (const item of items) this.jsonDocument(item);
    return this.json;
  }

  /** Help for a person, in lines that fit the terminal; a document of its own with --json. */
  help(text: string): void {
    if (this.json) this.envelope('help', text.trim().split('\n', 1)[0] ?? '', { text: text.trimEnd() });
    else this.out(this.outTTY ? fitHelp(text, this.width, this.#programs) : text);
  }

  /** Conversation: not with --quiet. */
  note(text: string): void {
    if (!this.quiet) this.#say(text);
  }

  /** Details: only with --verbose. */
  detail(text: string): void {
    if (this.verbose) this.#say(text);
  }

  /** Said in any mode, --quiet included. With --json as one JSON line. */
  warn(code: string, message: string): void {
    if (this.json) this.#jsonLine({ warning: { code, message } });
    else this.#say(`warning: ${message}`);
  }

  /** A log message of the server that was asked for: a line on stderr, with --json a JSON line. */
  serverLog(message: { level: unknown; logger?: unknown; data: unknown }): void {
    if (this.json) this.#jsonLine({ log: message });
    else this.#say(logText(message));
  }

  /** A bad outcome, for people; `--json` carries it in its document. */
  complain(text: string): void {
    if (!this.json) this.#say(text);
  }

  /** One clear error: a JSON line with --json, otherwise the message and what to do about it. */
  error(error: CliError, hint = error.hint): void {
    const { message, exitCode } = error;
    if (this.json) {
      this.#jsonLine({ error: errorBody(error, hint) });
      return;
    }
    this.#say(`error: ${message}`);
    if (hint && !this.quiet) this.#say(`hint: ${hint}`);
    if (this.verbose && error.cause instanceof Error)
      this.#options.stderr.write(`${visible(`cause: ${error.cause.stack ?? error.cause.message}`)}\n`);
    if (exitCode === EXIT.internal && error.stack && !this.verbose)
      this.#options.stderr.write('run again with --verbose to see where it happened\n');
  }

  /** A line on stderr, or several; in lines that fit where it is a terminal. */
  #say(text: string): void {
    const { stderr } = this.#options;
    const said = visible(text);
    const width = stderr.isTTY ? stderr.columns : undefined;
    stderr.write(`${width ? fitSaid(said, width, this.#programs) : said}\n`);
  }

  #jsonLine(value: object): void {
    const text = stringifyJson(value);
    this.#options.stderr.write(`${this.#options.stderr.isTTY ? visibleJson(text) : text}\n`);
  }

  /** Bytes to stderr as they are: live rendering. */
  get stderr(): OutStream {
    return this.#options.stderr;
  }
}

/** `[warning] shouter: that is loud`; what is no text is JSON. */
export function logText({
  level,
  logger,
  data,
}: {
  level: unknown;
  logger?: unknown;
  data: unknown;
}): string {
  const who = logger === undefined ? '' : `${textOf(logger)}: `;
  return `[${textOf(level ?? '')}] ${who}${textOf(data ?? '')}`;
}

/** An error as it stands in JSON. */
export function errorBody(error: CliError, hint = error.hint): object {
  const { code, message, exitCode, details } = error;
  return {
    code,
    message,
    ...(hint ? { hint } : {}),
    exit_code: exitCode,
    ...(details ? { details } : {}),
  };
}
