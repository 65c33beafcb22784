import { existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findInstance } from '../../../config/config.ts';
import { launcherFile, launchersOf, launcherText } from '../../../config/launchers.ts';
import { checkInstanceName, HOST_COMMANDS, isSafeName } from '../../../config/names.ts';
import { namedInStore, STORE_VARIABLE } from '../../../config/settings/store-address.ts';
import { serverEntry } from '../../../config/target/server-entry.ts';
import { EXIT, UnfinishedError, UsageError } from '../../../errors.ts';
import { isTerminal } from '../../../jobs/record.ts';
import { openJobStore } from '../../../jobs/store/job-store.ts';
import { ioFailure } from '../../../lib/disk/io-failure.ts';
import { isObject } from '../../../lib/json/json.ts';
import type { App } from '../../app.ts';
import { movedWithLogin } from '../auth/with-instance.ts';
import { removeLauncher, writeLauncher } from '../link.ts';
import { knownInstance, sharedPlace } from './list.ts';

/**
 * `instances rename OLD NEW`: its jobs, caches, settings and linked commands follow, and so does the active instance. Refused while a process
 * here works for it, which would go on under the old name.
 */
export async function renameInstance(app: App, typed: string, to: string): Promise<number> {
  const { paths, printer, context } = app;
  const name = knownInstance(app, typed);
  checkRename(app, name, to);
  const isShared = sharedPlace(app, name) !== undefined;
  const hasOwnStore = serverEntry(name, app.config.mcpServers[name])['store'] !== undefined;
  await stopIdleKeepers(app, name);
  const moved = await movedWithLogin(app, name, () => moveFolder(app, name, to));
  const { editConfig } = await import('../../../config/edit.ts');
  try {
    if (moved) refuseHeld(app, name, paths.jobsDir(to));
    await editConfig(paths, (config) => {
      const renamed = Object.entries(config.mcpServers).map(([key, entry]) =>
        key === name ? [to, stayingInStore(entry, name)] : [key, entry],
      );
      config.mcpServers = Object.fromEntries(renamed) as typeof config.mcpServers;
      if (config.active === name) config.active = to;
    });
  } catch (error) {
    if (moved) renameSync(paths.instanceDir(to), paths.instanceDir(name));
    throw error;
  }
  const launchers = relink(app, name, to);
  printer.appId = to;
  const facts = { name: to, was: name, launchers };
  printer.answer('instances rename', `renamed ${name} to ${to}`, facts, `Renamed ${name} to ${to}`);
  if (!printer.json) for (const path of launchers) printer.note(`its command: ${path}`);
  if (
    context.env['MCP2CLI_INSTANCE']?.toLowerCase() === name.toLowerCase() &&
    to.toLowerCase() !== name.toLowerCase()
  )
    printer.warn('still_named', `MCP2CLI_INSTANCE still names ${name}`);
  if (isShared && !hasOwnStore)
    printer.note(
      `its jobs in ${STORE_VARIABLE} are ${name}'s: mcp2cli instances set ${to} store 'redis://...?name=${name}' has them`,
    );
  return EXIT.ok;
}

/** The entry, whose jobs in a store stay where they are: others know them by the name that it had. */
function stayingInStore(entry: unknown, name: string): unknown {
  if (!isObject(entry) || typeof entry['store'] !== 'string') return entry;
  return { ...entry, store: namedInStore(entry['store'], name) };
}

/** Errors: UsageError for a name that cannot be, or is taken; by what an instance of that name has left behind, too. */
function checkRename({ config, paths }: App, name: string, to: string): void {
  if ((HOST_COMMANDS as readonly string[]).includes(name))
    throw new UsageError(`${name} cannot be renamed: it is the demo server's`);
  checkInstanceName(to);
  if (to === name) throw new UsageError(`${name} has this name already`);
  const other = findInstance(config, to);
  if (other !== undefined && other !== name)
    throw new UsageError(`instance ${other} exists already`, {
      hint: `choose another name, or remove it first: mcp2cli instances remove ${other}`,
    });
  const isCase = to.toLowerCase() === name.toLowerCase();
  const left = isCase ? namesIn(paths.instancesDir).includes(to) : existsSync(paths.instanceDir(to));
  if (left)
    throw new UsageError(`an instance that was called ${to} left its jobs in ${paths.instanceDir(to)}`, {
      hint: 'choose another name, or move that folder away',
    });
}

/** Error: UnfinishedError for a keeper that works. */
async function stopIdleKeepers(app: App, name: string): Promise<void> {
  if (!isSafeName(name)) return;
  refuseHeld(app, name, app.paths.jobsDir(name));
  if (!existsSync(app.paths.keeperDir(name))) return;
  const { stopKeepers } = await import('../keeper/status.ts');
  const busy = await stopKeepers(app, name, false);
  if (busy !== undefined)
    throw new UnfinishedError('keeper_busy', `not renamed: the keeper of ${name} has ${busy}`, {
      hint: `wait for it, or stop the keeper and its jobs: mcp2cli keeper stop ${name} --force`,
    });
}

/** Error: UnfinishedError for jobs that a process of this machine holds; those that only the server runs do not mind. */
function refuseHeld({ context }: App, name: string, dir: string): void {
  const { jobs } = openJobStore({ dir, instance: name, clock: context.clock }).list();
  const held = jobs.filter(({ status, holder }) => !isTerminal(status) && holder != null);
  const [first] = held;
  if (!first) return;
  const more = held.length > 1 ? ` (and ${held.length - 1} more)` : '';
  throw new UnfinishedError('jobs_unfinished', `not renamed: ${first.job_id} runs in a process here${more}`, {
    hint: `wait for it, or cancel it: mcp2cli ${name} jobs cancel ${first.job_id}`,
    details: { job_ids: held.map(({ job_id }) => job_id) },
  });
}

/** Everything of the instance that is on disk. */
function moveFolder({ paths }: App, name: string, to: string): boolean {
  if (!isSafeName(name) || !existsSync(paths.instanceDir(name))) return false;
  try {
    renameSync(paths.instanceDir(name), paths.instanceDir(to));
    return true;
  } catch (error) {
    throw ioFailure(error, 'move', paths.instanceDir(name));
  }
}

/** Makes its linked commands anew under the new name; returns where they are. One whose place is taken is removed, and that is said. */
function relink(app: App, name: string, to: string): string[] {
  const { paths, context, printer } = app;
  const found = launchersOf(paths.root, context).filter(({ instance }) => instance === name);
  return found.flatMap(({ path }) => {
    const isOwn = basename(path) === launcherFile(name, context.platform);
    const place = isOwn ? join(dirname(path), launcherFile(to, context.platform)) : path;
    const taken = existsSync(place) && launcherText(place) === undefined;
    if (!taken) writeLauncher(app, to, place);
    if (place !== path) removeLauncher(path);
    if (!taken) return [place];
    printer.warn('not_linked', `${place} exists and is not a launcher of mcp2cli: ${to} is not linked there`);
    return [];
  });
}

function namesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
