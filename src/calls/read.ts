import { isNoMethod, ProtocolError, RpcError, UnsupportedError } from '../errors.ts';
import { nobodyAnswers } from '../jobs/questions/attend.ts';
import { isObject, type JsonObject } from '../lib/json/json.ts';
import { type AskRound, throughInputRounds } from '../mcp/input-rounds.ts';
import type { CallScope } from './call.ts';

/** What servers say of a resource or a prompt that they do not know: of 2026-07-28 the first, older ones either. */
const UNKNOWN = [-32602, -32002];

export interface Question {
  method: 'resources/read' | 'prompts/get';
  params: JsonObject;
  /** The command that lists what there is, for hints. */
  list: readonly string[];
  signal: AbortSignal;
}

/**
 * Asks a server for a resource or a prompt, and answers what it asks meanwhile (MCP 2026-07-28: the result may be `input_required`). Returns the result
 * as it came. Errors: UnsupportedError where the server has no such method, RpcError when it refuses, UnfinishedError when nobody answers here, and
 * those of connecting.
 */
export async function readFromServer(
  scope: CallScope,
  { method, params, list, signal }: Question,
): Promise<JsonObject> {
  const reader = await (await scope.session()).reader(signal);
  try {
    const result = await throughInputRounds(
      (round) => reader.request(method, round),
      params,
      answering(scope, signal),
    );
    if (isObject(result)) return result;
    throw new ProtocolError(`the server's answer to ${method} is no object`);
  } catch (error) {
    throw explained(error, method, list);
  }
}

function answering(scope: CallScope, signal: AbortSignal): AskRound {
  let rounds = 0;
  return async ({ method, params }) => {
    const { ask, automatic } = await scope.jobDeps();
    rounds += 1;
    const received_at = scope.context.clock.now().toISOString();
    const question = { request_id: `round-${rounds}`, method, params, received_at };
    const answer = (await automatic?.answer(question, signal)) ?? (await ask?.(question, signal));
    if (!answer) throw nobodyAnswers(question);
    return { ...answer };
  };
}

function explained(error: unknown, method: string, list: readonly string[]): unknown {
  if (!(error instanceof RpcError)) return error;
  const { rpcCode, message, more } = error;
  if (isNoMethod(error))
    return new UnsupportedError(
      `the server has no ${method.startsWith('prompts') ? 'prompts' : 'resources'}`,
      { cause: error },
    );
  return UNKNOWN.includes(rpcCode)
    ? new RpcError(rpcCode, message, more, { cause: error, command: list })
    : error;
}
