import { setMaxListeners } from 'node:events';
import type { CallScope } from '../calls/call.ts';
import { type Config, findInstance, loadConfig } from '../config/config.ts';
import { configuredInstance, type Instance } from '../config/configured-instance.ts';
import { type Paths, resolvePaths } from '../config/paths.ts';
import { checkDataRoot, checkInstanceFolders } from '../config/root.ts';
import type { ElicitPolicy } from '../config/settings/settings.ts';
import type { Context } from '../context.ts';
import { AuthError, type CliError, UsageError } from '../errors.ts';
import type { InstanceSession } from '../instance/client.ts';
import type { JobDeps } from '../jobs/deps.ts';
import { QUESTION_WAIT_MS } from '../jobs/follow/polling.ts';
import type { JobStore } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import { failureBudget, openStore } from '../jobs/store/open-store.ts';
import { currentHolder } from '../lib/disk/holder.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import { layered, withDefaults } from './global-flags/layers.ts';
import type { FlagValues } from './global-flags/scan.ts';
import { TARGET_FLAGS } from './global-flags/table.ts';
import { durationFlag, elicitFlag, outputFormat, textFlag } from './global-flags/values.ts';
import { jsonFilter } from './output/jq.ts';
import { loginHint } from './output/login-hint.ts';
import { colors, type Palette, PLAIN } from './output/palette.ts';
import { Printer } from './output/printer.ts';
import type { Terminal } from './prompts/session.ts';
import { hostLine, instanceLine } from './typed-line.ts';

/** What commands work with: context, flags, configuration, and the services built from them when first needed. */
export class App {
  readonly context: Context;
  readonly paths: Paths;
  /** What was typed, and what counts where nothing was. */
  #typed: FlagValues;
  #defaults: FlagValues = new Map();
  #flags: FlagValues;
  #flagsRead = false;
  #printer: Printer;
  #config: Config | undefined;
  #instance: Instance | undefined;
  #session: InstanceSession | undefined;
  #store: JobStore | undefined;
  /** The store is somebody else's to close. */
  #isLent = false;
  #rootChecked = false;

  constructor(context: Context, flags: FlagValues) {
    this.context = context;
    this.paths = resolvePaths(context);
    this.#typed = flags;
    this.#flags = flags;
    this.#printer = this.#newPrinter('mcp2cli');
  }

  get flags(): FlagValues {
    return this.#flags;
  }

  /** The flags after the command's name were read too. */
  get flagsRead(): boolean {
    return this.#flagsRead;
  }

  get printer(): Printer {
    return this.#printer;
  }

  /** Takes in runtime flags that stood after the command's name; they win over those before it. Errors: UsageError. */
  adopt(more: FlagValues): void {
    if (more.size > 0) this.#take(more);
    this.#flagsRead = true;
  }

  #take(more: FlagValues): void {
    this.#typed = new Map([...this.#typed, ...more]);
    this.#flags = withDefaults(this.#typed, this.#defaults);
    this.#printer = this.#newPrinter(this.#printer.appId);
    this.#session?.use(this.#printer);
  }

  /** Values of flags that were not typed; of defaults that differ those that came first count. None is of the output. */
  defaults(values: FlagValues): void {
    this.#defaults = layered(this.#defaults, values);
    this.#flags = withDefaults(this.#typed, this.#defaults);
  }

  #newPrinter(appId: string): Printer {
    const { stdout, stderr } = this.context;
    const format = outputFormat(this.#flags);
    const expression = textFlag(this.#flags, 'jq');
    return new Printer({
      stdout,
      stderr,
      format,
      quiet: this.#flags.has('quiet'),
      verbose: this.#flags.has('verbose'),
      appId,
      program: this.context.env['MCP2CLI_PROGRAM'],
      filter:
        expression === undefined ? undefined : jsonFilter(expression, stdout.isTTY && format === 'json'),
    });
  }

  /** The name that the program was called by, for usage lines and hints: a linked command's own. */
  get program(): string {
    return this.context.env['MCP2CLI_PROGRAM'] ?? 'mcp2cli';
  }

  /** Goes by this configuration in place of the program's own: that of a file which was named for this command. */
  useConfig(config: Config): void {
    this.#checkRoot();
    this.#config = config;
  }

  get config(): Config {
    this.#checkRoot();
    this.#config ??= loadConfig(this.paths);
    return this.#config;
  }

  #checkRoot(): void {
    if (this.#rootChecked) return;
    checkDataRoot(this.paths, this.context.platform);
    this.#rootChecked = true;
  }

  /** Refuses folders of an instance that somebody else can write. Errors: ConfigError, IoError. */
  checkPlaces(name: string): void {
    this.#checkRoot();
    checkInstanceFolders(this.paths, name, this.context.platform);
  }

  /** Picks the instance that this command is about. */
  select(instance: Instance): void {
    this.#instance = instance;
    this.#store = undefined;
    this.#isLent = false;
    this.printer.appId = instance.name;
  }

  /** The instance that was selected. */
  get instance(): Instance {
    if (!this.#instance) throw new Error('no instance was selected');
    return this.#instance;
  }

  /** What `--instance`, `--url`, `--stdio` or `--jobs` names. Errors: UsageError. */
  async explicitInstance(): Promise<Instance | undefined> {
    const { env } = this.context;
    if (TARGET_FLAGS.some((name) => name !== 'instance' && this.flags.has(name))) {
      const { adHocInstance } = await import('./ad-hoc.ts');
      if (this.flags.has('config'))
        throw new UsageError('--config and an ad hoc target cannot be used together');
      return adHocInstance(this.flags, env, this.context.cwd);
    }
    const named = textFlag(this.flags, 'instance');
    return named === undefined ? undefined : configuredInstance(this.config, named, env);
  }

  /** The instance of MCP2CLI_INSTANCE or `instances use`. */
  activeInstance(): Instance | undefined {
    const { env } = this.context;
    if (env['MCP2CLI_INSTANCE']) return configuredInstance(this.config, env['MCP2CLI_INSTANCE'], env);
    const active = this.config.active;
    if (active === undefined || findInstance(this.config, active) === undefined) return undefined;
    return configuredInstance(this.config, active, env);
  }

  /** The dealings with the instance's server; its code is loaded with the first of them. */
  async session(): Promise<InstanceSession> {
    if (!this.#session) {
      const { InstanceSession } = await import('../instance/client.ts');
      const { context, paths, printer, instance } = this;
      this.#session = new InstanceSession(context, paths, printer, instance, () => this.connectTimeoutMs);
    }
    return this.#session;
  }

  /** Milliseconds that connecting may take: the flag, else the instance's setting. Error: UsageError. */
  get connectTimeoutMs(): number | undefined {
    return this.flags.has('connect-timeout')
      ? durationFlag(this.flags, 'connect-timeout')
      : this.instance.settings.connectTimeoutMs;
  }

  get store(): JobStore {
    this.#checkRoot();
    const { paths, instance, context } = this;
    this.#store ??= openStore({ paths, instance, env: context.env, clock: context.clock });
    return this.#store;
  }

  /** Works with the store that somebody else has open: it stays open. */
  lend(store: JobStore): void {
    this.#store = store;
    this.#isLent = true;
  }

  /** How the person types a command of this instance, for hints: `work jobs wait ID`. */
  command(...words: string[]): string {
    return instanceLine(this.instance, this.context.env['MCP2CLI_PROGRAM'], words);
  }

  /** How the person types a command of the program itself about this instance: `mcp2cli auth login work`. */
  hostCommand(words: readonly string[], flags: readonly string[] = []): string {
    return hostLine(this.instance, words, flags);
  }

  /** What to do about an error, with its command as the person types it. */
  hintFor(error: CliError): string | undefined {
    const { hint, command } = error;
    if (!this.#instance) return hint;
    if (error instanceof AuthError && error.login)
      return loginHint(error.login, (flags) => this.hostCommand(['auth', 'login'], flags));
    if (command === undefined) return hint;
    return `${hint ?? 'see'}: ${this.command(...command)}`;
  }

  /** The time, where stdout is a terminal: times are told as ages there, and exactly elsewhere. */
  get now(): Date | undefined {
    return this.printer.outTTY ? this.context.clock.now() : undefined;
  }

  /** Colours for stdout's human forms. */
  async palette(): Promise<Palette> {
    return this.printer.outTTY && this.color ? colors() : PLAIN;
  }

  /** NO_COLOR (no-color.org) and --no-color; whether there is a terminal is the caller's question. */
  get color(): boolean {
    return (
      !this.flags.has('no-color') && !this.context.env['NO_COLOR'] && this.context.env['TERM'] !== 'dumb'
    );
  }

  /** What ends this command early: the first signal, or `--timeout`; without that flag after `defaultMs`, if given. */
  stop(timeoutMessage: string, defaultMs?: number): Stop {
    const { clock, interrupted } = this.context;
    const limit = this.flags.has('timeout') ? durationFlag(this.flags, 'timeout') : defaultMs;
    const stop = stopAfter(clock, interrupted, limit, timeoutMessage);
    // Any number of jobs and requests listens to it; Node would warn of a leak at the eleventh.
    setMaxListeners(0, stop.signal);
    return stop;
  }

  /** What is done with a server's questions: the flag, else the instance's setting, else the person is asked. Error: UsageError. */
  get elicit(): ElicitPolicy {
    return elicitFlag(this.flags) ?? this.instance.settings.elicit ?? 'ask';
  }

  /** Where the person can be asked, if there is a terminal. */
  get terminal(): Terminal | undefined {
    const { stdin } = this.context;
    // In this order: asking Node of stdin opens it, which costs time where it is /dev/null (docs/measurements.md).
    return this.printer.errTTY && stdin.isTTY ? { input: stdin.stream, output: process.stderr } : undefined;
  }

  /** There is a person, and a server that may want to know them. `auth login` itself has asked already. */
  get canLogIn(): boolean {
    return this.#session !== undefined && this.terminal !== undefined;
  }

  /** The same as what a call needs of its command, with some of it changed. */
  scope(changes: Partial<CallScope>): CallScope {
    const { instance, context, paths, printer } = this;
    return {
      instance,
      context,
      paths,
      printer,
      session: () => this.session(),
      command: (...words) => this.command(...words),
      jobDeps: () => this.jobDeps(),
      stop: (timeoutMessage) => this.stop(timeoutMessage),
      answerHint: (job, resume) => this.answerHint(job, resume),
      ...changes,
    };
  }

  /** What the job service works with. */
  async jobDeps(): Promise<JobDeps> {
    const { clock, env } = this.context;
    const { elicit, terminal } = this;
    const session = await this.session();
    const [{ answererOf }, { automaticAnswers }] = await Promise.all([
      import('./prompts/answerer.ts'),
      import('../mcp/automatic-answers.ts'),
    ]);
    return {
      store: this.store,
      links: session,
      clock,
      random: Math.random,
      holder: currentHolder(),
      failureBudgetMs: failureBudget(env),
      ask: answererOf(elicit, this.printer, terminal),
      automatic: automaticAnswers(session.features),
      ...(this.flags.has('log-level') ? { onLog: (message) => this.printer.serverLog(message) } : {}),
      questionWaitMs: elicit === 'ask' && terminal ? undefined : QUESTION_WAIT_MS,
    };
  }

  /** How to go on with a job that asks something; `resume` is the command that comes back to it. */
  async answerHint(job: Pick<JobRecord, 'job_id' | 'pending_input'>, resume: string): Promise<string> {
    return (await import('./commands/jobs/answer/question.ts')).answerHint(this, job, resume);
  }

  async close(): Promise<void> {
    await this.#session?.close();
    if (!this.#isLent) await this.#store?.close();
  }
}
