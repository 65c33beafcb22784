import { ProtocolError, UnsupportedError } from '../errors.ts';
import { isObject, type JsonObject } from '../lib/json/json.ts';

/** More rounds than any dialogue needs; a server that never stops asking is stopped here. */
const MAX_ROUNDS = 20;

/** What a server may ask for (MCP 2026-07-28, `InputRequest`). */
const KNOWN = new Set<unknown>(['elicitation/create', 'roots/list', 'sampling/createMessage']);

/** Puts one request of a server to whoever can answer, and resolves with the answer as MCP has it, bare. */
export type AskRound = (request: { method: string; params: JsonObject }) => Promise<JsonObject>;

/**
 * Sends a request whose result may be `input_required` (MCP 2026-07-28, multi round-trip requests): what the server asks is answered
 * and the request sent again with the answers and the server's `requestState`, until there is a result. It is one call all the way:
 * the server asked for every repetition. Errors: UnsupportedError for a request of a kind that nobody knows, ProtocolError for a result
 * that asks nothing or never ends, and those of `send` and `ask`.
 */
export async function throughInputRounds(
  send: (params: JsonObject) => Promise<unknown>,
  params: JsonObject,
  ask: AskRound,
): Promise<unknown> {
  let result = await send(params);
  for (let round = 0; isObject(result) && result['resultType'] === 'input_required'; round++) {
    if (round === MAX_ROUNDS)
      throw new ProtocolError(`the server asked for input more than ${MAX_ROUNDS} times`);
    const requests = isObject(result['inputRequests']) ? result['inputRequests'] : {};
    const state = result['requestState'];
    if (Object.keys(requests).length === 0 && typeof state !== 'string')
      throw new ProtocolError('the server requires input, and does not say which');
    const inputResponses = await answers(requests, ask);
    result = await send({
      ...params,
      ...(Object.keys(inputResponses).length > 0 ? { inputResponses } : {}),
      ...(typeof state === 'string' ? { requestState: state } : {}),
    });
  }
  return result;
}

/** One after the other: a person answers them. */
async function answers(requests: JsonObject, ask: AskRound): Promise<JsonObject> {
  const given: [string, JsonObject][] = [];
  for (const [key, request] of Object.entries(requests)) {
    const method = isObject(request) ? request['method'] : undefined;
    if (!isObject(request) || typeof method !== 'string' || !KNOWN.has(method))
      throw new UnsupportedError(`the server asks for ${String(method)}, which is not supported here`);
    given.push([key, await ask({ method, params: isObject(request['params']) ? request['params'] : {} })]);
  }
  return Object.fromEntries(given);
}
