/**
 * The demo's tools behind the `_meta.task` dialect: `tools/call` with `_meta.task` is answered by `{task_id, status}`, and the task is
 * asked about with `tasks/get`, `tasks/result` and `tasks/cancel`.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { CallToolResult, JSONRPCRequest, Result } from '@modelcontextprotocol/sdk/types.js';
import {
  CallToolRequestParamsSchema,
  ElicitResultSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { runAsCall } from './direct-call.ts';
import type { Extra, SessionServerFactory } from './http-host.ts';
import { type MetaTask, MetaTasks } from './meta-tasks.ts';
import type { DemoService, PreparedCall } from './service.ts';
import { ANSWER_TIMEOUT_MS, canElicit, sleep, TOOLS } from './service.ts';

const TaskIdParams = z.looseObject({ task_id: z.string() });

/** Seconds that a task stays `queued`, so that there is something to see. */
const QUEUED_SECONDS = 0.2;

/**
 * The SDK takes every `params.task` for 2025-11-25 and refuses it when `capabilities.tasks` does not say so. This dialect's capability is a
 * bare `tasks: {}`, and a client that offers both ways at once is to be understood.
 */
class MetaTaskServer extends Server {
  protected override assertTaskHandlerCapability(): void {}
}

/** Makes a server for each session; tasks live as long as the factory, and belong to the session that made them. */
export function metaTask(service: DemoService): SessionServerFactory {
  const tasks = new MetaTasks();
  return {
    create: () => createServer(service, tasks),
    close: () => tasks.close(),
  };
}

function createServer(service: DemoService, tasks: MetaTasks): Server {
  const server = new MetaTaskServer(
    { name: 'mcp2cli-demo', title: 'Demo server of mcp2cli', version: '1.0.0' },
    { capabilities: { tools: {}, tasks: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    // This dialect has no `execution`: the server decides call by call.
    tools: TOOLS.map(({ definition: { execution: _, ...rest } }) => rest),
  }));

  const handlers: Record<string, (params: unknown, extra: Extra) => Promise<Result>> = {
    async 'tools/call'(params, extra) {
      const { name, arguments: args = {}, _meta } = parse(CallToolRequestParamsSchema, params);
      const call = service.prepare(name, args);
      const wanted = _meta?.['task'];
      const support = call.tool.definition.execution?.taskSupport ?? 'forbidden';
      if (wanted === undefined || wanted === false || support === 'forbidden')
        return runAsCall(service, server, call, extra);
      const task = tasks.create(extra.sessionId, name);
      service.stats.tasksCreated += 1;
      void runTask(service, server, call, task, _meta?.progressToken);
      return { task_id: task.id, status: task.status };
    },
    async 'tasks/get'(params, extra) {
      return tasks.find(parse(TaskIdParams, params).task_id, extra.sessionId).state();
    },
    async 'tasks/result'(params, extra) {
      const task = tasks.find(parse(TaskIdParams, params).task_id, extra.sessionId);
      // Whoever waits for the result is the one who can be asked: the question goes out on this request's own stream.
      const stopAsking = task.onQuestion((question, signal) =>
        extra.sendRequest(
          { method: 'elicitation/create', params: { mode: 'form', ...question } },
          ElicitResultSchema,
          { signal: AbortSignal.any([signal, extra.signal]), timeout: ANSWER_TIMEOUT_MS },
        ),
      );
      try {
        await task.ended(extra.signal);
      } finally {
        stopAsking();
      }
      return { task_id: task.id, status: task.status, ...(task.result ? { result: task.result } : {}) };
    },
    async 'tasks/cancel'(params, extra) {
      const task = tasks.find(parse(TaskIdParams, params).task_id, extra.sessionId);
      if (task.cancel()) service.stats.cancelledTasks += 1;
      return { task_id: task.id, status: task.status };
    },
  };
  // Not setRequestHandler: the SDK's wrapper around tools/call would add `content: []` to the TaskAccepted answer, and its own
  // schemas of tasks/* ask for `taskId`.
  server.fallbackRequestHandler = ({ method, params }: JSONRPCRequest, extra) => {
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (!handler) throw new McpError(ErrorCode.MethodNotFound, 'Method not found');
    return handler(params, extra);
  };
  return server;
}

/** Never rejects: whoever asks learns of the end through the task. */
async function runTask(
  service: DemoService,
  server: Server,
  call: PreparedCall,
  task: MetaTask,
  progressToken: string | number | undefined,
): Promise<void> {
  try {
    await sleep((QUEUED_SECONDS * 1000) / service.options.speed, task.signal);
    task.start();
    const result: CallToolResult = await service.run(call, {
      signal: task.signal,
      canElicit: canElicit(server.getClientCapabilities()),
      async progress(progress) {
        task.progress(progress);
        if (progressToken === undefined) return;
        await server.notification({
          method: 'notifications/progress',
          params: { progressToken, ...progress },
        });
      },
      elicit: (question) => task.ask(question),
    });
    task.end(result);
  } catch (error) {
    task.end({ content: [{ type: 'text', text: String(error) }], isError: true });
  }
}

function parse<T>(schema: z.ZodType<T>, params: unknown): T {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new McpError(ErrorCode.InvalidParams, `Invalid params: ${z.prettifyError(parsed.error)}`);
}
