/** The demo's tools behind 2025-11-25 tasks, as the official SDK 1.x serves them; or, with `tasks: false`, as plain calls only. */
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { Server as SdkServer } from '@modelcontextprotocol/sdk/server/index.js';
import type { CreateTaskResult, Task } from '@modelcontextprotocol/sdk/types.js';
import {
  CallToolRequestSchema,
  ElicitResultSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  RELATED_TASK_META_KEY,
} from '@modelcontextprotocol/sdk/types.js';
import { runAsCall } from './direct-call.ts';
import type { Extra, SessionServerFactory } from './http-host.ts';
import type { DemoService, DemoStats, PreparedCall } from './service.ts';
import { ANSWER_TIMEOUT_MS, canElicit, TOOLS } from './service.ts';

const DEFAULT_TTL_MS = 60 * 60 * 1000;
/** Longer than this does not fit into a timer, and nobody waits that long for a demo. */
const MAX_TTL_MS = 24 * 60 * 60 * 1000;

/** Tells the run of a task that the task was cancelled: the SDK's own `tasks/cancel` changes the stored status and nothing else. */
class CancellingTaskStore extends InMemoryTaskStore {
  readonly #runs = new Map<string, AbortController>();
  readonly #stats: DemoStats;

  constructor(stats: DemoStats) {
    super();
    this.#stats = stats;
  }

  started(taskId: string, run: AbortController): void {
    this.#runs.set(taskId, run);
  }

  ended(taskId: string): void {
    this.#runs.delete(taskId);
  }

  override async updateTaskStatus(
    taskId: string,
    status: Task['status'],
    statusMessage?: string,
    sessionId?: string,
  ): Promise<void> {
    await super.updateTaskStatus(taskId, status, statusMessage, sessionId);
    if (status !== 'cancelled') return;
    this.#stats.cancelledTasks += 1;
    this.#runs.get(taskId)?.abort(new Error('The task was cancelled'));
  }

  /** Ends every run and forgets every task. */
  override cleanup(): void {
    for (const run of this.#runs.values()) run.abort(new Error('The server was stopped'));
    super.cleanup();
  }
}

/** Makes a server for each session; tasks live as long as the factory, and belong to the session that made them. */
export function tasks2025(service: DemoService, options: { tasks: boolean }): SessionServerFactory {
  const store = new CancellingTaskStore(service.stats);
  const queue = new InMemoryTaskMessageQueue();
  return {
    create: () => createServer(service, options.tasks ? { store, queue } : undefined),
    close: () => store.cleanup(),
  };
}

function createServer(
  service: DemoService,
  tasks: { store: CancellingTaskStore; queue: InMemoryTaskMessageQueue } | undefined,
): Server {
  const server = new SdkServer(
    { name: 'mcp2cli-demo', title: 'Demo server of mcp2cli', version: '1.0.0' },
    {
      capabilities: {
        tools: {},
        ...(tasks ? { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } } : {}),
      },
      ...(tasks ? { taskStore: tasks.store, taskMessageQueue: tasks.queue } : {}),
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: TOOLS.map(({ definition: { execution, ...rest } }) =>
      tasks && execution ? { ...rest, execution } : rest,
    ),
  }));
  server.setRequestHandler(CallToolRequestSchema, (request, extra) => {
    const { name, arguments: args = {}, task } = request.params;
    const call = service.prepare(name, args);
    if (!tasks) return runAsCall(service, server, call, extra);
    const support = call.tool.definition.execution?.taskSupport ?? 'forbidden';
    if (!task && support === 'required')
      throw new McpError(ErrorCode.MethodNotFound, `${name} must be called as a task`);
    if (!task) return runAsCall(service, server, call, extra);
    if (support === 'forbidden')
      throw new McpError(ErrorCode.MethodNotFound, `${name} cannot be called as a task`);
    return startTask(service, server, tasks.store, call, extra);
  });
  return server;
}

async function startTask(
  service: DemoService,
  server: Server,
  store: CancellingTaskStore,
  call: PreparedCall,
  extra: Extra,
): Promise<CreateTaskResult> {
  if (!extra.taskStore) throw new McpError(ErrorCode.InternalError, 'This server has no task store');
  const ttl = Math.min(Math.max(extra.taskRequestedTtl ?? DEFAULT_TTL_MS, 1), MAX_TTL_MS);
  const task = await extra.taskStore.createTask({ ttl, pollInterval: service.options.pollIntervalMs });
  service.stats.tasksCreated += 1;
  const run = new AbortController();
  store.started(task.taskId, run);
  void runTask(service, server, call, { task, run, extra, taskStore: extra.taskStore }).finally(() => {
    store.ended(task.taskId);
  });
  return { task };
}

interface Running {
  task: Task;
  run: AbortController;
  extra: Extra;
  taskStore: NonNullable<Extra['taskStore']>;
}

/** Never rejects: whoever asks learns of the end through the store. */
async function runTask(
  service: DemoService,
  server: Server,
  call: PreparedCall,
  { task: { taskId }, run, extra, taskStore }: Running,
): Promise<void> {
  const progressToken = extra._meta?.progressToken;
  const status = (status: Task['status'], message: string) =>
    taskStore.updateTaskStatus(taskId, status, message).catch((error: unknown) => {
      // The task has expired, was cancelled, or its session is gone: nobody can ask for it any more.
      if (!run.signal.aborted) run.abort(error);
    });
  try {
    const result = await service.run(call, {
      signal: run.signal,
      canElicit: canElicit(server.getClientCapabilities()),
      async progress({ progress, total, message }) {
        await status('working', message);
        if (progressToken === undefined || run.signal.aborted) return;
        // The response stream of tools/call is closed by now, so this goes out on the session's GET stream, if there is one.
        await server.notification({
          method: 'notifications/progress',
          params: {
            progressToken,
            progress,
            total,
            message,
            _meta: { [RELATED_TASK_META_KEY]: { taskId } },
          },
        });
      },
      async elicit(question) {
        await status('input_required', question.message);
        run.signal.throwIfAborted();
        // A related task: the SDK hands the question out on the stream of the next tasks/result, once.
        const answer = await server.request(
          { method: 'elicitation/create', params: { mode: 'form', ...question } },
          ElicitResultSchema,
          { relatedTask: { taskId }, signal: run.signal, timeout: ANSWER_TIMEOUT_MS },
        );
        await status('working', 'Answered');
        return answer;
      },
    });
    await taskStore.storeTaskResult(taskId, result.isError ? 'failed' : 'completed', result);
  } catch (error) {
    if (!run.signal.aborted) await status('failed', error instanceof Error ? error.message : String(error));
  }
}
