import { readFromServer } from '../../../calls/read.ts';
import { templateAsTool } from '../../../catalog/extras.ts';
import { expandTemplate, isTemplate } from '../../../catalog/uri-template.ts';
import { EXIT, ProtocolError, UsageError } from '../../../errors.ts';
import { cachedExtras } from '../../../instance/extras.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import { counted } from '../../../lib/text/counted.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { argumentsOfLine } from '../../arguments/own-line.ts';
import { scanFlags } from '../../global-flags/scan.ts';
import { textFlag } from '../../global-flags/values.ts';
import { saveContents } from '../../output/save.ts';
import { contentText, printContents } from '../../output/views/contents-view.ts';

/** `resources read URI|TEMPLATE [--VARIABLE value...] [--save FILE|DIR]` */
export async function readResource(app: App, words: readonly string[]): Promise<number> {
  const { flags, next } = scanFlags(words);
  app.adopt(flags);
  const [target, ...rest] = words.slice(words[next] === '--' ? next + 1 : next);
  if (target === undefined || target === '')
    throw new UsageError('which resource? resources read URI|TEMPLATE', {
      hint: `see: ${app.command('resources')}`,
    });
  const tool = isTemplate(target)
    ? templateAsTool(target, listedTemplate(app, target))
    : { name: target, inputSchema: NO_FLAGS };
  const args = await argumentsOfLine(app, tool, ['resources', 'read', shellQuote(target)], rest, {
    type: 'ref/resource',
    uri: target,
  });
  if (args === undefined) return EXIT.ok;
  const uri = isTemplate(target) ? await expandTemplate(target, args as Record<string, string>) : target;
  using stop = app.stop('the resource was not read in time');
  await permit(app, 'read', uri);
  const result = await readFromServer(app, {
    method: 'resources/read',
    params: { uri },
    list: ['resources'],
    signal: stop.signal,
  });
  return printRead(app, uri, result);
}

const NO_FLAGS = { type: 'object', properties: {}, additionalProperties: false };

/** What the server says of a template, as far as that is cached: its help shows it. */
function listedTemplate(app: App, template: string): JsonObject {
  return cachedExtras(app)?.templates.find(({ uriTemplate }) => uriTemplate === template) ?? {};
}

function printRead(app: App, uri: string, result: JsonObject): number {
  const { printer } = app;
  const { contents } = result;
  if (!Array.isArray(contents))
    throw new ProtocolError('unexpected answer to resources/read: no contents in it');
  const parts = contents.filter(isObject);
  const to = textFlag(app.flags, 'save');
  const saved = to === undefined ? undefined : saveContents(parts, to);
  const summary = saved ? `saved: ${saved.join(', ')}` : counted(parts.length, 'part');
  if (printer.json) printer.envelope('resources read', `${uri}: ${summary}`, result);
  else if (saved && printer.quiet) for (const path of saved) printer.out(printer.safeLine(path));
  else if (saved) for (const [i, part] of parts.entries()) printer.out(contentText(part, saved[i]));
  else printContents(printer, parts);
  if (parts.length === 0) printer.note('the resource has no content');
  return EXIT.ok;
}
