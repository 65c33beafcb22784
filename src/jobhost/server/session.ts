import { CliError, RpcError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import {
  CLIENT_CAPABILITIES_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
} from '../../mcp/connection/meta-keys.ts';
import { LOG_LEVELS, type LogLevel } from '../../mcp/log-level.ts';
import type { Call, Send } from './call.ts';
import { callTool } from './call-tool.ts';
import { badParams, CODE, type Host, paramsOf } from './host.ts';
import { listTools } from './list-tools.ts';
import { listen } from './listen.ts';
import { cancelTask, getTask, listTasks, taskResult, updateTask } from './tasks.ts';
import {
  LEGACY_VERSIONS,
  MODERN_VERSION,
  modernCapabilities,
  sessionCapabilities,
  TASKS_SINCE,
} from './versions.ts';

type Handler = (call: Call) => Promise<JsonObject> | JsonObject;

/** The methods of every version; tasks have rules of their own. */
const METHODS: Readonly<Record<string, Handler>> = {
  'tools/list': listTools,
  'tools/call': callTool,
  'tasks/get': getTask,
  'tasks/cancel': cancelTask,
};
const LEGACY_METHODS: Readonly<Record<string, Handler>> = {
  ...METHODS,
  'tasks/result': taskResult,
  'tasks/list': listTasks,
};
const MODERN_METHODS: Readonly<Record<string, Handler>> = {
  ...METHODS,
  'tasks/update': updateTask,
  'subscriptions/listen': listen,
};

/**
 * One client: a process at the other end of stdin, a session over HTTP, or one request of 2026-07-28 over HTTP. Requests run side by side; each is
 * answered once.
 */
export class ClientSession {
  readonly #host: Host;
  readonly #push: Send;
  readonly #over = new AbortController();
  readonly #running = new Map<string | number, AbortController>();
  readonly #stopListening: () => void;
  /** The version that was agreed on; undefined before. */
  version: string | undefined;
  #level: LogLevel | undefined;
  #toldOfLists = false;

  /** `push`: sends what belongs to no request of the client. */
  constructor(host: Host, push: Send) {
    this.#host = host;
    this.#push = push;
    this.#stopListening = host.provider.onListChanged(() => {
      if (this.#toldOfLists) push(notification('notifications/tools/list_changed', {}));
    });
  }

  /** Ends everything that is under way for this client. What was submitted goes on. */
  close(reason: Error): void {
    this.#stopListening();
    this.#over.abort(reason);
  }

  /** Takes a message, or a batch of them (2025-03-26); `reply` gets the answer and what comes before it. Never rejects. */
  async receive(message: unknown, reply: Send): Promise<void> {
    if (!Array.isArray(message)) return this.#receiveOne(message, reply);
    if (message.length === 0) return reply(refusal(null, CODE.request, 'an empty batch'));
    await Promise.all(message.map((one) => this.#receiveOne(one, reply)));
  }

  async #receiveOne(message: unknown, reply: Send): Promise<void> {
    if (!isObject(message) || message['jsonrpc'] !== '2.0')
      return reply(refusal(null, CODE.request, 'not a JSON-RPC 2.0 message'));
    const { id, method } = message;
    if (typeof method !== 'string') {
      // An answer: this server asks nothing.
      if (Object.hasOwn(message, 'result') || Object.hasOwn(message, 'error')) return;
      return reply(refusal(isId(id) ? id : null, CODE.request, 'a message without a method'));
    }
    if (id === undefined) return this.#hear(method, message);
    if (!isId(id)) return reply(refusal(null, CODE.request, 'the id must be a string or a number'));
    if (this.#running.has(id))
      return reply(refusal(id, CODE.request, `the id ${JSON.stringify(id)} belongs to a request under way`));
    const running = new AbortController();
    this.#running.set(id, running);
    try {
      const result = await this.#answer(message, id, method, running.signal, reply);
      if (!running.signal.aborted) reply({ jsonrpc: '2.0', id, result });
    } catch (error) {
      // Whoever has cancelled a request wants no answer (MCP 2025-11-25, basic/utilities/cancellation).
      if (!running.signal.aborted) reply(this.#failed(id, error));
    } finally {
      this.#running.delete(id);
    }
  }

  /** A notification. */
  #hear(method: string, { params }: JsonObject): void {
    if (method === 'notifications/initialized') this.#toldOfLists = true;
    if (method !== 'notifications/cancelled' || !isObject(params)) return;
    const { requestId, reason } = params;
    const running = isId(requestId) ? this.#running.get(requestId) : undefined;
    running?.abort(new Error(typeof reason === 'string' ? reason : 'cancelled by the client'));
  }

  async #answer(
    message: JsonObject,
    id: string | number,
    method: string,
    signal: AbortSignal,
    reply: Send,
  ): Promise<JsonObject> {
    const params = paramsOf(message);
    const meta = isObject(params['_meta']) ? params['_meta'] : {};
    const modern = !this.#host.ours && meta[PROTOCOL_VERSION_META_KEY] !== undefined;
    if (modern) checkEnvelope(meta);
    else {
      const own = this.#handshake(method, params);
      if (own) return own;
    }
    const methods = modern ? MODERN_METHODS : LEGACY_METHODS;
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (modern && method === 'server/discover') return this.#complete(this.#discovered());
    const tasks = modern ? declaresTasks(meta) : this.version === TASKS_SINCE;
    if (!handler || (method.startsWith('tasks/') && !modern && !tasks))
      throw new RpcError(CODE.method, `Method not found: ${method}`);
    if (method.startsWith('tasks/') && !tasks)
      throw new RpcError(CODE.capability, 'tasks need the extension io.modelcontextprotocol/tasks', {
        data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
      });
    const both = AbortSignal.any([signal, this.#over.signal]);
    const answer = await handler({
      host: this.#host,
      method,
      params,
      id,
      modern,
      tasks,
      signal: both,
      level: modern ? levelOf(meta[LOG_LEVEL_META_KEY]) : this.#level,
      notify: (name, its) => reply(notification(name, its)),
      afterwards: (work) => {
        work((name, its) => this.#push(notification(name, its)), this.#over.signal).catch(
          (error: unknown) => {
            if (!this.#over.signal.aborted)
              this.#host.log(`a run was not followed: ${(error as Error).message}`);
          },
        );
      },
    });
    return modern ? this.#complete(answer) : answer;
  }

  /** The handshake and what a session has beside the tools; undefined for any other method. */
  #handshake(method: string, params: JsonObject): JsonObject | undefined {
    switch (method) {
      case 'initialize': {
        const asked = params['protocolVersion'];
        if (typeof asked !== 'string') throw badParams('initialize needs a protocolVersion');
        this.version = LEGACY_VERSIONS.find((one) => one === asked) ?? LEGACY_VERSIONS[0];
        const instructions = instructionsOf(this.#host);
        return {
          protocolVersion: this.version,
          capabilities: sessionCapabilities(this.version as string),
          serverInfo: this.#info(),
          ...(instructions === undefined ? {} : { instructions }),
        };
      }
      case 'ping':
        return {};
      case 'logging/setLevel': {
        const level = levelOf(params['level']);
        if (!level) throw badParams(`level must be one of ${LOG_LEVELS.join(', ')}`);
        this.#level = level;
        return {};
      }
      default:
        return undefined;
    }
  }

  #info(): JsonObject {
    const { name, title } = this.#host.provider.about;
    return { name, title, version: this.#host.version };
  }

  #discovered(): JsonObject {
    const instructions = instructionsOf(this.#host);
    return {
      supportedVersions: [MODERN_VERSION],
      capabilities: modernCapabilities(),
      ttlMs: 0,
      cacheScope: 'private',
      ...(instructions === undefined ? {} : { instructions }),
    };
  }

  /** Every result of 2026-07-28 says of what kind it is, and who it is from. */
  #complete(result: JsonObject): JsonObject {
    const meta = isObject(result['_meta']) ? result['_meta'] : {};
    return { resultType: 'complete', ...result, _meta: { ...meta, [SERVER_INFO_META_KEY]: this.#info() } };
  }

  #failed(id: string | number, error: unknown): JsonObject {
    if (error instanceof RpcError) return refusal(id, error.rpcCode, error.message, error.data);
    if (error instanceof CliError) return refusal(id, CODE.internal, error.message, { code: error.code });
    const message = error instanceof Error ? error.message : String(error);
    if (!this.#over.signal.aborted)
      this.#host.log(`a defect of mcp2cli: ${(error as Error).stack ?? message}`);
    return refusal(id, CODE.internal, message);
  }
}

/** What an agent must know of the tools for managing jobs. */
const IN_THE_BACKGROUND =
  'What may take longer than a minute is best run in the background: execute_job with background: true returns a runId at once, and the run goes on, on record, while nobody waits for it. wait_for_job and get_job_status tell how it ended, cancel_job ends it.';

function instructionsOf({ provider, ours }: Host): string | undefined {
  const { instructions } = provider.about;
  if (ours) return instructions;
  return instructions === undefined ? IN_THE_BACKGROUND : `${instructions} ${IN_THE_BACKGROUND}`;
}

function notification(method: string, params: JsonObject): JsonObject {
  return { jsonrpc: '2.0', method, params };
}

export function refusal(
  id: string | number | null,
  code: number,
  message: string,
  data?: unknown,
): JsonObject {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function levelOf(value: unknown): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === value);
}

/** What comes with each request of 2026-07-28 (basic, "Request Metadata"). Errors: RpcError -32022, -32602. */
function checkEnvelope(meta: JsonObject): void {
  const requested = meta[PROTOCOL_VERSION_META_KEY];
  if (requested !== MODERN_VERSION)
    throw new RpcError(CODE.version, 'Unsupported protocol version', {
      data: { supported: [MODERN_VERSION], requested },
    });
  if (!isObject(meta[CLIENT_CAPABILITIES_META_KEY]))
    throw badParams(`_meta must have ${CLIENT_CAPABILITIES_META_KEY}`);
}

/** Whether the request declares the extension of tasks. */
function declaresTasks(meta: JsonObject): boolean {
  const capabilities = meta[CLIENT_CAPABILITIES_META_KEY];
  const extensions = isObject(capabilities) ? capabilities['extensions'] : undefined;
  return isObject(extensions) && isObject(extensions['io.modelcontextprotocol/tasks']);
}
