import { type CatalogEntry, ENTRY_KINDS, type EntryFilter, matches } from '../../catalog/entry.ts';
import { EXTRA_KINDS, type Extra, extrasIn, hasText } from '../../catalog/extras.ts';
import type { LeftOut } from '../../catalog/left-out.ts';
import { parseLabels, parseTags } from '../../config/settings/tags.ts';
import { EXIT, UsageError } from '../../errors.ts';
import { entriesOn, listable, listedEntries, toolsLeftOut } from '../../instance/entries.ts';
import { extrasForList } from '../../instance/extras.ts';
import { permit, permittedItems } from '../../permissions/permit.ts';
import type { App } from '../app.ts';
import { entryItem, entryLines, entryRows, entrySignatures, rowLines } from '../output/views/entry-view.ts';
import { countsOf, countText, extraItem, extraRow } from '../output/views/extras-view.ts';
import { tellLeftOut } from '../output/views/left-out-view.ts';

export interface LsOptions {
  allInstances?: boolean;
  tag?: string[];
  label?: string[];
  query?: string;
  filter?: string;
  long?: boolean;
  all?: boolean;
  kind?: string[];
}

/** What a list may have, in the order of lists. */
const KINDS = [...ENTRY_KINDS, ...EXTRA_KINDS] as const;

/** `ls`: what the server offers, and the definitions of our own. */
export async function list(app: App, options: LsOptions): Promise<number> {
  const { printer } = app;
  const filter = filterOf(options);
  const kinds = kindsOf(options.kind);
  const isWanted = wantedKinds(kinds);
  using stop = app.stop('the catalogue was not read in time');
  const entries = (await listedEntries(app, { all: options.all ?? false, signal: stop.signal })).filter(
    isWanted,
  );
  const wanted = filter ? await filtered(app, entries, filter, stop.signal) : entries;
  // They have neither tags nor labels.
  const isMarked = (options.tag?.length ?? 0) + (options.label?.length ?? 0) > 0;
  const extras =
    isMarked || !wantsExtras(kinds) ? [] : (await listedExtras(app, stop.signal)).filter(isWanted);
  const found = extras.filter((extra) => hasText(extra, filter?.query ?? ''));
  const leftOut = await toolsLeftOut(app, stop.signal);
  printAll(app, 'ls', { entries: wanted, extras: found, leftOut }, options.long);
  if (wanted.length + found.length === 0)
    printer.note(entries.length + extras.length > 0 ? 'nothing fits the filter' : nothing(options.kind));
  tellLeftOut(printer, leftOut);
  return EXIT.ok;
}

/** `refresh`: reads the catalogue again. */
export async function refresh(app: App): Promise<number> {
  const { printer } = app;
  using stop = app.stop('the catalogue was not read in time');
  await permit(app, 'list');
  await (await app.session()).refresh(stop.signal);
  const { fetchExtras } = await import('../../instance/extras.ts');
  await fetchExtras(app, stop.signal);
  const entries = (await listable(app, await entriesOn(app, stop.signal), false)).filter(wantedKinds());
  const leftOut = await toolsLeftOut(app, stop.signal);
  const all = { entries, extras: await listedExtras(app, stop.signal), leftOut };
  if (printer.json) printAll(app, 'refresh', all);
  else printer.out(countText(countsOf([...all.entries, ...all.extras]), KINDS));
  tellLeftOut(printer, leftOut);
  return EXIT.ok;
}

/** Errors: UsageError for a kind that nobody knows. */
export function kindsOf(typed: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (typed === undefined) return undefined;
  const kinds = typed.flatMap((one) => one.split(',')).map((one) => one.trim().replace(/s$/, ''));
  const wrong = kinds.find((kind) => !(KINDS as readonly string[]).includes(kind));
  if (wrong !== undefined)
    throw new UsageError(`--kind: no such kind: ${JSON.stringify(wrong)}`, {
      hint: `one of ${KINDS.join(', ')}`,
    });
  return new Set(kinds);
}

/** What a list has: of what is a tool and a job at once the tool, unless jobs are asked for. */
export function wantedKinds(
  kinds?: ReadonlySet<string>,
): (entry: Pick<CatalogEntry, 'sameAsTool'> & { kind: string }) => boolean {
  return ({ kind, sameAsTool }) => (kinds ? kinds.has(kind) : sameAsTool !== true);
}

function wantsExtras(kinds: ReadonlySet<string> | undefined): boolean {
  return kinds === undefined || EXTRA_KINDS.some((kind) => kinds.has(kind));
}

function nothing(kind: readonly string[] | undefined): string {
  return kind === undefined ? 'the server offers no tools' : 'the server offers nothing of this kind';
}

/** What the server offers beside its tools, as far as the rules let it be listed. */
async function listedExtras(app: App, signal: AbortSignal): Promise<readonly Extra[]> {
  const extras = extrasIn(await extrasForList(app, signal));
  return extras.length === 0 ? extras : permittedItems(app, extras, ({ id }) => [id]);
}

interface All {
  entries: readonly CatalogEntry[];
  extras: readonly Extra[];
  leftOut: readonly LeftOut[];
}

/** On a terminal a list of everything has so many of these, and says how the others are seen. */
const MOST_EXTRAS = 20;

function printAll(app: App, command: string, all: All, long = false): void {
  const { printer } = app;
  const { entries, extras, leftOut } = all;
  const items = [...entries.map(entryItem), ...extras.map(extraItem)];
  const counts = countsOf([...entries, ...extras]);
  const data = { items, counts, ...(leftOut.length > 0 ? { left_out: leftOut } : {}) };
  if (!printer.listed(command, countText(counts, KINDS), items, data)) printLines(app, all, long);
}

function printLines(app: App, { entries, extras }: All, long: boolean): void {
  const { printer } = app;
  if (extras.length === 0) {
    if (entries.length > 0)
      printer.out(long ? entrySignatures(printer, entries) : entryLines(printer, entries));
    return;
  }
  const shown = printer.outTTY ? extras.slice(0, MOST_EXTRAS) : extras;
  if (long && entries.length > 0) printer.out(entrySignatures(printer, entries));
  const rows = [...(long ? [] : entryRows(entries)), ...shown.map(extraRow)];
  if (rows.length > 0) printer.out(rowLines(printer, rows, true));
  const left = extras.slice(shown.length);
  if (left.length > 0)
    printer.note(
      `and ${countText(countsOf(left), KINDS)} more: ${app.command('resources')}, ${app.command('prompts')}`,
    );
}

/** Error: UsageError for a label without a value. */
export function filterOf({
  tag = [],
  label = [],
  filter = '',
  query = filter,
}: LsOptions): EntryFilter | undefined {
  if (tag.length + label.length === 0 && query === '') return undefined;
  return { tags: parseTags(tag, '--tag'), labels: parseLabels(label, '--label'), query };
}

/** A server does not list the labels of its workflows, but knows them: it is asked which have these. */
async function filtered(
  app: App,
  entries: readonly CatalogEntry[],
  filter: EntryFilter,
  signal: AbortSignal,
): Promise<CatalogEntry[]> {
  const isOfServer = ({ kind, viaTool }: CatalogEntry) => kind === 'workflow' && viaTool !== undefined;
  const asked = Object.keys(filter.labels).length > 0 && entries.some(isOfServer);
  if (!asked) return entries.filter((entry) => matches(entry, filter));
  const { listJobs } = await import('../../mcp/dialects/frontmcp/registry.ts');
  const callTool = await (await app.session()).toolCaller(signal);
  const labelled = await listJobs(callTool, 'workflows', { labels: filter.labels }, { signal });
  const names = new Set(labelled.map(({ name }) => name));
  return entries.filter((entry) =>
    isOfServer(entry)
      ? names.has(entry.name) && matches(entry, { ...filter, labels: {} })
      : matches(entry, filter),
  );
}
