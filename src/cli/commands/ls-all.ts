import { type CatalogEntry, matches } from '../../catalog/entry.ts';
import { EXIT } from '../../errors.ts';
import { listedEntries } from '../../instance/entries.ts';
import type { App } from '../app.ts';
import { closeAll, everyInstance, withEach } from '../every-instance.ts';
import { entryItem, entryLines, entrySignatures } from '../output/views/entry-view.ts';
import { filterOf, kindsOf, type LsOptions, wantedKinds } from './ls.ts';

interface Part {
  own: App;
  /** Undefined: nothing is cached of this instance. */
  entries: readonly CatalogEntry[] | undefined;
}

/**
 * `ls --all-instances`: what can be run on any instance, from the caches; no server is asked. What has never been read is told. The kinds, tags,
 * labels and text of `ls` choose.
 */
export async function listEverywhere(app: App, options: LsOptions): Promise<number> {
  const { printer } = app;
  const filter = filterOf(options);
  const kinds = kindsOf(options.kind);
  const isWanted = wantedKinds(kinds);
  const apps = everyInstance(app);
  try {
    const parts = await withEach(app, apps, async (own): Promise<Part> => {
      if ((await own.session()).cachedCatalogue() === undefined) return { own, entries: undefined };
      const entries = await listedEntries(own, { all: options.all ?? false });
      return { own, entries: entries.filter((one) => isWanted(one) && (!filter || matches(one, filter))) };
    });
    const found = parts.flatMap(({ own, entries = [] }) => (entries.length > 0 ? [{ own, entries }] : []));
    const unread = parts.filter(({ entries }) => entries === undefined).map(({ own }) => own.instance.name);
    print(app, found, unread, options.long === true);
    if (found.length === 0) printer.note('nothing is found');
    const [first] = unread;
    if (first !== undefined && !printer.json)
      printer.note(`not read yet: ${unread.join(', ')}; to read one: mcp2cli ${first} refresh`);
    return EXIT.ok;
  } finally {
    await closeAll(apps);
  }
}

type Found = { own: App; entries: readonly CatalogEntry[] };

function print(app: App, found: readonly Found[], unread: readonly string[], isLong: boolean): void {
  const { printer } = app;
  const items = found.flatMap(({ own, entries }) =>
    entries.map((entry) => ({ instance: own.instance.name, ...entryItem(entry) })),
  );
  if (!printer.listed('ls', `${items.length} found`, items, { items, not_read: unread }))
    for (const part of found) printer.out(lines(part, isLong));
}

/** Below the instance's name for a person; behind it, on each line, for a pipe. */
function lines({ own, entries }: Found, isLong: boolean): string {
  const { printer, instance } = own;
  const text = isLong ? entrySignatures(printer, entries) : entryLines(printer, entries, printer.width - 2);
  if (printer.outTTY) return `${instance.name}:\n${isLong ? text : text.replace(/^/gm, '  ')}`;
  return text.replace(/^(?=\S)/gm, `${instance.name}  `);
}
