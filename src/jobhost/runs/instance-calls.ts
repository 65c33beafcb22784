/** `ctx.call`: calls of tools of any instance, as the CLI makes them, over connections that are kept as long as the host lives. */

import type { CallScope, Live, PreparedCall } from '../../calls/call.ts';
import { callDirectly } from '../../calls/direct.ts';
import type { CallOptions } from '../../calls/options.ts';
import type { CatalogEntry } from '../../catalog/entry.ts';
import { loadConfig } from '../../config/config.ts';
import { configuredInstance, type Instance } from '../../config/configured-instance.ts';
import type { Paths } from '../../config/paths.ts';
import type { Context } from '../../context.ts';
import { CliError, TimeoutError, UnreachableError, UsageError } from '../../errors.ts';
import { InstanceSession } from '../../instance/client.ts';
import { entryOfName } from '../../instance/find-entry.ts';
import type { StoreScope } from '../../instance/scope.ts';
import type { JobDeps } from '../../jobs/deps.ts';
import { FAILURE_BUDGET_MS, QUESTION_WAIT_MS } from '../../jobs/follow/polling.ts';
import type { JobStore, ServerLink } from '../../jobs/ports.ts';
import { policyAnswerer } from '../../jobs/questions/policy.ts';
import type { JobRecord } from '../../jobs/record.ts';
import { openStore } from '../../jobs/store/open-store.ts';
import { PLAIN_RUN } from '../../keeper/run-options.ts';
import { currentHolder } from '../../lib/disk/holder.ts';
import { isObject } from '../../lib/json/json.ts';
import type { Log } from '../../lib/log.ts';
import { lent, type Stop, stopAfter } from '../../lib/stop.ts';
import { automaticAnswers } from '../../mcp/automatic-answers.ts';
import { namesOfCall } from '../../permissions/known-names.ts';
import { permitAll } from '../../permissions/permit.ts';
import { redactSecrets } from '../../tools/schema/redact.ts';
import { isErrorResult } from '../../tools/tool.ts';
import type { CallRequest } from './attempt.ts';

const SILENT: Live = { update() {}, pause() {}, aside: (work) => work(), stop() {} };

/** How a tool's failure reaches the job. */
class ToolFailed extends Error {
  override readonly name = 'ToolFailedError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Kept {
  instance: Instance;
  session: InstanceSession;
  /** Costs nothing until a call asks it something. */
  store: JobStore;
  /** Links that have no call under way. */
  free: ServerLink[];
  /** Calls under way. */
  busy: number;
  /** Its connection was lost: it is closed with its last call. */
  lost: boolean;
}

export interface CallDone {
  /** JSON of what the tool gave. */
  value: string;
  /** The job that the call became, if it did. */
  jobId?: string | undefined;
}

export class InstanceCalls {
  readonly #context: Context;
  readonly #paths: Paths;
  readonly #log: Log;
  readonly #kept = new Map<string, Kept>();

  constructor(context: Context, paths: Paths, log: Log) {
    this.#context = context;
    this.#paths = paths;
    this.#log = log;
  }

  /**
   * Calls a tool. The signal ends the call, and a task that it has become. Errors: UsageError for an instance, a tool or arguments that are none,
   * PermissionError, those of connecting; for a tool that fails an error with its text and the code `tool_error`, or that of its job.
   */
  async call({ instance: name, tool, args, timeoutMs }: CallRequest, signal: AbortSignal): Promise<CallDone> {
    const kept = this.#keptFor(name);
    using stop = stopAfter(
      this.#context.clock,
      undefined,
      timeoutMs,
      `${name} ${tool} did not answer in time`,
    );
    // Only the end of a time limit, or of the command, cancels a task that the call has become.
    const onAbort = () =>
      stop.abort(new TimeoutError(`${name} ${tool} was given up: ${messageOf(signal.reason)}`));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    kept.busy += 1;
    try {
      return await this.#made(kept, tool, args, stop);
    } catch (error) {
      // The next call finds a connection of its own.
      if (error instanceof UnreachableError) this.#forget(kept);
      throw error;
    } finally {
      kept.busy -= 1;
      if (kept.lost) this.#forget(kept);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(all.map(closeAll));
  }

  async #made(kept: Kept, tool: string, args: Record<string, unknown>, stop: Stop): Promise<CallDone> {
    const { instance, session } = kept;
    const scope = this.#scope(kept, stop);
    const entry = await entryOfName(scope, tool, undefined, stop.signal);
    const given = await argumentsOf(entry, args);
    const called = entry.target?.tool ?? entry.tool;
    const storedArguments = redactSecrets(given, called.inputSchema ?? {}) as Record<string, unknown>;
    await permitAll(scope, 'execute', namesOfCall(entry, given), storedArguments);
    await checkArguments(entry, called, given, stop.signal);
    const call: PreparedCall = {
      name: entry.name,
      tool: called,
      arguments: given,
      storedArguments,
      viaTool: entry.viaTool,
      metadata:
        entry.kind === 'tool'
          ? {}
          : { kind: entry.kind, capability: entry.name, ...(entry.target ? { tool: called.name } : {}) },
    };
    const link = kept.free.pop() ?? (await session.open(stop.signal));
    const end = await callDirectly(scope, call, optionsOf(instance), SILENT, link);
    if (end.kind === 'job') return { ...ofJob(end.job), jobId: end.job.job_id };
    kept.free.push(link);
    return { value: givenBy(end.result) };
  }

  /** The session of an instance, as it is configured now. */
  #keptFor(name: string): Kept {
    const instance = configuredInstance(loadConfig(this.#paths), name, this.#context.env);
    const before = this.#kept.get(instance.name);
    if (before && sameTarget(before.instance, instance)) {
      before.instance = instance;
      return before;
    }
    if (before) this.#forget(before);
    const session = new InstanceSession(
      this.#context,
      this.#paths,
      this.#log,
      instance,
      () => instance.settings.connectTimeoutMs,
    );
    const { clock, env } = this.#context;
    const store = openStore({ paths: this.#paths, instance, env, clock });
    const kept = { instance, session, store, free: [], busy: 0, lost: false };
    this.#kept.set(instance.name, kept);
    return kept;
  }

  /** Gives a connection up. Other calls that are under way on it end by themselves first. */
  #forget(kept: Kept): void {
    const { name } = kept.instance;
    if (this.#kept.get(name) === kept) this.#kept.delete(name);
    kept.lost = true;
    if (kept.busy === 0) void closeAll(kept);
  }

  #scope({ instance, session, store }: Kept, stop: Stop): CallScope & StoreScope {
    const { clock } = this.#context;
    const deps: JobDeps = {
      store,
      links: session,
      clock,
      random: Math.random,
      holder: currentHolder(),
      failureBudgetMs: FAILURE_BUDGET_MS,
      ask: policyAnswerer(instance.settings.elicit),
      automatic: automaticAnswers(session.features),
      questionWaitMs: QUESTION_WAIT_MS,
    };
    return {
      instance,
      context: this.#context,
      paths: this.#paths,
      printer: this.#log,
      session: async () => session,
      store,
      command: (...words) => ['mcp2cli', instance.name, ...words].join(' '),
      answerHint: async (_, resume) => resume,
      jobDeps: async () => deps,
      stop: () => lent(stop),
    };
  }
}

async function closeAll({ session, store }: Kept): Promise<void> {
  await Promise.allSettled([session.close(), (async () => store.close())()]);
}

function sameTarget(one: Instance, other: Instance): boolean {
  return (
    JSON.stringify([one.identity, one.settings]) === JSON.stringify([other.identity, other.settings]) &&
    one.hasToolSettings === other.hasToolSettings
  );
}

function optionsOf({ settings }: Instance): CallOptions {
  return {
    background: false,
    ttlMs: undefined,
    detach: false,
    elicit: settings.elicit ?? 'ask',
    runOptions: PLAIN_RUN,
  };
}

/** What a definition fixes is added. Error: UsageError for what contradicts it. */
async function argumentsOf({ target }: CatalogEntry, args: Record<string, unknown>) {
  if (!target) return args;
  return (await import('../../catalog/fixed-arguments.ts')).withFixed(args, target.fixed);
}

async function checkArguments(
  { name }: CatalogEntry,
  called: CatalogEntry['tool'],
  args: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { validateArguments } = await import('../../tools/flags/validate.ts');
  const { problems } = await validateArguments(called, args, { signal });
  if (problems.length > 0)
    throw new UsageError(`${name}: ${problems.map(({ message }) => message).join('; ')}`, {
      code: 'invalid_arguments',
    });
}

/** The end of a call that has become a job. */
function ofJob(job: JobRecord): CallDone {
  if (job.status === 'completed') return { value: givenBy(job.result) };
  const text = textOf(job.result);
  throw new ToolFailed(
    job.error?.code ?? job.status,
    text || job.error?.message || `${job.job_id} is ${job.status}`,
  );
}

/** What a tool gave: its structured content, else its text, else its content. Error: ToolFailed. */
function givenBy(result: unknown): string {
  if (isErrorResult(result))
    throw new ToolFailed('tool_error', textOf(result) || 'the tool reported an error');
  if (!isObject(result)) return JSON.stringify(result ?? null);
  const { structuredContent, content } = result;
  if (structuredContent !== undefined) return JSON.stringify(structuredContent);
  const blocks = Array.isArray(content) ? content : [];
  const isText = blocks.length > 0 && blocks.every((one) => isObject(one) && one['type'] === 'text');
  return JSON.stringify(isText ? textOf(result) : blocks);
}

function textOf(result: unknown): string {
  const content = isObject(result) && Array.isArray(result['content']) ? result['content'] : [];
  return content
    .flatMap((one) => (isObject(one) && typeof one['text'] === 'string' ? [one['text']] : []))
    .join('\n');
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** The code of an error, for the list of a run's calls. */
export function codeOf(error: unknown): string {
  return error instanceof CliError || error instanceof ToolFailed ? error.code : 'internal';
}
