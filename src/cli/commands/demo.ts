import type { Config } from '../../config/config.ts';
import type { DemoDialect } from '../../demo/server.ts';
import { EXIT, UsageError } from '../../errors.ts';
import type { JobRecord } from '../../jobs/record.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { untilAborted } from '../../lib/stop.ts';
import type { App } from '../app.ts';
import { giveUp, liveJobs, runningJobs } from './demo-jobs.ts';

export interface DemoOptions {
  port?: string;
  dialect?: string;
}

/** The instance that the demo server is registered as. */
const NAME = 'demo';

/** Marks the instance as ours to replace and remove. */
const MARK = 'mcp2cliDemo';

const DIALECTS: readonly DemoDialect[] = ['tasks-2025-11-25', 'meta-task', 'plain'];

/** `demo run`: a real MCP server in this process until a signal, registered as instance `demo` for as long as it runs. */
export async function runDemo(app: App, options: DemoOptions): Promise<number> {
  const { dialect, port } = read(options);
  mayRegister(app.config);
  const [{ startDemoServer }, { hostDemo }] = await Promise.all([
    import('../../demo/server.ts'),
    import('../../demo/lifecycle.ts'),
  ]);
  const { server, started_at, forget } = await hostDemo({
    home: app.paths.root,
    dialect,
    start: (token) => startDemoServer({ dialect, port, token }),
    onRunning: (url) => register(app, url),
  });
  try {
    giveUp(app, NAME, liveJobs(app, NAME, started_at));
    const { printer } = app;
    const facts = { name: NAME, url: server.url, dialect };
    const said = `Serving ${server.url} as instance ${NAME}`;
    printer.answer('demo run', `serving ${server.url}`, facts, said);
    printer.note(
      'in another terminal, try: mcp2cli demo deploy --version 2.0 --background; ^C stops the server',
    );
    await app.context.stdout.flush();
    // Signals are how this command is meant to end: not an error.
    await untilAborted(app.context.interrupted);
  } finally {
    await unregister(app, server.url);
    await server.close();
    forget();
    endedWithIt(app, liveJobs(app, NAME));
  }
  return EXIT.ok;
}

/** `demo start`: the same in the background, until `demo stop`. */
export async function startDemo(app: App, options: DemoOptions): Promise<number> {
  const { dialect, port } = read(options);
  mayRegister(app.config);
  const { startDetachedDemo } = await import('../../demo/lifecycle.ts');
  const demo = await startDetachedDemo({
    home: app.paths.root,
    entry: app.context.entry,
    args: ['demo', 'serve'],
    dialect,
    port,
    onRunning: (running) => register(app, running.url),
  });
  const { printer } = app;
  const { started, ...facts } = demo;
  if (started) giveUp(app, NAME, liveJobs(app, NAME, demo.started_at));
  const said = `${started ? 'Serving' : 'Already serving'} ${demo.url} as instance ${NAME} (${demo.dialect})`;
  const summary = started ? 'started' : 'already running';
  printer.answer('demo start', summary, { name: NAME, started, ...facts }, said);
  printer.note('try: mcp2cli demo ls; stop it with: mcp2cli demo stop');
  return EXIT.ok;
}

/** `demo stop`: jobs that run end with it, which is said, and stands in their records. */
export async function stopDemo(app: App): Promise<number> {
  const lifecycle = await import('../../demo/lifecycle.ts');
  const home = app.paths.root;
  const running = (await lifecycle.demoStatus({ home })) ? await runningJobs(app, NAME) : liveJobs(app, NAME);
  const stopped = await lifecycle.stopDemo({ home, onStopped: () => unregister(app) });
  const { printer } = app;
  endedWithIt(app, running);
  const lost_jobs = running.map(({ job_id }) => job_id);
  const said = stopped ? 'Stopped the demo server' : 'The demo server was not running';
  printer.answer('demo stop', stopped ? 'stopped' : 'not running', { stopped, lost_jobs }, said);
  return EXIT.ok;
}

/** Jobs that ran when the server was stopped: lost, with a warning. */
function endedWithIt(app: App, jobs: readonly JobRecord[]): void {
  if (jobs.length === 0) return;
  giveUp(app, NAME, jobs);
  const named = jobs.map(({ job_id, capability }) => `${job_id} (${capability})`);
  const shown = [...named.slice(0, 3), ...(named.length > 3 ? ['...'] : [])].join(', ');
  const what = jobs.length === 1 ? 'a job ran and is lost' : `${jobs.length} jobs ran and are lost`;
  app.printer.warn('jobs_lost', `${what}: ${shown}`);
}

/** `demo status` */
export async function demoStatus(app: App): Promise<number> {
  const lifecycle = await import('../../demo/lifecycle.ts');
  const running = await lifecycle.demoStatus({ home: app.paths.root });
  const { printer } = app;
  const facts = { running: running !== undefined, ...running };
  const said = running ? `Serving ${running.url} as instance ${NAME} (${running.dialect})` : 'Not running';
  printer.answer('demo status', running ? 'running' : 'not running', facts, said);
  return running ? EXIT.ok : EXIT.failed;
}

/** `demo tour`, which is what `npm run demo` runs. */
export async function demoTour(app: App): Promise<number> {
  const { runTour } = await import('../../demo/tour.ts');
  return runTour(app.context);
}

function read(options: DemoOptions): { dialect: DemoDialect; port: number } {
  const port = Number(options.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new UsageError(`--port: not a port: ${JSON.stringify(options.port)}`);
  const dialect = (options.dialect ?? 'tasks-2025-11-25') as DemoDialect;
  if (!DIALECTS.includes(dialect))
    throw new UsageError(`--dialect: not a dialect: ${JSON.stringify(options.dialect)}`, {
      hint: `one of ${DIALECTS.join(', ')}`,
    });
  return { dialect, port };
}

/** Error: UsageError when somebody else's instance has the name. */
function mayRegister(config: Config): void {
  const existing = config.mcpServers[NAME];
  if (existing !== undefined && !isOurs(existing))
    throw new UsageError(`one of your instances is called ${NAME}, which is the demo server's name`, {
      hint: 'remove it first, or use another MCP2CLI_HOME for the demo',
    });
}

/** The entry was made for the demo server. */
function isOurs(entry: unknown): entry is JsonObject {
  return isObject(entry) && entry[MARK] === true;
}

async function register(app: App, url: string): Promise<void> {
  const { editConfig } = await import('../../config/edit.ts');
  await editConfig(app.paths, (config) => {
    mayRegister(config);
    // Its jobs end with it, which is this machine's business: they are in no store that others see.
    config.mcpServers[NAME] = { type: 'http', url, store: 'files', [MARK]: true };
  });
}

/** Forgets the instance, if it is (still) the demo server's: of this URL, where one is given. */
async function unregister(app: App, url?: string): Promise<void> {
  const { editConfig } = await import('../../config/edit.ts');
  await editConfig(app.paths, (config) => {
    const existing = config.mcpServers[NAME];
    if (!isOurs(existing) || (url !== undefined && existing['url'] !== url)) return;
    delete config.mcpServers[NAME];
    if (config.active === NAME) delete config.active;
  });
}
