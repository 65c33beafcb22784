import type { Answer } from '../../jobs/ports.ts';
import { type FormField, formDefaults, formFields, formProblems } from '../../jobs/questions/form.ts';
import { isWebPage } from '../../jobs/questions/web-page.ts';
import type { PendingInput } from '../../jobs/record.ts';
import { merged } from '../../lib/json/exact-json.ts';
import { type JsonObject, textAt } from '../../lib/json/json.ts';
import { visibleLine } from '../../lib/text/visible.ts';
import { buildArguments } from '../../tools/flags/build-arguments.ts';
import type { Assignment } from '../../tools/flags/parse-line.ts';
import { readFlag } from '../../tools/flags/read-flag.ts';
import { plainAt, readWord, type WordResult } from '../../tools/flags/read-value.ts';
import { validateArguments } from '../../tools/flags/validate.ts';
import { yesOrNo } from './flag-values.ts';
import { onTerminal, type Session, type Terminal } from './session.ts';

/**
 * Puts a server's question (MCP elicitation) to the person on the terminal, field by field from its requested schema. An empty line takes the
 * default, or leaves an optional field out; `!decline` and `!cancel` end the form, and so does ^D. A URL is shown whole, and never opened.
 * Error: the signal's reason, when nobody is asked any more.
 */
export async function askOnTerminal(
  streams: Terminal,
  { params }: PendingInput,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const answer = await onTerminal(streams, signal, (session) => {
    session.say(`The server asks: ${visibleLine(String(params['message'] ?? ''))}`);
    if (params['mode'] === 'url') return askAboutUrl(session, String(params['url'] ?? ''));
    return askForm(session, params['requestedSchema'], signal);
  });
  return answer ?? { action: 'cancel' };
}

/** Asks the person whether to go on; ^D is a no. Error: the signal's reason. */
export async function askWhether(
  streams: Terminal,
  what: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const answer = await onTerminal(streams, signal, (session) => confirm(session, what));
  return answer?.action === 'accept';
}

async function askAboutUrl(session: Session, url: string): Promise<Answer> {
  if (!isWebPage(url)) {
    session.say(`It wants a page opened that is not http(s), which is refused: ${visibleLine(url)}`);
    return { action: 'decline' };
  }
  session.say(`It wants you to open this page yourself: ${visibleLine(url)}`);
  return confirm(session, 'Go on?');
}

/** Nothing is accepted without a word: also where there is nothing to fill in. */
async function confirm(session: Session, what: string): Promise<Answer> {
  for (;;) {
    const said = (await session.ask(`${what} [y/n] `)).trim().toLowerCase();
    if (said === 'y' || said === 'yes') return { action: 'accept' };
    if (said === 'n' || said === 'no' || said === '!decline') return { action: 'decline' };
    if (said === '!cancel') return { action: 'cancel' };
  }
}

async function askForm(session: Session, schema: unknown, signal?: AbortSignal): Promise<Answer> {
  const fields = formFields(schema);
  if (fields.length === 0) {
    const { action } = await confirm(session, 'Accept?');
    return action === 'accept' ? { action, content: {} } : { action };
  }
  session.say('(an empty line takes the default; !decline says no, !cancel gives no answer)');
  const assignments: Assignment[] = [];
  for (const field of fields) {
    session.say(fieldText(field));
    for (;;) {
      const typed = await session.ask('  > ');
      if (typed.trim() === '!decline') return { action: 'decline' };
      if (typed.trim() === '!cancel') return { action: 'cancel' };
      if (typed.trim() === '' && !field.flag.mustBeGiven) break;
      const read = await readField(typed, field, schema, signal);
      if ('path' in read) {
        assignments.push(read);
        break;
      }
      session.say(`  ${visibleLine(read.problem)}`);
    }
  }
  return { action: 'accept', content: merged(formDefaults(fields), buildArguments({}, assignments)) };
}

/** What is asked about one field: its name, what it takes, its default; choices with titles on lines of their own. */
export function fieldText(field: FormField): string {
  const { flag, titles } = field;
  const { exact, title, description } = flag;
  const head = `${exact}${title === undefined || title === exact ? '' : ` (${title})`}${description === undefined ? '' : ` - ${description}`}`;
  const fallback = flag.default === undefined ? '' : ` [${defaultText(flag)}]`;
  const lines: string[] = [];
  if (titles.size > 0) {
    const texts = textsOf(flag.values);
    const width = Math.max(...texts.map((text) => text.length));
    for (const text of texts)
      lines.push(`\n    ${visibleLine(`${text.padEnd(width)}  ${titles.get(text) ?? ''}`.trimEnd())}`);
  }
  return `  ${visibleLine(`${head}: ${takes(field)}${flag.required ? '' : ', optional'}${fallback}`)}${lines.join('')}`;
}

/** What a field takes, in a few words. */
function takes({ flag, titles, schema }: FormField): string {
  const choices = titles.size > 0 ? '' : ` ${textsOf(flag.values).join(', ')}`;
  if (flag.kind === 'enum') return `one of${choices}`;
  if (flag.kind === 'array' && flag.values)
    return `${amount(schema, flag.required)}, comma-separated, of${choices}`;
  const name = ['array', 'object', 'json'].includes(flag.kind) ? 'JSON' : flag.kind;
  return flag.format === undefined ? name : `${name}, ${flag.format}`;
}

function amount({ minItems, maxItems }: JsonObject, required: boolean): string {
  const least = typeof minItems === 'number' ? minItems : required ? 1 : 0;
  if (typeof maxItems === 'number') return least === maxItems ? `${least}` : `${least} to ${maxItems}`;
  return least === 0 ? 'any' : `${least} or more`;
}

function defaultText(holder: FormField['flag']): string {
  const { default: value } = holder;
  return Array.isArray(value) ? textsOf(value).join(', ') : plainAt(holder, 'default');
}

function textsOf(values: readonly unknown[] = []): string[] {
  return values.map((_, i) => textAt(values, i));
}

/** A typed line as a field's value, checked alone, or what is wrong with it. Exported for tests. */
export async function readField(
  typed: string,
  field: FormField,
  schema: unknown,
  signal?: AbortSignal,
): Promise<Assignment | { problem: string }> {
  const read = typed.trim() === '' ? { problem: 'a value is required' } : readTyped(typed, field);
  if ('problem' in read) return read;
  const flag = `--${field.flag.name}`;
  const assignment = { ...read, path: field.flag.path, flag };
  const content = buildArguments({}, [assignment]);
  const form = { name: 'the form', inputSchema: schema as JsonObject };
  const { problems } = await validateArguments(form, content, { signal });
  const wrong = [...problems, ...formProblems([field], content)].find((problem) => problem.flag === flag);
  return wrong ? { problem: wrong.message.slice(`${flag}: `.length) } : assignment;
}

/** What a line says: a list is on one line, and a choice may be called by its title. */
function readTyped(typed: string, field: FormField): WordResult {
  const { flag } = field;
  const text = typed.trim();
  const isList = flag.kind === 'array';
  if (flag.kind === 'boolean') return readFlag(flag, [yesOrNo(text)]);
  if (isList && (!flag.values || text.startsWith('['))) return readWord(text, [{ type: 'array' }]);
  if (!flag.values)
    return readFlag(flag, [flag.kind === 'string' && flag.format === undefined ? typed : text]);
  const words = isList ? text.split(',') : [text];
  return readFlag(
    flag,
    words.map((word) => choiceFor(word.trim(), field)),
  );
}

/** The choice that is called so, or titled so, as it is typed on a command line. */
function choiceFor(word: string, { flag, titles }: FormField): string {
  const texts = textsOf(flag.values);
  const same = (one: string | undefined) => one?.toLowerCase() === word.toLowerCase();
  if (texts.includes(word)) return word;
  return texts.find(same) ?? texts.find((text) => same(titles.get(text))) ?? word;
}
