import type { Host } from '../../jobhost/server/host.ts';
import { serveStdio } from '../../jobhost/server/stdio.ts';
import type { App } from '../app.ts';

/**
 * Serves over this process's own streams. What anything else here would print, a library or a thread of a job, goes to stderr instead: a line between the
 * messages would break the protocol.
 */
export async function serveStandardStreams(app: App, host: Host, signal: AbortSignal): Promise<void> {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  const gone = new AbortController();
  // A client that reads no more has gone.
  stdout.on('error', (error) => gone.abort(error));
  await serveStdio(host, {
    input: app.context.stdin.stream,
    write,
    signal: AbortSignal.any([signal, gone.signal]),
  });
}
