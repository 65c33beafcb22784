import { jobServerOf } from '../../../catalog/frontmcp.ts';
import { OWN_STEPS_HINT, type ServerDefinition } from '../../../definitions/server-definition.ts';
import { CliError, EXIT, UnsupportedError } from '../../../errors.ts';
import { defineServerJob, removeServerJob } from '../../../mcp/dialects/frontmcp/registry.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';

export interface OnServerOptions {
  force?: boolean;
}

/**
 * Registers jobs and workflows at a FrontMCP server, one after the other. Errors: UnsupportedError (exit 5) where the server takes none, CliError
 * (exit 1) with the server's words when it refuses one; those before it are registered then.
 */
export async function defineOnServer(
  app: App,
  definitions: readonly ServerDefinition[],
  { force = false }: OnServerOptions,
): Promise<number> {
  const { printer } = app;
  for (const { name } of definitions) await permit(app, force ? 'update' : 'create', name);
  const hints = {
    job: `a job of your own over one of its tools: ${app.command('jobs define NAME --tool TOOL')}`,
    workflow: OWN_STEPS_HINT,
  };
  return onServer(app, definitions, hints, async (callTool, signal) => {
    for (const { kind, name, args } of definitions) {
      const replaced = await defineServerJob(callTool, kind, args, { force, signal });
      const said = `${replaced ? 'replaced' : 'registered'} ${printer.safeName(name)} (${kind} of the server)`;
      printer.answer('jobs define', said, { kind, ...args });
    }
  });
}

/** Removes a job or a workflow that was registered at the server. Errors: as there. */
export async function undefineOnServer(app: App, kind: 'job' | 'workflow', name: string): Promise<number> {
  const { printer } = app;
  await permit(app, 'delete', name);
  const own = `those of your own: ${app.command('jobs definitions')}`;
  return onServer(app, [{ kind }], { job: own, workflow: own }, async (callTool, signal) => {
    await removeServerJob(callTool, kind, name, { signal });
    const said = `removed ${printer.safeName(name)} (${kind} of the server)`;
    printer.answer('jobs undefine', said, { kind, name });
  });
}

type Work = (callTool: Awaited<ReturnType<Session['toolCaller']>>, signal: AbortSignal) => Promise<void>;
type Session = Awaited<ReturnType<App['session']>>;

/** Works on the server's definitions, and has the catalogue read again afterwards. `hints`: what helps where the server has none of a kind. */
async function onServer(
  app: App,
  wanted: readonly Pick<ServerDefinition, 'kind'>[],
  hints: Record<ServerDefinition['kind'], string>,
  work: Work,
): Promise<number> {
  using stop = app.stop('the server did not answer in time; what it has defined shows with: ls');
  const session = await app.session();
  const server = jobServerOf((await session.catalogue(stop.signal)).tools);
  const lacking = wanted.find(({ kind }) => server?.[`${kind}s`] === undefined);
  if (lacking)
    throw new UnsupportedError(`the server has no ${lacking.kind}s of its own that could be defined`, {
      hint: hints[lacking.kind],
    });
  await work(await session.toolCaller(stop.signal), stop.signal);
  await session.refresh(stop.signal).catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    app.printer.warn('catalogue', `the catalogue was not read again: ${error.message}`);
  });
  return EXIT.ok;
}
