import { type CatalogEntry, type EntryFilter, matches } from '../../catalog/entry.ts';
import type { LeftOut } from '../../catalog/left-out.ts';
import { parseLabels, parseTags } from '../../config/tags.ts';
import { EXIT } from '../../errors.ts';
import { entriesOn, listable, listedEntries, toolsLeftOut } from '../../instance/entries.ts';
import { permit } from '../../permissions/permit.ts';
import type { App } from '../app.ts';
import { entryItem, entryLines, entrySignatures } from '../output/entry-view.ts';

export interface LsOptions {
  tag?: string[];
  label?: string[];
  query?: string;
  filter?: string;
  long?: boolean;
  all?: boolean;
}

/** `ls`: what the server offers, and the definitions of our own. */
export async function list(app: App, options: LsOptions): Promise<number> {
  const { printer } = app;
  const filter = filterOf(options);
  const stop = app.stop('the catalogue was not read in time');
  try {
    const entries = await listedEntries(app, { all: options.all ?? false, signal: stop.signal });
    const wanted = filter ? await filtered(app, entries, filter, stop.signal) : entries;
    const leftOut = await toolsLeftOut(app, stop.signal);
    printOffers(app, 'ls', wanted, { leftOut, long: options.long });
    if (wanted.length === 0)
      printer.note(entries.length === 0 ? 'the server offers no tools' : 'nothing matches');
    tellLeftOut(app, leftOut);
    return EXIT.ok;
  } finally {
    stop.dispose();
  }
}

/** `refresh`: reads the catalogue again. */
export async function refresh(app: App): Promise<number> {
  const { printer } = app;
  const stop = app.stop('the catalogue was not read in time');
  try {
    await permit(app, 'list');
    await (await app.session()).refresh(stop.signal);
    const entries = await listable(app, await entriesOn(app, stop.signal), false);
    const leftOut = await toolsLeftOut(app, stop.signal);
    if (printer.json) printOffers(app, 'refresh', entries, { leftOut });
    else printer.out(countText(entries));
    tellLeftOut(app, leftOut);
    return EXIT.ok;
  } finally {
    stop.dispose();
  }
}

function printOffers(
  app: App,
  command: string,
  entries: readonly CatalogEntry[],
  { leftOut, long }: { leftOut: readonly LeftOut[]; long?: boolean | undefined },
): void {
  const { printer } = app;
  if (printer.format === 'ndjson') for (const entry of entries) printer.jsonDocument(entryItem(entry));
  else if (printer.json)
    printer.envelope(command, countText(entries), {
      items: entries.map(entryItem),
      ...(leftOut.length > 0 ? { left_out: leftOut } : {}),
    });
  else if (entries.length > 0)
    printer.out(long ? entrySignatures(printer, entries) : entryLines(printer, entries));
}

/** On stderr, whatever the list is of: somebody may look for such a tool. */
function tellLeftOut({ printer }: App, leftOut: readonly LeftOut[]): void {
  for (const { name, reason } of leftOut)
    printer.warn('tool_left_out', `${name} is left out: its definition may not be used: ${reason}`);
}

/** `3 tools, 1 workflow`: each kind that there is, tools always. */
function countText(entries: readonly CatalogEntry[]): string {
  return (['tool', 'definition', 'job', 'workflow'] as const)
    .map((kind) => [kind, entries.filter((entry) => entry.kind === kind).length] as const)
    .filter(([kind, count], _, all) => count > 0 || (kind === 'tool' && all.every(([, n]) => n === 0)))
    .map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`)
    .join(', ');
}

/** Error: UsageError for a label without a value. */
function filterOf({ tag = [], label = [], filter = '', query = filter }: LsOptions): EntryFilter | undefined {
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
  const asked = Object.keys(filter.labels).length > 0 && entries.some(({ kind }) => kind === 'workflow');
  if (!asked) return entries.filter((entry) => matches(entry, filter));
  const { listJobs } = await import('../../mcp/dialects/frontmcp/registry.ts');
  const callTool = await (await app.session()).toolCaller(signal);
  const labelled = await listJobs(callTool, 'workflows', { labels: filter.labels }, { signal });
  const names = new Set(labelled.map(({ name }) => name));
  return entries.filter((entry) =>
    entry.kind === 'workflow'
      ? names.has(entry.name) && matches(entry, { ...filter, labels: {} })
      : matches(entry, filter),
  );
}
