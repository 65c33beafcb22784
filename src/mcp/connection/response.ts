import { RpcError, UnreachableError } from '../../errors.ts';
import { cutMember, cutText } from '../../lib/caps.ts';
import { deeperThan, isObject, type JsonObject, textOf } from '../../lib/json/json.ts';
import { type Scrub, scrubValue } from './scrub.ts';

/** How deep a message may be nested. */
export const DEEPEST = 200;

/** The same for a list of what the server has: one odd schema must not cost the others. Some thousands overflow the stack of JSON.stringify. */
const DEEPEST_LIST = 2_000;

/**
 * The result in a response to a request of this method (JSON-RPC 2.0, section 5). Servers are taken at their meaning: `"error": null` beside a
 * result is a result, `"result": null` beside an error is an error, and `jsonrpc` may be missing. A result stays as it came but for what it says
 * about a task: its state goes to records and messages, where no secret may be.
 * Errors: RpcError for an error response, UnreachableError for one that cannot be read.
 */
export function resultIn(message: JsonObject, method: string, scrub: Scrub): unknown {
  const unreadable = (what: string) =>
    new UnreachableError(`the server's answer to ${method} ${what}`, { maybeSent: true });
  const deepest = method.endsWith('/list') ? DEEPEST_LIST : DEEPEST;
  if (deeperThan(message, deepest)) throw unreadable(`is nested deeper than ${deepest} levels`);
  const { error = null, result } = message;
  if (error === null && result === undefined) throw unreadable('has neither a result nor an error');
  if (error === null) return withoutSecrets(result, scrub);
  if (result !== undefined && result !== null) throw unreadable('has both a result and an error');
  const told = scrubValue(error, scrub);
  if (!isObject(told)) throw new RpcError(0, cutText(textOf(told)));
  const { code, message: said } = told;
  throw new RpcError(Number(code), cutText(textOf(said ?? 'error')), cutMember(told, 'data'));
}

/** The parts of a result that tell how a task stands. */
function withoutSecrets(result: unknown, scrub: Scrub): unknown {
  if (!isObject(result)) return result;
  const told: JsonObject = {};
  for (const name of ['statusMessage', 'error'])
    if (typeof result['status'] === 'string' && result[name] !== undefined)
      told[name] = scrubValue(result[name], scrub);
  if (isObject(result['task'])) told['task'] = withoutSecrets(result['task'], scrub);
  return Object.entries(told).some(([name, value]) => value !== result[name])
    ? { ...result, ...told }
    : result;
}
