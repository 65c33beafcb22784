/** The protocol side of the fixture server: one SDK server for each request (HTTP) or connection (stdio), all over one service. */
import type { CallToolResult, ClientCapabilities, ServerContext, Tool } from '@modelcontextprotocol/server';
import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { Round, stateCodec } from './round.ts';
import type { Service } from './service.ts';
import { ALL_TOOLS } from './service.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const TaskParams = z.looseObject({ taskId: z.string() });

/** What a request that needs the extension is told when it does not declare it. */
export function extensionMissing(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });
}

/** Whether these capabilities, of one request, declare the extension: an empty object, as the specification has it. */
export function declaresTasks(capabilities: ClientCapabilities | undefined): boolean {
  return z.strictObject({}).safeParse(capabilities?.extensions?.[TASKS_EXTENSION]).success;
}

/** Makes an SDK server that is not yet connected. */
export function createInstance(service: Service): Server {
  const server = new Server(
    { name: 'tasks-2026', title: 'Fixture server of the tasks extension', version: '1.0.0' },
    {
      capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
      requestState: { verify: stateCodec.verify },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    // This protocol has no `execution`: the server decides call by call.
    tools: ALL_TOOLS.map(({ definition: { execution: _, ...rest } }) => rest) as Tool[],
  }));
  // The SDK's types know no third kind of result, and its wire carries one. It adds `content: []` to it, so clients of real servers meet that.
  server.setRequestHandler(
    'tools/call',
    async ({ params }, context) => (await callTool(service, params, context)) as CallToolResult,
  );
  server.setRequestHandler('tasks/get', { params: TaskParams }, ({ taskId }, context) => {
    demandExtension(context);
    return service.tasks.find(taskId).detailed();
  });
  server.setRequestHandler('tasks/update', { params: TaskParams }, ({ taskId }, context) => {
    demandExtension(context);
    // The SDK takes them out of the parameters, as it does for a call that comes again.
    const { inputResponses, droppedInputResponseKeys = [] } = context.mcpReq;
    const task = service.tasks.find(taskId);
    if (inputResponses === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'inputResponses is missing');
    task.update(inputResponses, droppedInputResponseKeys);
    return {};
  });
  server.setRequestHandler('tasks/cancel', { params: TaskParams }, ({ taskId }, context) => {
    demandExtension(context);
    if (service.tasks.find(taskId).cancel()) service.stats.cancelledTasks += 1;
    return {};
  });
  return server;
}

async function callTool(
  service: Service,
  { name, arguments: args = {} }: { name: string; arguments?: Record<string, unknown> | undefined },
  context: ServerContext,
): Promise<object> {
  const call = service.prepare(name, args);
  const declared = capabilitiesOf(context);
  const support = call.tool.definition.execution?.taskSupport ?? 'forbidden';
  if (support === 'required' && !declaresTasks(declared)) throw extensionMissing();
  const round = new Round(name, args, context);
  try {
    const early = await call.tool.before?.(args, round.ask);
    if (early) return early;
    if (support === 'forbidden' || !declaresTasks(declared))
      return await service.runAsCall(call, round, declared, context);
  } catch (error) {
    const questions = await round.questionsOf(error);
    if (questions) return questions;
    throw error;
  }
  return { resultType: 'task', ...service.startTask(call, round, declared).seed() };
}

/** What the client declares in this request; there is no session that it could have told before. */
function capabilitiesOf({ mcpReq }: ServerContext): ClientCapabilities {
  const envelope: Record<string, unknown> = { ...mcpReq.envelope };
  return (envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined) ?? {};
}

function demandExtension(context: ServerContext): void {
  if (!declaresTasks(capabilitiesOf(context))) throw extensionMissing();
}
