import type { StoredWorkflow } from '../../../definitions/read.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { readOwn } from '../../../instance/own-definitions.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { counted } from '../../../lib/text/counted.ts';
import { visibleJson } from '../../../lib/text/visible.ts';
import { namesOfDefinition } from '../../../permissions/known-names.ts';
import { permit, permitAll, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { definitionLine, definitionTable } from '../../output/views/definition-view.ts';
import { unknownDefinition } from './define.ts';
import { EXPORT_VERSION } from './document.ts';

/** `jobs definitions`: all of them, by name; the server is not asked. */
export async function listDefinitions(app: App): Promise<number> {
  const { printer } = app;
  await permit(app, 'list');
  const file = await readOwn(app, 'listed');
  const workflows = await permittedItems(app, file.workflows, ({ name }) => [name]);
  const items = [
    ...(await permittedItems(app, file.definitions, namesOfDefinition)),
    ...workflows.map((one) => ({ kind: 'workflow' as const, ...one })),
  ];
  if (printer.listed('jobs definitions', counted(items.length, 'definition'), items)) return EXIT.ok;
  if (items.length > 0)
    printer.out(
      printer.outTTY
        ? definitionTable(items, await app.palette())
        : items.map((item) => definitionLine(item)).join('\n'),
    );
  else if (printer.outTTY) printer.note('no jobs are defined here');
  return EXIT.ok;
}

/**
 * `jobs export [NAME...]`: the same document in every format, so that it can go into a file as it is; for a workflow the document that
 * `jobs define` takes. Errors: UsageError for an unknown name, PermissionError for one that may not be listed.
 */
export async function exportDefinitions(app: App, names: readonly string[]): Promise<number> {
  const { definitions: all, workflows } = await readOwn(app, 'current');
  const workflow = workflows.find(({ name }) => names.includes(name));
  if (workflow) {
    if (names.length > 1)
      throw new UsageError(`${workflow.name} is a workflow, which is exported alone: a document each`, {
        command: ['jobs', 'export', workflow.name],
      });
    await permit(app, 'list', workflow.name);
    return printDocument(app, workflow);
  }
  const missing = names.find((name) => !all.some((one) => one.name === name));
  if (missing !== undefined) throw await unknownDefinition(app, missing);
  if (names.length === 0) await permit(app, 'list');
  const named = all.filter((one) => names.includes(one.name));
  for (const one of named) await permitAll(app, 'list', namesOfDefinition(one));
  const definitions = names.length === 0 ? await permittedItems(app, all, namesOfDefinition) : named;
  const others: readonly StoredWorkflow[] =
    names.length > 0 ? [] : await permittedItems(app, workflows, (one: StoredWorkflow) => [one.name]);
  for (const { name } of others)
    app.printer.note(`the workflow ${name} is a document of its own: ${app.command('jobs', 'export', name)}`);
  return printDocument(app, { mcp2cli_definitions: EXPORT_VERSION, definitions });
}

function printDocument({ printer }: App, document: object): number {
  const text = stringifyJson(document, 2);
  printer.out(printer.outTTY ? visibleJson(text) : text);
  return EXIT.ok;
}
