import type { Instance } from '../../config/configured-instance.ts';
import { type Context, NOWHERE } from '../../context.ts';
import { App } from '../app.ts';
import type { FlagValues } from '../global-flags/scan.ts';

/**
 * Does one request's work as a command of the instance would, with flags, connection and end of its own. `signal` ends it as ^C ends a command, and it
 * asks nobody.
 */
export async function asCommand<T>(
  app: App,
  instance: Instance,
  typed: FlagValues,
  signal: AbortSignal,
  work: (own: App) => Promise<T>,
): Promise<T> {
  const { context, config } = app;
  const quiet: Context = {
    ...context,
    // A server has other answers than what a command prints, and its stdout is the protocol's.
    stdout: NOWHERE,
    stdin: { ...context.stdin, isTTY: false },
    interrupted: AbortSignal.any([context.interrupted, signal]),
  };
  const own = new App(quiet, new Map([...app.flags, ['quiet', true as const], ...typed]));
  own.useConfig(config);
  own.select(instance);
  try {
    return await work(own);
  } finally {
    await own.close().catch(() => {});
  }
}
