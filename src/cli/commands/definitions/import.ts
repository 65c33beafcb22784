import type { Definition } from '../../../definitions/definition.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { editOwn, readOwn } from '../../../instance/own-definitions.ts';
import { sameJson } from '../../../lib/json/json.ts';
import { namesOfDefinition } from '../../../permissions/known-names.ts';
import { permitAll } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { readGivenFile } from '../../arguments/given-file.ts';
import { toolProblems } from './check-tools.ts';
import { definitionsIn, importError } from './document.ts';

export interface ImportOptions {
  force?: boolean;
  dryRun?: boolean;
  /** What is said when nothing comes of it. */
  outcome?: string | undefined;
}

type Outcome = 'created' | 'replaced' | 'unchanged';

/**
 * `jobs import FILE|-`: all definitions of the document or none. Errors: one UsageError for all that is wrong with them, or for all that exist
 * with other content; ConfigError, IoError.
 */
export async function importDefinitions(app: App, file: string, options: ImportOptions): Promise<number> {
  const text = await readDocument(app, file);
  return importText(app, text, nameOf(file), options);
}

/** The text of a file, or of stdin (`-`). Errors: UsageError for none, IoError. */
export async function readDocument(app: App, file: string): Promise<string> {
  return file === '-' ? app.context.stdin.readAll() : readGivenFile(app, file).text;
}

/** What a document is called in messages. */
export function nameOf(file: string): string {
  return file === '-' ? 'stdin' : file;
}

/** `importDefinitions` for a text at hand. */
export async function importText(
  app: App,
  text: string,
  source: string,
  given: ImportOptions,
): Promise<number> {
  const { printer } = app;
  const { outcome = 'nothing was imported' } = given;
  const options = { ...given, outcome };
  const definitions = definitionsIn(text, source, outcome);
  // Before anybody is asked about tools.
  const stored = await storedIn(app);
  const planned = planImport(new Map(stored), definitions, options);
  for (const [i, { name, outcome }] of planned.entries()) {
    const versions = [definitions[i], stored.get(name)].filter((one) => one !== undefined);
    const names = new Set(versions.flatMap((one) => [...namesOfDefinition(one)]));
    if (outcome !== 'unchanged') await permitAll(app, outcome === 'created' ? 'create' : 'update', names);
  }
  const problems = await toolProblems(app, definitions);
  if (problems.length > 0) throw importError(problems, outcome);
  const items = await store(app, definitions, options);
  const count = (outcome: Outcome) => items.filter((item) => item.outcome === outcome).length;
  const unchanged = count('unchanged');
  const said = `${options.dryRun ? 'would import' : 'imported'} ${items.length}${unchanged > 0 ? ` (${unchanged} unchanged)` : ''}`;
  printer.answer('jobs import', said, {
    dry_run: options.dryRun === true,
    created: count('created'),
    replaced: count('replaced'),
    unchanged,
    items,
  });
  return EXIT.ok;
}

async function store(app: App, definitions: readonly Definition[], options: ImportOptions) {
  if (options.dryRun) return planImport(await storedIn(app), definitions, options);
  return editOwn(app, (stored) => planImport(stored, definitions, options));
}

async function storedIn(app: App): Promise<Map<string, Definition>> {
  return new Map((await readOwn(app, 'current')).definitions.map((one) => [one.name, one]));
}

/** Puts the definitions among the stored ones, and says what became of each. Error: UsageError that names all that it may not replace. */
function planImport(
  stored: Map<string, Definition>,
  definitions: readonly Definition[],
  { force, outcome }: ImportOptions,
): { name: string; tool: string; outcome: Outcome }[] {
  const items = definitions.map((definition) => {
    const { name, tool } = definition;
    const before = stored.get(name);
    const same = before !== undefined && sameJson(before, definition);
    const outcome: Outcome = before === undefined ? 'created' : same ? 'unchanged' : 'replaced';
    return { name, tool, outcome };
  });
  const others = items.filter(({ outcome }) => outcome === 'replaced').map(({ name }) => name);
  if (others.length > 0 && !force)
    throw new UsageError(`${outcome}: defined already, with other content: ${others.join(', ')}`, {
      code: 'exists',
      hint: 'replace with --force',
      details: { names: others },
    });
  for (const [i, definition] of definitions.entries())
    if (items[i]?.outcome !== 'unchanged') stored.set(definition.name, definition);
  return items;
}
