import { StringDecoder } from 'node:string_decoder';

/** How much of what a server says is kept to explain a failure. */
const KEPT_LINES = 20;
const KEPT_CHARACTERS = 16 * 1024;

/** The most of one line that is shown or kept. */
const LINE_CHARACTERS = 4 * 1024;

/** What a server said beside its messages: shown as it comes (`log`), and its last lines kept. */
export class LastWords {
  readonly #log: ((line: string) => void) | undefined;
  #decoder = new StringDecoder('utf8');
  /** The beginning of a line whose end has not come. */
  #begun = '';
  #stderr: string[] = [];
  #stdout: string[] = [];

  constructor(log: ((line: string) => void) | undefined) {
    this.#log = log;
  }

  /** Takes a piece of stderr. */
  stderr(chunk: Buffer): void {
    const lines = (this.#begun + this.#decoder.write(chunk)).split('\n');
    this.#begun = lines.pop() ?? '';
    for (const line of lines) this.#heard(line);
    if (this.#begun.length > LINE_CHARACTERS) this.flush();
  }

  /** What stderr has begun is all that will come of the line. */
  flush(): void {
    const line = this.#begun + this.#decoder.end();
    this.#begun = '';
    this.#heard(line);
  }

  /** Takes a line of stdout that is no message. */
  stdout(line: string): void {
    const text = short(line);
    if (text === '') return;
    keep(this.#stdout, text);
    this.#log?.(`server stdout: ${text}`);
  }

  /** Another process begins; what its predecessor said explains nothing of it. */
  clear(): void {
    this.flush();
    this.#decoder = new StringDecoder('utf8');
    this.#stderr = [];
    this.#stdout = [];
  }

  /** What was said, as the end of a sentence about a failure; empty when nothing was. `unended`: text on stdout whose line feed never came. */
  told(unended = ''): string {
    const stderr = lastLines(this.#begun === '' ? this.#stderr : [...this.#stderr, short(this.#begun)]);
    const open = short(unended);
    const stdout = lastLines(open === '' ? this.#stdout : [...this.#stdout, open]);
    const words = stderr === '' ? '' : `; its last words:\n${stderr}`;
    if (stdout === '') return words;
    return words === '' ? `; its last words on stdout:\n${stdout}` : `${words}\non stdout:\n${stdout}`;
  }

  #heard(line: string): void {
    const text = short(line);
    if (text === '') return;
    keep(this.#stderr, text);
    this.#log?.(`server: ${text}`);
  }
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > KEPT_LINES) lines.shift();
}

function lastLines(lines: readonly string[]): string {
  return lines.slice(-KEPT_LINES).join('\n').slice(-KEPT_CHARACTERS).trim();
}

function short(line: string): string {
  const text = line.trimEnd();
  return text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)}…` : text;
}
