import { createHash } from 'node:crypto';
import { readFromServer } from '../../../calls/read.ts';
import { SignalReason } from '../../../context.ts';
import { InterruptedError, RpcError, UnsupportedError, UsageError } from '../../../errors.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { parseDuration } from '../../../lib/text/duration.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { Patience, SHORTEST_PAUSE_MS } from '../patience.ts';

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
  const stop = app.stop('the time for watching is over');
  try {
    if (interval === undefined) await subscribe(app, uris, stop.signal);
    else await pollAll(app, uris, interval, stop.signal);
    throw stop.signal.reason;
  } catch (error) {
    if (error instanceof SignalReason) throw new InterruptedError('interrupted', error.exitCode);
    throw error;
  } finally {
    stop.dispose();
  }
}

function intervalOf(typed: string): number {
  const ms = parseDuration(typed, '--poll');
  if (ms === undefined || ms <= 0) throw new UsageError('--poll: an interval above zero, such as 30s');
  return Math.max(ms, SHORTEST_POLL_MS);
}

/** Subscribes, and again when the subscription is lost. Resolves when aborted. */
async function subscribe(app: App, uris: readonly string[], signal: AbortSignal): Promise<void> {
  const session = await app.session();
  const patience = new Patience(app);
  let before = false;
  while (!signal.aborted) {
    try {
      const reader = await session.reader(signal);
      await reader.watch({
        uris,
        signal,
        onReady() {
          patience.end();
          app.printer.note(
            before
              ? 'watching again; what changed in between was not told'
              : `watching ${uris.join(' ')} (^C ends)`,
          );
          before = true;
        },
        onChange: (uri) => print(app, uri, 'updated'),
      });
      // The server ended it in good order: it is taken out anew, soon.
      if (!signal.aborted) await app.context.clock.sleep(SHORTEST_PAUSE_MS, signal).catch(() => {});
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof UnsupportedError) throw withPollHint(app, error, uris);
      if (!before) throw error;
      await patience.bear(error, 'the subscription is lost', signal);
    }
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
