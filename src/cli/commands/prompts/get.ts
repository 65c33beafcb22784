import { readFromServer } from '../../../calls/read.ts';
import { type ListedPrompt, promptAsTool } from '../../../catalog/extras.ts';
import { shownName } from '../../../config/configured-instance.ts';
import { EXIT, ProtocolError, UsageError } from '../../../errors.ts';
import { cachedExtras, fetchExtras } from '../../../instance/extras.ts';
import { isObject, type JsonObject, textOf } from '../../../lib/json/json.ts';
import { counted } from '../../../lib/text/counted.ts';
import { nearestNames } from '../../../lib/text/nearest-names.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { nameableItems, permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { argumentsOfLine } from '../../arguments/own-line.ts';
import { scanFlags } from '../../global-flags/scan.ts';
import { printToolResult } from '../../output/views/outcome-view.ts';

/** `prompts get NAME [--ARGUMENT value...]` */
export async function getPrompt(app: App, words: readonly string[]): Promise<number> {
  const { flags, next } = scanFlags(words);
  app.adopt(flags);
  const [name, ...rest] = words.slice(words[next] === '--' ? next + 1 : next);
  if (name === undefined)
    throw new UsageError('which prompt? prompts get NAME', { hint: `see: ${app.command('prompts')}` });
  const prompt = await promptCalled(app, name);
  const args = await argumentsOfLine(app, promptAsTool(prompt), ['prompts', 'get', shellQuote(name)], rest, {
    type: 'ref/prompt',
    name,
  });
  if (args === undefined) return EXIT.ok;
  using stop = app.stop('the prompt was not read in time');
  await permit(app, 'read', name);
  const result = await readFromServer(app, {
    method: 'prompts/get',
    params: { name, arguments: args },
    list: ['prompts'],
    signal: stop.signal,
  });
  return printPrompt(app, name, result);
}

/** The prompt as it is listed: in the cache, else by the server. Errors: UsageError where there is none; those of connecting. */
async function promptCalled(app: App, name: string): Promise<ListedPrompt> {
  const cached = cachedExtras(app)?.prompts.find((one) => one.name === name);
  if (cached) return cached;
  using stop = app.stop('the prompts were not read in time');
  const { prompts } = await fetchExtras(app, stop.signal, ['prompt']);
  const found = prompts.find((one) => one.name === name);
  if (found) return found;
  const known = (await nameableItems(app, prompts, (one) => [one.name])).map((one) => one.name);
  const near = nearestNames(name, known);
  const whose = shownName(app.instance);
  throw new UsageError(`${whose} has no prompt ${JSON.stringify(name)}`, {
    code: 'unknown_prompt',
    hint: near.length > 0 ? `did you mean ${near.join(', ')}?` : `see: ${app.command('prompts')}`,
  });
}

/** Each message under its role, its content as a tool's is shown; `--quiet`: the contents alone. */
function printPrompt(app: App, name: string, result: JsonObject): number {
  const { printer } = app;
  const { messages } = result;
  if (!Array.isArray(messages))
    throw new ProtocolError('unexpected answer to prompts/get: no messages in it');
  const list = messages.filter(isObject);
  if (printer.json) {
    printer.envelope('prompts get', `${name}: ${counted(list.length, 'message')}`, result);
    return EXIT.ok;
  }
  list.forEach((message, i) => {
    if (!printer.quiet)
      printer.out(`${i > 0 ? '\n' : ''}[${printer.safeLine(textOf(message['role'] ?? ''))}]`);
    // One block each by the specification (PromptMessage); servers send lists as well.
    const { content } = message;
    printToolResult(app, { content: Array.isArray(content) ? content : [content] });
  });
  if (list.length === 0) printer.note('the prompt has no messages');
  return EXIT.ok;
}
