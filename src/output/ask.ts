import { createInterface, type Interface } from 'node:readline/promises';
import type { Answer } from '../jobs/ports.ts';
import type { PendingInput } from '../jobs/record.ts';
import type { Printer } from './printer.ts';
import { visibleLine } from './visible.ts';

type Schema = Record<string, unknown>;

/**
 * Puts a server's question (MCP elicitation) to the person on the terminal, field by field from its requested schema: strings, numbers,
 * integers, booleans, one or several of a list. An empty line takes the default, or leaves an optional field out; `!decline` and
 * `!cancel` end the form. A URL is shown whole, and never opened.
 */
export async function askOnTerminal(
  printer: Printer,
  streams: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream },
  question: PendingInput,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const terminal = createInterface({ ...streams, terminal: true });
  const ask = (prompt: string) => terminal.question(prompt, signal ? { signal } : {});
  // The terminal is in raw mode here: ^C comes as a key, and must do what it does elsewhere.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const { params } = question;
    printer.note(`The server asks: ${visibleLine(String(params['message'] ?? ''))}`);
    if (params['mode'] === 'url') return await askAboutUrl(printer, ask, String(params['url'] ?? ''));
    printer.note('(an empty line takes the default; !decline says no, !cancel gives no answer)');
    return await askForm(printer, ask, params['requestedSchema']);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // ^D: no answer was given.
    if ((error as Error).name === 'AbortError') return { action: 'cancel' };
    throw error;
  } finally {
    closeQuietly(terminal);
  }
}

function closeQuietly(terminal: Interface): void {
  terminal.close();
}

async function askAboutUrl(
  printer: Printer,
  ask: (p: string) => Promise<string>,
  url: string,
): Promise<Answer> {
  if (!/^https?:\/\//i.test(url)) {
    printer.note(`It wants a page opened that is not http(s), which is refused: ${visibleLine(url)}`);
    return { action: 'decline' };
  }
  printer.note(`It wants you to open this page yourself: ${visibleLine(url)}`);
  return confirm(ask, 'Go on?');
}

/** Nothing is accepted without a word: also where there is nothing to fill in. */
async function confirm(ask: (p: string) => Promise<string>, what: string): Promise<Answer> {
  for (;;) {
    const said = (await ask(`${what} [y/n] `)).trim().toLowerCase();
    if (said === 'y' || said === 'yes') return { action: 'accept' };
    if (said === 'n' || said === 'no' || said === '!decline') return { action: 'decline' };
    if (said === '!cancel') return { action: 'cancel' };
  }
}

async function askForm(
  printer: Printer,
  ask: (p: string) => Promise<string>,
  requested: unknown,
): Promise<Answer> {
  const schema = isObject(requested) ? requested : {};
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  if (Object.keys(properties).length === 0) return confirm(ask, 'Accept?');
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const content: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(properties)) {
    const property = isObject(field) ? field : {};
    for (;;) {
      const typed = await ask(promptFor(name, property, required.has(name)));
      if (typed === '!decline') return { action: 'decline' };
      if (typed === '!cancel') return { action: 'cancel' };
      const read = readField(typed, property, required.has(name));
      if ('problem' in read) {
        printer.note(`  ${read.problem}`);
        continue;
      }
      if (read.value !== undefined) setOwn(content, name, read.value);
      break;
    }
  }
  return { action: 'accept', content };
}

/** Assigns as data, so that a property called `__proto__` is a property. */
function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function promptFor(name: string, field: Schema, required: boolean): string {
  const title = typeof field['title'] === 'string' && field['title'] !== name ? ` (${field['title']})` : '';
  const about = typeof field['description'] === 'string' ? ` - ${field['description']}` : '';
  const choices = choicesOf(field);
  const kind = choices
    ? `one${field['type'] === 'array' ? ' or more, comma-separated' : ''} of ${choices.join(', ')}`
    : typeOf(field);
  const fallback = field['default'] === undefined ? '' : ` [${JSON.stringify(field['default'])}]`;
  const asked = `${name}${title}${about}: ${kind}${required ? '' : ', optional'}${fallback}`;
  return `  ${visibleLine(asked)}\n  > `;
}

function typeOf(field: Schema): string {
  return typeof field['type'] === 'string' ? field['type'] : 'string';
}

/** The values that a field allows: `enum`, or titled `oneOf`/`anyOf` constants, of the field or its items. */
function choicesOf(field: Schema): string[] | undefined {
  const source = field['type'] === 'array' && isObject(field['items']) ? field['items'] : field;
  if (Array.isArray(source['enum'])) return source['enum'].map(String);
  const titled = source['oneOf'] ?? source['anyOf'];
  if (Array.isArray(titled)) return titled.filter(isObject).map((option) => String(option['const']));
  return undefined;
}

/** A typed line as a field's value, or what is wrong with it. Exported for tests. */
export function readField(
  typed: string,
  field: Schema,
  required: boolean,
): { value: unknown } | { problem: string } {
  const text = typed.trim();
  if (text === '') {
    if (field['default'] !== undefined) return { value: field['default'] };
    return required ? { problem: 'a value is required' } : { value: undefined };
  }
  const choices = choicesOf(field);
  if (choices) {
    const picked = field['type'] === 'array' ? text.split(',').map((part) => part.trim()) : [text];
    const wrong = picked.find((one) => !choices.includes(one));
    if (wrong !== undefined) return { problem: `not one of ${choices.join(', ')}: ${visibleLine(wrong)}` };
    return { value: field['type'] === 'array' ? picked : text };
  }
  return readScalar(text, typed, field);
}

function readScalar(text: string, typed: string, field: Schema): { value: unknown } | { problem: string } {
  const type = typeOf(field);
  if (type === 'boolean') {
    if (/^(y|yes|true)$/i.test(text)) return { value: true };
    if (/^(n|no|false)$/i.test(text)) return { value: false };
    return { problem: 'yes or no' };
  }
  if (type === 'number' || type === 'integer') {
    const value = Number(text);
    if (!Number.isFinite(value) || (type === 'integer' && !Number.isInteger(value)))
      return { problem: type === 'integer' ? 'not a whole number' : 'not a number' };
    const { minimum, maximum } = field;
    if (typeof minimum === 'number' && value < minimum) return { problem: `at least ${minimum}` };
    if (typeof maximum === 'number' && value > maximum) return { problem: `at most ${maximum}` };
    return { value };
  }
  const { minLength, maxLength } = field;
  if (typeof minLength === 'number' && typed.length < minLength)
    return { problem: `at least ${minLength} characters` };
  if (typeof maxLength === 'number' && typed.length > maxLength)
    return { problem: `at most ${maxLength} characters` };
  return { value: typed };
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
