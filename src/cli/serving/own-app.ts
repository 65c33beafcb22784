import type { Instance } from '../../config/configured-instance.ts';
import type { Context, OutStream } from '../../context.ts';
import { App } from '../app.ts';
import type { FlagValues } from '../global-flags/scan.ts';

/** What a command prints is its answer on a terminal; a server has other answers, and its stdout is the protocol's. */
const NOWHERE: OutStream = {
  isTTY: false,
  columns: undefined,
  write() {},
  async flush() {},
  isClosed: false,
};

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
