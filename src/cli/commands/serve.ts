import { configuredInstance } from '../../config/configured-instance.ts';
import { EXIT, UsageError } from '../../errors.ts';
import type { Provider } from '../../jobhost/provider.ts';
import type { Host } from '../../jobhost/server/host.ts';
import { stopAfter } from '../../lib/stop.ts';
import { VERSION } from '../../version.ts';
import type { App } from '../app.ts';

/**
 * `serve INSTANCE`: an MCP server for other hosts, over stdio. stdout is the protocol's, the person is spoken to on stderr. Ends when its client closes stdin, or with a signal.
 */
export async function serve(app: App, name: string | undefined): Promise<number> {
  const provider = await providerOf(app, name);
  const host: Host = {
    provider,
    version: VERSION,
    ours: false,
    log: (text) => app.printer.note(text),
  };
  const stop = stopAfter(app.context.clock, app.context.interrupted, undefined, '');
  try {
    const { serveStandardStreams } = await import('../serving/standard-streams.ts');
    await serveStandardStreams(app, host, stop.signal);
    return EXIT.ok;
  } finally {
    stop.dispose();
    await provider.close();
  }
}

async function providerOf(app: App, name: string | undefined): Promise<Provider> {
  const instance =
    name === undefined ? await app.explicitInstance() : configuredInstance(app.config, name, app.context.env);
  if (!instance)
    throw new UsageError('serve what? mcp2cli serve INSTANCE', {
      hint: 'the instances: mcp2cli instances list',
    });
  app.checkPlaces(instance.name);
  const { InstanceProvider } = await import('../serving/instance-provider.ts');
  return new InstanceProvider(app, instance);
}
