import { type ExtraKind, extrasIn, hasText } from '../../../catalog/extras.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { fetchExtras } from '../../../instance/extras.ts';
import { permit, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { countsOf, countText, extraItem, extraLines } from '../../output/views/extras-view.ts';

export interface ListOptions {
  filter?: string;
  limit?: string;
}

const NOTHING: Record<ExtraKind, string> = {
  resource: 'the server offers no resources',
  template: 'the server offers no templates of resources',
  prompt: 'the server offers no prompts',
};

/** `resources list`, `resources templates`, `prompts list`: asks the server, all pages. */
export async function listExtras(
  app: App,
  kinds: readonly [ExtraKind, ...ExtraKind[]],
  options: ListOptions,
): Promise<number> {
  const { printer } = app;
  const limit = limitOf(options.limit);
  using stop = app.stop('the lists were not read in time');
  await permit(app, 'list');
  const known = extrasIn(await fetchExtras(app, stop.signal, kinds)).filter(({ kind }) =>
    kinds.includes(kind),
  );
  const listable = await permittedItems(app, known, ({ id }) => [id]);
  const wanted = listable.filter((extra) => hasText(extra, options.filter ?? '')).slice(0, limit);
  const command = kinds[0] === 'prompt' ? 'prompts' : 'resources';
  const counts = countsOf(wanted);
  const items = wanted.map(extraItem);
  const isTold = printer.listed(command, countText(counts, kinds), items, { items, counts });
  if (!isTold && wanted.length > 0) printer.out(extraLines(printer, wanted));
  if (wanted.length === 0) printer.note(listable.length === 0 ? NOTHING[kinds[0]] : 'nothing matches');
  return EXIT.ok;
}

function limitOf(typed: string | undefined): number | undefined {
  if (typed === undefined) return undefined;
  if (!/^\d+$/.test(typed)) throw new UsageError(`--limit: not a number: ${JSON.stringify(typed)}`);
  return Number(typed);
}
