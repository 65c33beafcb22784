import { readdirSync } from 'node:fs';
import { findInstance } from '../../../config/config.ts';
import { configuredInstance, unknownInstance } from '../../../config/configured-instance.ts';
import { isSafeName } from '../../../config/names.ts';
import { EXIT, IoError, UnfinishedError, UsageError } from '../../../errors.ts';
import { KeeperClient, NobodyListensError } from '../../../keeper/client/client.ts';
import { ended, kill } from '../../../keeper/client/end-process.ts';
import { presentKeepers } from '../../../keeper/presence.ts';
import type { StatusReply } from '../../../keeper/protocol.ts';
import type { KeeperState } from '../../../keeper/state.ts';
import { isHolderAlive } from '../../../lib/disk/holder.ts';
import { age } from '../../../lib/text/age.ts';
import { counted } from '../../../lib/text/counted.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { nameableItems } from '../../../permissions/permit.ts';
import { App } from '../../app.ts';

export interface StopOptions {
  all?: boolean;
  force?: boolean;
}

/** What `keeper status --json` tells of each. */
interface KeeperView extends Omit<StatusReply, 'pid'> {
  instance: string;
  pid: number;
  /** False: the process is there and does not answer. */
  answers: boolean;
}

/** `keeper status [INSTANCE]`: the keepers that run, and what they do. Exit 0 whether or not there are any. */
export async function keeperStatus(app: App, name: string | undefined): Promise<number> {
  const { printer } = app;
  const views = await Promise.all((await keepersOf(app, name)).map(viewOf));
  if (printer.json) {
    const items = await Promise.all(
      views.map(async (view) => ({ ...view, jobs: await nameableJobs(app, view) })),
    );
    const summary = counted(views.length, 'keeper');
    printer.envelope('keeper status', summary, { items });
  }
  if (!printer.json && views.length === 0)
    printer.note(name === undefined ? 'no keeper runs' : `${name} has no keeper`);
  const { now } = app;
  const since = (iso: string) => (now ? `started ${age(iso, now)}` : `since ${iso}`);
  for (const view of printer.json ? [] : views) {
    printer.out(`${view.instance}  ${stateOf(view)}  process ${view.pid}  ${since(view.started_at)}`);
    if (!printer.quiet)
      for (const job of await nameableJobs(app, view))
        printer.out(`  ${job.job_id}  ${printer.safeName(job.capability)}  ${since(job.since)}`);
  }
  return EXIT.ok;
}

/** The jobs of a keeper but for those that the instance's rules keep from its lists. */
async function nameableJobs(app: App, view: KeeperView): Promise<readonly KeeperView['jobs'][number][]> {
  if (!Object.hasOwn(app.config.mcpServers, view.instance)) return view.jobs;
  const own = new App(app.context, new Map());
  own.select(configuredInstance(app.config, view.instance, app.context.env));
  const names = new Map<string, Iterable<string>>();
  for (const { job_id, capability } of view.jobs) {
    try {
      names.set(job_id, namesOfJob(await own.store.read(job_id)));
    } catch {
      names.set(job_id, [capability]);
    }
  }
  return nameableItems(own, view.jobs, ({ job_id }) => names.get(job_id) ?? []);
}

/** A short conversation with a keeper. */
async function asking<T>(state: KeeperState, ask: (keeper: KeeperClient) => Promise<T>): Promise<T> {
  const { client } = await KeeperClient.connect(state);
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}

function stateOf({ answers, retiring, jobs, commands, connected }: KeeperView): string {
  if (!answers) return 'does not answer';
  const works = jobs.length > 0 || commands > 0;
  const what = works ? `${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}` : 'idle';
  return `${what}${connected ? '' : ', not connected'}${retiring ? ', to be replaced' : ''}`;
}

async function viewOf(state: KeeperState): Promise<KeeperView> {
  const { instance, version, started_at, retiring = false, holder } = state;
  try {
    return { instance, answers: true, ...(await asking(state, (keeper) => keeper.status())) };
  } catch {
    return {
      instance,
      answers: false,
      pid: holder.pid,
      version,
      started_at,
      retiring,
      jobs: [],
      commands: 0,
      connected: false,
    };
  }
}

/**
 * `keeper stop [INSTANCE]`: ends a keeper and its server. With running jobs it refuses (exit 8) unless forced: they would be lost. Without a
 * name the only one that runs is meant, or `--all`. Exit 0 also when none runs.
 */
export async function keeperStop(app: App, name: string | undefined, options: StopOptions): Promise<number> {
  const { printer } = app;
  const states = await keepersOf(app, name);
  const instances = [...new Set(states.map((state) => state.instance))];
  if (name === undefined && !options.all && instances.length > 1)
    throw new UsageError('which keeper? several run', {
      hint: `name one of ${instances.join(', ')}, or --all`,
    });
  if (states.length === 0) printer.note('no keeper runs');
  const busy: string[] = [];
  const stopped: string[] = [];
  const failures: unknown[] = [];
  for (const state of states) {
    try {
      const held = await stopOne(state, options.force === true);
      if (held !== undefined) busy.push(`${state.instance} has ${held}`);
      else stopped.push(state.instance);
    } catch (error) {
      // The others are stopped all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  if (busy.length > 0)
    throw new UnfinishedError('keeper_busy', `not stopped: ${busy.join('; ')}`, {
      hint: 'it ends by itself after its jobs; --force stops it now, and its jobs are lost',
    });
  if (printer.json) printer.envelope('keeper stop', `stopped ${stopped.length}`, { stopped });
  else for (const one of stopped) printer.note(`stopped the keeper of ${one}`);
  return EXIT.ok;
}

/** Returns what kept it from stopping. */
async function stopOne(state: KeeperState, force: boolean): Promise<string | undefined> {
  try {
    const { stopping, jobs, commands } = await asking(state, (keeper) => keeper.stop(force));
    if (!stopping && jobs > 0) return counted(jobs, 'running job');
    if (!stopping) return commands === 1 ? 'a command that uses it' : `${commands} commands that use it`;
    if (await ended(state)) return undefined;
  } catch (error) {
    // It was just ending by itself.
    if (error instanceof NobodyListensError && !isHolderAlive(state.holder)) return undefined;
    if (!force) throw error;
  }
  const { pid } = state.holder;
  if (!force)
    throw new IoError(`the keeper of ${state.instance} (process ${pid}) does not end`, {
      hint: 'try again with --force',
    });
  const outcome = await kill(state);
  if (outcome === 'unproved')
    throw new IoError(
      `process ${pid} cannot be proved to be the keeper of ${state.instance}: it was not signalled`,
      {
        hint: `look at it (ps -p ${pid}); if it is the keeper: kill ${pid}`,
      },
    );
  if (outcome === 'alive')
    throw new IoError(`the keeper of ${state.instance} (process ${pid}) does not end, not even when killed`, {
      hint: 'a process that waits for a disk or a device ends when that answers',
    });
  return undefined;
}

/**
 * Tells the keepers of an instance that is removed to take no new work and to end with their last job; returns how many jobs that leaves.
 * Error: UnfinishedError when there are any and their records are to be removed, too.
 */
export async function dismissKeepers(app: App, name: string, purge: boolean): Promise<number> {
  let running = 0;
  for (const state of await keepersIn(app, name)) {
    const { jobs } = await asking(state, (keeper) => keeper.status());
    if (jobs.length > 0 && purge)
      throw new UnfinishedError(
        'keeper_busy',
        `not removed: ${name} has ${counted(jobs.length, 'running job')} in its keeper`,
        {
          hint: `wait for them, or cancel them: mcp2cli ${name} jobs cancel ID; --force ends the keeper and gives them up`,
        },
      );
    await asking(state, (keeper) => keeper.retire());
    running += jobs.length;
  }
  return running;
}

/** Ends the keepers of an instance, by force with whatever they do; returns what kept one from it. Error: IoError for one that does not end. */
export async function stopKeepers(app: App, name: string, force: boolean): Promise<string | undefined> {
  for (const state of await keepersIn(app, name)) {
    const busy = await stopOne(state, force);
    if (busy !== undefined) return busy;
  }
  return undefined;
}

/** The keepers of one instance, or of all there are: those of ad hoc targets and of removed instances included. */
async function keepersOf(app: App, name: string | undefined): Promise<KeeperState[]> {
  if (name !== undefined) return keepersIn(app, instanceFolder(app, name));
  return (await Promise.all(folders(app).map((folder) => keepersIn(app, folder)))).flat();
}

/** What stands in a folder that others can write is neither spoken to nor signalled. Error: ConfigError. */
async function keepersIn(app: App, folder: string): Promise<KeeperState[]> {
  app.checkPlaces(folder);
  return presentKeepers(app.paths.keeperDir(folder));
}

/** The folder's name for what was typed. Error: UsageError for what is neither an instance nor has a folder. */
export function instanceFolder(app: App, typed: string): string {
  const configured = findInstance(app.config, typed);
  if (configured !== undefined) return configured;
  const folder = folders(app).find((one) => one.toLowerCase() === typed.toLowerCase());
  if (folder !== undefined && isSafeName(folder)) return folder;
  throw unknownInstance(app.config, typed);
}

function folders(app: App): string[] {
  try {
    return readdirSync(app.paths.instancesDir).sort();
  } catch {
    return [];
  }
}
