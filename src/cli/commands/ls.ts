import { matches, type Offer, type OfferFilter } from '../../catalog/entry.ts';
import { parseLabels, parseTags } from '../../config/tags.ts';
import { EXIT } from '../../errors.ts';
import { listable, listedOffers, offersOn } from '../../instance/entries.ts';
import { permit } from '../../permissions/permit.ts';
import type { App } from '../app.ts';
import { offerItem, offerLines, offerSignatures } from '../output/entry-view.ts';

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
    const offers = await listedOffers(app, { all: options.all ?? false, signal: stop.signal });
    const wanted = filter ? await filtered(app, offers, filter, stop.signal) : offers;
    printOffers(app, 'ls', wanted, options.long);
    if (wanted.length === 0)
      printer.note(offers.length === 0 ? 'the server offers no tools' : 'nothing matches');
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
    const offers = await listable(app, await offersOn(app, stop.signal), false);
    if (printer.json) printOffers(app, 'refresh', offers);
    else printer.out(countText(offers));
    return EXIT.ok;
  } finally {
    stop.dispose();
  }
}

function printOffers(app: App, command: string, offers: readonly Offer[], long = false): void {
  const { printer } = app;
  if (printer.format === 'ndjson') for (const offer of offers) printer.jsonDocument(offerItem(offer));
  else if (printer.json) printer.envelope(command, countText(offers), { items: offers.map(offerItem) });
  else if (offers.length > 0)
    printer.out(long ? offerSignatures(printer, offers) : offerLines(printer, offers));
}

/** `3 tools, 1 workflow`: each kind that there is, tools always. */
function countText(offers: readonly Offer[]): string {
  return (['tool', 'definition', 'job', 'workflow'] as const)
    .map((kind) => [kind, offers.filter((offer) => offer.kind === kind).length] as const)
    .filter(([kind, count], _, all) => count > 0 || (kind === 'tool' && all.every(([, n]) => n === 0)))
    .map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`)
    .join(', ');
}

/** Error: UsageError for a label without a value. */
function filterOf({ tag = [], label = [], filter = '', query = filter }: LsOptions): OfferFilter | undefined {
  if (tag.length + label.length === 0 && query === '') return undefined;
  return { tags: parseTags(tag, '--tag'), labels: parseLabels(label, '--label'), query };
}

/** A server does not list the labels of its workflows, but knows them: it is asked which have these. */
async function filtered(
  app: App,
  offers: readonly Offer[],
  filter: OfferFilter,
  signal: AbortSignal,
): Promise<Offer[]> {
  const asked = Object.keys(filter.labels).length > 0 && offers.some(({ kind }) => kind === 'workflow');
  if (!asked) return offers.filter((offer) => matches(offer, filter));
  const { listJobs } = await import('../../mcp/dialects/frontmcp/registry.ts');
  const callTool = await (await app.session()).toolCaller(signal);
  const labelled = await listJobs(callTool, 'workflows', { labels: filter.labels }, { signal });
  const names = new Set(labelled.map(({ name }) => name));
  return offers.filter((offer) =>
    offer.kind === 'workflow'
      ? names.has(offer.name) && matches(offer, { ...filter, labels: {} })
      : matches(offer, filter),
  );
}
