import { configuredInstance, type Instance } from '../../config/configured-instance.ts';
import { JOB_HOST_INSTANCE, JOB_HOST_STORE } from '../../config/target/job-host.ts';
import { knownDefinitionsFile } from '../../definitions/place.ts';
import { EXIT, UsageError } from '../../errors.ts';
import type { Provider } from '../../jobhost/provider.ts';
import type { Host } from '../../jobhost/server/host.ts';
import type { HttpOptions } from '../../jobhost/server/http/server.ts';
import { stopAfter, untilAborted } from '../../lib/stop.ts';
import { VERSION } from '../../version.ts';
import type { App } from '../app.ts';

export interface ServeOptions {
  http?: string;
  tokenEnv?: string;
}

/**
 * `serve INSTANCE`: an MCP server for other hosts, over stdio until its client closes stdin, or with `--http` over Streamable HTTP. A signal ends it in good
 * order. Over stdio, stdout is the protocol's, and the person is spoken to on stderr. Errors: UsageError, CliError `cannot_listen`.
 */
export async function serve(app: App, name: string | undefined, options: ServeOptions): Promise<number> {
  const http = await httpOptions(app, options);
  const provider = await providerOf(app, name);
  const host: Host = {
    provider,
    version: VERSION,
    ours: http === undefined && app.context.env[JOB_HOST_INSTANCE] !== undefined,
    log: (text) => app.printer.note(text),
  };
  using stop = stopAfter(app.context.clock, app.context.interrupted, undefined, '');
  try {
    if (http) await serveOverHttp(app, host, http, stop.signal);
    else {
      const { serveStandardStreams } = await import('../serving/standard-streams.ts');
      await serveStandardStreams(app, host, stop.signal);
    }
    return EXIT.ok;
  } finally {
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
  const { identity } = instance;
  if (name === undefined && identity.kind === 'stdio' && identity.jobs !== undefined)
    return jobFiles(app, instance);
  app.checkPlaces(instance.name);
  const { InstanceProvider } = await import('../serving/instance-provider.ts');
  return new InstanceProvider(app, instance);
}

/** `serve --jobs PATH`: job files, for the instance that has started this, or for the one that the path stands for. */
async function jobFiles(app: App, adHoc: Instance): Promise<Provider> {
  const { context, paths, printer } = app;
  const owner = context.env[JOB_HOST_INSTANCE];
  const instance = {
    name: owner ?? adHoc.name,
    settings: { ...adHoc.settings, store: context.env[JOB_HOST_STORE] },
  };
  app.checkPlaces(instance.name);
  const target = adHoc.target();
  const path = (target.kind === 'stdio' && target.jobs) || '';
  const { folderProvider } = await import('../../jobhost/runs/folder-provider.ts');
  const { jobRegistry } = await import('../serving/job-registry.ts');
  const registry = jobRegistry(app, adHoc, knownDefinitionsFile(paths, instance, context.env));
  // Where a command or a keeper has started this, it is the command that lists and stores definitions.
  const registers = owner === undefined;
  return folderProvider({ context, paths, log: printer, path, instance, registry, registers });
}

/** Where to listen; undefined for stdio. What others reach must ask for a token. Error: UsageError. */
async function httpOptions(app: App, { http, tokenEnv }: ServeOptions): Promise<HttpOptions | undefined> {
  if (http === undefined) {
    if (tokenEnv === undefined) return undefined;
    throw new UsageError('--token-env is for --http: over stdio the one client has started the server');
  }
  const { isLoopback, parseAddress } = await import('../../jobhost/server/http/listen-address.ts');
  const address = parseAddress(http);
  const token = tokenEnv === undefined ? undefined : app.context.env[tokenEnv];
  if (tokenEnv !== undefined && !token)
    throw new UsageError(`--token-env: the variable ${tokenEnv} is not set`, {
      hint: `${tokenEnv}=$(openssl rand -hex 32) in the environment of the server and of its clients`,
    });
  if (token === undefined && !isLoopback(address.host))
    throw new UsageError(`${address.host} is reached from other machines: that needs --token-env VAR`, {
      hint: 'or listen on this machine alone: --http 127.0.0.1:PORT',
    });
  return { ...address, token };
}

async function serveOverHttp(app: App, host: Host, options: HttpOptions, signal: AbortSignal): Promise<void> {
  const { serveHttp } = await import('../../jobhost/server/http/server.ts');
  const served = await serveHttp(host, options);
  try {
    const { name } = host.provider.about;
    const said = `serving ${name} at ${served.url}`;
    app.printer.answer('serve', said, { name, url: served.url }, app.printer.quiet ? served.url : said);
    await untilAborted(signal);
  } finally {
    await served.close();
  }
}
