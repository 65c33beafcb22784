import { createHash } from 'node:crypto';
import { readFromServer } from '../../../calls/read.ts';
import { RpcError, UnsupportedError, UsageError } from '../../../errors.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { parseDuration } from '../../../lib/text/duration.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { listenAgain, Patience, untilStopped } from '../patience.ts';

/** No more often than this, whatever is asked for, in milliseconds. */
const SHORTEST_POLL_MS = 100;

/** `resources watch URI... [--poll INTERVAL]`: a line, or a JSON document, for each change; ends with ^C or `--timeout`. */
export async function watchUris(
  app: App,
  uris: readonly string[],
  { poll }: { poll?: string },
): Promise<number> {
  if (uris.length === 0)
    throw new UsageError('which resources? resources watch URI...', {
      hint: `see: ${app.command('resources')}`,
    });
  const interval = poll === undefined ? undefined : intervalOf(poll);
  for (const uri of uris) await permit(app, 'read', uri);
  return untilStopped(app, 'the time for watching is over', (signal) =>
    interval === undefined ? subscribe(app, uris, signal) : pollAll(app, uris, interval, signal),
  );
}

function intervalOf(typed: string): number {
  const ms = parseDuration(typed, '--poll');
  if (ms === undefined || ms <= 0) throw new UsageError('--poll: an interval above zero, such as 30s');
  return Math.max(ms, SHORTEST_POLL_MS);
}

/** Subscribes, and again when the subscription is lost or ended. Resolves when aborted. */
async function subscribe(app: App, uris: readonly string[], signal: AbortSignal): Promise<void> {
  const notes = {
    first: `watching ${uris.join(' ')} (^C ends)`,
    again: 'watching again; what changed in between was not told',
    lost: 'the subscription is lost',
  };
  try {
    await listenAgain(app, signal, notes, (reader, onReady) =>
      reader.watch({ uris, signal, onReady, onChange: (uri) => print(app, uri, 'updated') }),
    );
  } catch (error) {
    throw error instanceof UnsupportedError ? withPollHint(app, error, uris) : error;
  }
}

function withPollHint(app: App, error: UnsupportedError, uris: readonly string[]): UnsupportedError {
  const words = uris.map(shellQuote);
  return new UnsupportedError(error.message, {
    hint: `read them and compare instead: ${app.command('resources', 'watch', ...words, '--poll', '30s')}`,
    cause: error,
  });
}

/** Reads them in turn, and tells what is another than before. Resolves when aborted. */
async function pollAll(
  app: App,
  uris: readonly string[],
  interval: number,
  signal: AbortSignal,
): Promise<void> {
  const known = new Map<string, string>();
  const patience = new Patience(app);
  while (!signal.aborted) {
    try {
      const isFirst = known.size === 0;
      for (const uri of uris) {
        const now = await fingerprint(app, uri, signal);
        if (known.has(uri) && known.get(uri) !== now) print(app, uri, now === GONE ? 'gone' : 'updated');
        known.set(uri, now);
      }
      if (isFirst) app.printer.note(`reading ${uris.join(' ')} every ${interval / 1000} s (^C ends)`);
      patience.end();
    } catch (error) {
      if (signal.aborted) return;
      if (known.size < uris.length) throw error;
      await patience.bear(error, 'not read', signal);
      continue;
    }
    await app.context.clock.sleep(interval, signal).catch(() => {});
  }
}

const GONE = '';

/** A short word for what a resource has in it; `GONE` where the server does not give it out any more. */
async function fingerprint(app: App, uri: string, signal: AbortSignal): Promise<string> {
  try {
    const { contents } = await readFromServer(app, {
      method: 'resources/read',
      params: { uri },
      list: ['resources'],
      signal,
    });
    return createHash('sha256')
      .update(stringifyJson(contents ?? null) ?? '')
      .digest('hex');
  } catch (error) {
    if (error instanceof RpcError) return GONE;
    throw error;
  }
}

function print({ printer, context }: App, uri: string, event: 'updated' | 'gone'): void {
  const time = context.clock.now().toISOString();
  if (printer.json) printer.line({ time, uri, event });
  else printer.out(`${time}  ${event}  ${printer.safeName(uri)}`);
}
