import { parseJson } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';

/** What a line of a server's stdout holds. */
export interface Heard {
  /** Messages of JSON-RPC 2.0; more than one for a batch. */
  messages: JsonObject[];
  /** What stands beside them, for a person. Empty when there is nothing. */
  text: string;
}

/** How many places in a line are tried for an answer that follows text. */
const MOST_TRIES = 8;

/**
 * Reads a line of a server's stdout. The specification allows nothing but messages there; servers print banners, logs and prompts all the same.
 * Where text without a line feed precedes an answer (`Loading... {"jsonrpc": ...`), the answer is taken, provided that somebody waits for it:
 * what a server logs of other messages must not be taken for messages.
 */
export function readLine(line: string, isAwaited: (id: string | number) => boolean): Heard {
  const whole = parsed(line);
  const batch = Array.isArray(whole) && whole.length > 0 ? whole : [whole];
  if (batch.every(isMessage)) return { messages: batch, text: '' };
  if (whole !== undefined || line.trim() === '') return { messages: [], text: line };
  const starts = line.matchAll(/\{\s*"(?:jsonrpc|id|result|error)"/g);
  let tries = 0;
  for (const { index } of starts) {
    if (++tries > MOST_TRIES) break;
    const value = parsed(line.slice(index));
    if (isAnswer(value) && isAwaited(value['id'] as string | number))
      return { messages: [value], text: line.slice(0, index) };
  }
  return { messages: [], text: line };
}

/** The value of a JSON text; undefined for what is none. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is JsonObject {
  return isCall(value) || isAnswer(value);
}

/** A request or a notification. */
function isCall(value: unknown): value is JsonObject {
  if (!isObject(value) || value['jsonrpc'] !== '2.0' || typeof value['method'] !== 'string') return false;
  const { id, params } = value;
  return (id === undefined || isId(id)) && (params === undefined || isObject(params));
}

/** A response. Some servers leave out `jsonrpc`, or have `"error": null` beside a result: what is meant is clear. */
export function isAnswer(value: unknown): value is JsonObject {
  if (!isObject(value) || value['method'] !== undefined) return false;
  // A server that could not read a request does not know its id.
  if (value['id'] === null) return value['jsonrpc'] === '2.0' && isRefusal(value);
  return isId(value['id']) && (isRefusal(value) || Object.hasOwn(value, 'result'));
}

/** Whether an answer says that something went wrong. */
export function isRefusal({ error }: JsonObject): boolean {
  return error !== undefined && error !== null;
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
