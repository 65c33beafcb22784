import { existsSync } from 'node:fs';
import { launchersOf } from '../../../config/launchers.ts';
import { isSafeName } from '../../../config/names.ts';
import { CliError, EXIT, UsageError } from '../../../errors.ts';
import type { App } from '../../app.ts';
import { storedLogin } from '../auth/with-instance.ts';
import { removeLauncher } from '../link.ts';
import { knownInstance, sharedPlace } from './list.ts';

export interface RemoveOptions {
  purge?: boolean;
  force?: boolean;
}

/**
 * `instances remove NAME`: the configuration goes, and its linked commands; jobs stay on disk unless `--purge`, which asks on a terminal while
 * some have not ended, and refuses elsewhere.
 */
export async function removeInstance(app: App, typed: string, options: RemoveOptions): Promise<number> {
  const name = knownInstance(app, typed);
  // Folders are only of names that may be folders.
  const purge = options.purge === true && isSafeName(name);
  if (options.force && !options.purge)
    throw new UsageError('--force needs --purge: without it no job is touched');
  const force =
    options.force === true || (purge && (await (await import('../purge.ts')).givesUpJobs(app, name)));
  const shared = sharedPlace(app, name);
  const running = await keptJobs(app, name, purge, force);
  const { editConfig } = await import('../../../config/edit.ts');
  const forget = () =>
    editConfig(app.paths, (config) => {
      delete config.mcpServers[name];
      if (config.active === name) delete config.active;
    });
  // Jobs that a keeper has need the login until they are done.
  const login = running > 0 ? undefined : await storedLogin(app, name);
  if (purge) await (await import('../purge.ts')).purgeInstance(app, name, { force }, forget);
  else await forget();
  await login?.forget();
  const launchers = unlinked(app, name);
  const { printer } = app;
  printer.appId = name;
  if (printer.json)
    printer.envelope('instances remove', `removed ${name}`, { name, purged: purge, launchers });
  else {
    printer.out(`Removed ${name}`);
    for (const path of launchers) printer.note(`its command is removed, too: ${path}`);
  }
  if (login) printer.note('its login is forgotten here (auth logout, before, would have told the server)');
  if (running > 0) printer.note(`its keeper goes on until its running jobs are done (${running})`);
  if (running > 0 && existsSync(app.paths.authFile(name)))
    printer.note(`its login is kept for them; to forget it: mcp2cli auth logout ${name}`);
  if (!options.purge && existsSync(app.paths.jobsDir(name)))
    printer.note(`its jobs are kept in ${app.paths.jobsDir(name)} (--purge removes them too)`);
  // Others have their jobs there.
  if (shared !== undefined) printer.note(`its jobs in ${shared} stay there: jobs prune removes such`);
  return EXIT.ok;
}

/** Removes its linked commands; returns where they were. One that cannot be removed is told, and no reason to keep the instance. */
function unlinked(app: App, name: string): string[] {
  const found = launchersOf(app.paths.root, app.context).filter(({ instance }) => instance === name);
  return found.flatMap(({ path }) => {
    try {
      removeLauncher(path);
      return [path];
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      app.printer.warn(error.code, error.message);
      return [];
    }
  });
}

/** Tells the instance's keepers, if there are any, to end with their last job. Error: UnfinishedError when their jobs are to be purged. */
async function keptJobs(app: App, name: string, purge: boolean, force: boolean): Promise<number> {
  if (!isSafeName(name) || !existsSync(app.paths.keeperDir(name))) return 0;
  const { dismissKeepers, stopKeepers } = await import('../keeper/status.ts');
  if (force) await stopKeepers(app, name, true);
  return dismissKeepers(app, name, purge);
}
