import { createInterface } from 'node:readline/promises';
import type { Answer } from '../../jobs/ports.ts';
import { type FormField, fieldProblem, formFields } from '../../jobs/questions/form.ts';
import { isWebPage } from '../../jobs/questions/web-page.ts';
import type { PendingInput } from '../../jobs/record.ts';
import { carryNumber, noteNumber, parseJson } from '../../lib/json/exact-json.ts';
import { setOwn, textAt } from '../../lib/json/json.ts';
import { visibleLine } from '../../lib/text/visible.ts';
import { fitLines } from '../../lib/text/word-wrap.ts';
import { readNumber } from '../../tools/flags/read-value.ts';

/** The person's terminal. */
export interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream & { columns?: number };
}

interface Conversation {
  say(text: string): void;
  ask(prompt: string): Promise<string>;
}

/**
 * Puts a server's question (MCP elicitation) to the person on the terminal, field by field from its requested schema. An empty line takes the
 * default, or leaves an optional field out; `!decline` and `!cancel` end the form, and so does ^D. A URL is shown whole, and never opened.
 * Error: the signal's reason, when nobody is asked any more.
 */
export function askOnTerminal(
  streams: Terminal,
  question: PendingInput,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return questions(streams, signal, async (talk) => {
    const { params } = question;
    talk.say(`The server asks: ${visibleLine(String(params['message'] ?? ''))}`);
    if (params['mode'] === 'url') return await askAboutUrl(talk, String(params['url'] ?? ''));
    return await askForm(talk, formFields(params['requestedSchema']));
  });
}

/** Asks the person whether to go on; ^D is a no. Error: the signal's reason. */
export async function askWhether(
  streams: Terminal,
  what: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { action } = await questions(streams, signal, (talk) => confirm(talk, what));
  return action === 'accept';
}

/** The terminal for a while. ^D gives no answer. */
async function questions(
  streams: Terminal,
  signal: AbortSignal | undefined,
  hold: (talk: Conversation) => Promise<Answer>,
): Promise<Answer> {
  const terminal = createInterface({ ...streams, terminal: true });
  // The terminal is in raw mode here: ^C comes as a key, and must do what it does elsewhere.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await hold({
      say: (text) => void streams.output.write(`${fitLines(text, streams.output.columns || 80)}\n`),
      ask: (prompt) =>
        terminal.question(prompt, signal ? { signal } : {}).catch((error: unknown) => {
          // What is said next does not stand behind the prompt.
          streams.output.write('\n');
          throw error;
        }),
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if ((error as Error).name === 'AbortError') return { action: 'cancel' };
    throw error;
  } finally {
    terminal.close();
  }
}

async function askAboutUrl(talk: Conversation, url: string): Promise<Answer> {
  if (!isWebPage(url)) {
    talk.say(`It wants a page opened that is not http(s), which is refused: ${visibleLine(url)}`);
    return { action: 'decline' };
  }
  talk.say(`It wants you to open this page yourself: ${visibleLine(url)}`);
  return confirm(talk, 'Go on?');
}

/** Nothing is accepted without a word: also where there is nothing to fill in. */
async function confirm(talk: Conversation, what: string): Promise<Answer> {
  for (;;) {
    const said = (await talk.ask(`${what} [y/n] `)).trim().toLowerCase();
    if (said === 'y' || said === 'yes') return { action: 'accept' };
    if (said === 'n' || said === 'no' || said === '!decline') return { action: 'decline' };
    if (said === '!cancel') return { action: 'cancel' };
  }
}

async function askForm(talk: Conversation, fields: readonly FormField[]): Promise<Answer> {
  if (fields.length === 0) {
    const { action } = await confirm(talk, 'Accept?');
    return action === 'accept' ? { action, content: {} } : { action };
  }
  talk.say('(an empty line takes the default; !decline says no, !cancel gives no answer)');
  const content: Record<string, unknown> = {};
  for (const field of fields) {
    talk.say(fieldText(field));
    for (;;) {
      const typed = await talk.ask('  > ');
      if (typed.trim() === '!decline') return { action: 'decline' };
      if (typed.trim() === '!cancel') return { action: 'cancel' };
      const read = readField(typed, field);
      if ('problem' in read) {
        talk.say(`  ${visibleLine(read.problem)}`);
        continue;
      }
      if (read.value !== undefined) {
        setOwn(content, field.name, read.value);
        carryNumber(read, 'value', content, field.name);
      }
      break;
    }
  }
  return { action: 'accept', content };
}

/** What is asked about one field: its name, what it takes, its default; choices with titles on lines of their own. */
export function fieldText(field: FormField): string {
  const { name, title, description, choices, required } = field;
  const titled = choices.some((choice) => choice.title !== undefined);
  const kind =
    field.kind === 'choice' || field.kind === 'choices'
      ? `${field.kind === 'choice' ? 'one of' : `${amount(field)}, comma-separated, of`}${titled ? '' : ` ${choices.map((choice) => textAt(choice, 'value')).join(', ')}`}`
      : [field.kind === 'other' ? 'JSON' : field.kind, field.schema['format']]
          .filter((part) => typeof part === 'string')
          .join(', ');
  const head = `${name}${title === undefined || title === name ? '' : ` (${title})`}${description === undefined ? '' : ` - ${description}`}`;
  const fallback = field.default === undefined ? '' : ` [${defaultText(field)}]`;
  const width = Math.max(...choices.map((choice) => textAt(choice, 'value').length));
  const lines = titled
    ? choices.map(
        (choice) =>
          `\n    ${visibleLine(`${textAt(choice, 'value').padEnd(width)}  ${choice.title ?? ''}`.trimEnd())}`,
      )
    : [];
  return `  ${visibleLine(`${head}: ${kind}${required ? '' : ', optional'}${fallback}`)}${lines.join('')}`;
}

function amount({ schema: { minItems, maxItems }, required }: FormField): string {
  const least = typeof minItems === 'number' ? minItems : required ? 1 : 0;
  if (typeof maxItems === 'number') return least === maxItems ? `${least}` : `${least} to ${maxItems}`;
  return least === 0 ? 'any' : `${least} or more`;
}

function defaultText(field: FormField): string {
  const { default: value } = field;
  if (Array.isArray(value)) return value.map((_, i) => textAt(value, i)).join(', ');
  return value === '' ? '""' : textAt(field, 'default');
}

/** A typed line as a field's value, or what is wrong with it. Exported for tests. */
export function readField(typed: string, field: FormField): ReadValue | { problem: string } {
  const text = typed.trim();
  if (text === '') {
    if (field.default !== undefined) return readValueAt(field, 'default');
    return field.required ? { problem: 'a value is required' } : { value: undefined };
  }
  const meant = meaningOf(text, typed, field);
  const problem = meant.value === undefined ? 'not JSON' : fieldProblem(field, meant);
  return problem === undefined ? meant : { problem };
}

/** What the text means in this field, as far as it means anything: whether it fits is another question. */
function meaningOf(text: string, typed: string, field: FormField): ReadValue {
  switch (field.kind) {
    case 'boolean':
      if (/^(y|yes|true)$/i.test(text)) return { value: true };
      return { value: /^(n|no|false)$/i.test(text) ? false : text };
    case 'number':
    case 'integer': {
      const read = readNumber(text, field.kind === 'integer');
      return 'value' in read ? read : { value: text };
    }
    case 'choice':
      return meant(text, field);
    case 'choices': {
      const listed = text.startsWith('[') ? parsed(text) : undefined;
      if (Array.isArray(listed?.value)) return listed;
      const list: unknown[] = [];
      for (const part of text.split(',')) {
        const one = meant(part.trim(), field);
        carryNumber(one, 'value', list, list.push(one.value) - 1);
      }
      return { value: list };
    }
    case 'other':
      return parsed(text);
    default:
      return { value: field.schema['format'] === undefined ? typed : text };
  }
}

/** The choice that is called so, or titled so. */
function meant(text: string, { choices }: FormField): ReadValue {
  const same = (one: string) => one.toLowerCase() === text.toLowerCase();
  const choice =
    choices.find((one) => textAt(one, 'value') === text) ??
    choices.find((one) => same(textAt(one, 'value'))) ??
    choices.find((one) => one.title !== undefined && same(one.title));
  return choice ? readValueAt(choice, 'value') : { value: text };
}

function parsed(text: string): ReadValue {
  try {
    const value = parseJson(text);
    const one: ReadValue = { value };
    if (typeof value === 'number') noteNumber(one, 'value', text);
    return one;
  } catch {
    return { value: undefined };
  }
}

/** A value, and the text of a number beside it. */
interface ReadValue {
  value: unknown;
}

function readValueAt(holder: object, key: string): ReadValue {
  const one: ReadValue = { value: (holder as Record<string, unknown>)[key] };
  carryNumber(holder, key, one, 'value');
  return one;
}
