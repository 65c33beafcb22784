import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { BadAnswer } from './errors/bad-answer.ts';

/**
 * A JSON-RPC 2.0 message as the rest of the program takes it: `"error": null` beside a result, which JSON-RPC 1.0 had, is left out.
 * For the error: `what` it came as (`answered tools/list with`), and the `text` that it was in. @throws BadAnswer
 */
export function rpcMessage(value: unknown, what: string, text: string): JsonObject {
  if (!isObject(value)) throw new BadAnswer(`${what} no JSON-RPC message`, text);
  if (value['jsonrpc'] !== '2.0')
    throw new BadAnswer(`${what} no JSON-RPC 2.0 message ("jsonrpc": "2.0" is missing)`, text);
  if (typeof value['method'] === 'string') return value;
  if (value['error'] !== undefined && value['error'] !== null) return value;
  if (value['result'] === undefined) throw new BadAnswer(`${what} neither a result nor an error`, text);
  if (value['error'] === undefined) return value;
  const { error: _, ...message } = value;
  return message;
}

/** Whether a message answers a request. */
export function isResponse(message: JsonObject): boolean {
  return typeof message['method'] !== 'string';
}
