import { RpcError } from '../../errors.ts';
import type { BackendCallOptions, ToolCall } from '../../jobs/ports.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { randomId } from '../../lib/random-id.ts';
import type { RequestOptions } from '../connection/channel.ts';
import { JOB_META_KEY } from '../connection/meta-keys.ts';
import type { Connection } from '../connection/open.ts';
import { runArguments } from '../dialects/frontmcp/backend.ts';
import { explained, ownRefusal } from '../dialects/refusals.ts';
import { speaks2026, TASKS_EXTENSION } from '../dialects/task-mode.ts';
import { throughInputRounds } from '../input-rounds.ts';
import { setSessionLevel, wantingLog } from '../log-level.ts';
import { paramHeaders } from '../param-headers.ts';
import type { Participant, QuestionRouter } from '../question-router.ts';
import type { ResultQuestions } from './result-questions.ts';

/** The `tools/call` requests of one link, each sent once. They resolve with the server's answer as it came: a result, or a task. */
export class ToolCalls {
  readonly #connection: Connection;
  readonly #work: Participant;
  readonly #router: QuestionRouter;
  readonly #questions: ResultQuestions;
  readonly #withHeaders: ReturnType<typeof paramHeaders>;
  /** What progress of this link's calls is told under. */
  readonly progressTokens = new Set<unknown>();
  /** The call under way wants the server's log messages, from this level up. */
  logLevel: string | undefined;

  constructor(connection: Connection, work: Participant, router: QuestionRouter, questions: ResultQuestions) {
    this.#connection = connection;
    this.#work = work;
    this.#router = router;
    this.#questions = questions;
    this.#withHeaders = paramHeaders(connection);
  }

  /** A call up to 2025-11-25. `params` may ask for a task. */
  async send(call: ToolCall, params: JsonObject, options: BackendCallOptions): Promise<unknown> {
    await this.#listenToLog(call, options);
    return this.#request(this.#ofJob(params, call), options);
  }

  /**
   * A call of 2026-07-28, where the server decides whether it makes a task of it. A server that refuses (-32021) because the tool must be a task, and had
   * not said that it has tasks, is called once more with the extension declared: the first call ran nothing.
   */
  async sendModern(call: ToolCall, options: BackendCallOptions): Promise<unknown> {
    await this.#listenToLog(call, options);
    const params = wantingLog(this.#ofJob(plainParams(call), call), call.logLevel);
    const declaring = this.#connection.declaring(params, TASKS_EXTENSION);
    return this.#withHeaders(call, options, async (mirrored) => {
      if (speaks2026(this.#connection.facts.capabilities)) return this.#request(declaring, options, mirrored);
      try {
        return await this.#request(params, options, mirrored);
      } catch (error) {
        if (!(error instanceof RpcError) || !requiresTasks(error)) throw error;
        return this.#request(declaring, options, mirrored);
      }
    });
  }

  /** Starts a run of a FrontMCP server's job, by the tool of the server that does so. */
  async startRun(call: ToolCall, viaTool: string, options: BackendCallOptions): Promise<unknown> {
    // Such servers tell a run's progress under the name of the job.
    this.progressTokens.add(call.name);
    return this.#request(this.#ofJob({ name: viaTool, arguments: runArguments(call) }, call), options);
  }

  async #listenToLog({ logLevel }: ToolCall, options: BackendCallOptions): Promise<void> {
    this.logLevel = logLevel;
    await setSessionLevel(this.#connection, logLevel, requestOptions(options));
  }

  /** A server of this program's own hears whose record the run belongs to. */
  #ofJob(params: JsonObject, { job }: ToolCall): JsonObject {
    if (job === undefined || !this.#connection.servesJobs) return params;
    return { ...params, _meta: { ...(params['_meta'] as JsonObject | undefined), [JOB_META_KEY]: job } };
  }

  /** Sends a call, and again with the answers for as long as the server asks by its result. */
  async #request(
    params: JsonObject,
    options: BackendCallOptions,
    mirrored?: ToolCall['mirrored'],
  ): Promise<unknown> {
    // Of our own making: progress of a task goes on under it after the call was answered.
    const progressToken = randomId();
    this.progressTokens.add(progressToken);
    const meta = isObject(params['_meta']) ? params['_meta'] : {};
    const sent = { ...requestOptions(options), cancelOnAbort: true, mirrored };
    this.#work.calls += 1;
    try {
      return await throughInputRounds(
        (round) => this.#connection.request('tools/call', round, sent),
        { ...params, _meta: { ...meta, progressToken } },
        (asked) => this.#questions.ask(asked, options.signal as AbortSignal | undefined),
      );
    } catch (error) {
      throw this.#connection.servesJobs ? ownRefusal(error) : explained(error);
    } finally {
      this.#work.calls -= 1;
      this.#router.callEnded(this.#work);
    }
  }
}

export function plainParams(call: ToolCall): JsonObject {
  return { name: call.name, arguments: call.arguments };
}

export function requestOptions(options: BackendCallOptions): RequestOptions {
  return {
    signal: options.signal as AbortSignal | undefined,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  };
}

/** MissingRequiredClientCapability (-32021): nothing was run, since the tool must be a task. */
function requiresTasks(error: RpcError): boolean {
  const required = isObject(error.data) ? error.data['requiredCapabilities'] : undefined;
  return error.rpcCode === -32021 && isObject(required) && speaks2026(required);
}
