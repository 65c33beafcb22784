/**
 * A call that waits in the store for a worker, and an answer that waits for whoever has the job: sealed where there is a key, which all machines have
 * and the store has not. Only what makes or takes these loads this: it loads `node:crypto`.
 */
import { STORE_KEY } from '../../../config/settings/store-address.ts';
import { ConfigError } from '../../../errors.ts';
import { parseJson, stringifyJson } from '../../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import { KEY_BYTES, openSealed, sealText } from '../../../lib/sealing.ts';

/** What the key seals: one cannot be put in the place of the other. */
const CALL = 'mcp2cli call';
const ANSWER = 'mcp2cli answer';

/** The key that MCP2CLI_STORE_KEY has; undefined where it has none. Error: ConfigError for one of another form, whose text is not shown. */
export function storeKey(variable: string | undefined): Buffer | undefined {
  // A file or a secret that it comes from often ends with a line feed.
  const text = (variable ?? '').trim();
  if (text === '') return undefined;
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[0-9a-z+/_-]{43}=?$/i.test(text)) return Buffer.from(text, 'base64');
  throw new ConfigError(`${STORE_KEY} is no key: ${KEY_BYTES} bytes, as base64 or in hexadecimal`, {
    code: 'store_key_invalid',
    hint: 'make one, once for all machines: openssl rand -base64 32',
  });
}

/** The call as the store has it: JSON, `{"sealed": base64}` with a key, `{"plain": call}` without one. */
export function sealCall(call: JsonObject, key?: Buffer): string {
  if (!key) return stringifyJson({ plain: call });
  return stringifyJson({ sealed: sealed(call, key, CALL) });
}

/** The answer as the store has it: `{"sealed": base64}` with a key, `{"answer": answer}` without one. */
export function sealAnswer(answer: JsonObject, key?: Buffer): JsonObject {
  return key ? { sealed: sealed(answer, key, ANSWER) } : { answer };
}

/** A sealed answer again, or why it cannot be read here. */
export function openAnswer(text: string, key?: Buffer): { answer: JsonObject } | { unreadable: string } {
  const answer = key && opened(text, key, ANSWER);
  if (answer) return { answer };
  const why = key ? `was sealed with another ${STORE_KEY}` : `is sealed, and there is no ${STORE_KEY}`;
  return { unreadable: `the answer ${why} where the job is` };
}

/**
 * The call again; without a key too where it is not sealed. Errors, whose messages say all, for they become the end of the job: ConfigError where
 * there is no key, or another one, and for what is no call.
 */
export function openCall(value: string, key?: Buffer): JsonObject {
  const stored = parsed(value);
  if (isObject(stored) && isObject(stored['plain'])) return stored['plain'];
  const text = isObject(stored) ? stored['sealed'] : undefined;
  if (typeof text !== 'string')
    throw new ConfigError('the call is damaged in the store: it was not sent', { code: 'call_damaged' });
  if (!key)
    throw new ConfigError(
      `the arguments are sealed, and the worker has no ${STORE_KEY}: the call was not sent`,
      {
        code: 'store_key_missing',
        hint: `give the worker the ${STORE_KEY} of the machine that submitted it, and: jobs rerun`,
      },
    );
  const call = opened(text, key, CALL);
  if (call) return call;
  throw new ConfigError(
    `the arguments were sealed with another ${STORE_KEY} than the worker's, or were changed: the call was not sent`,
    { code: 'store_key_wrong', hint: `all machines need the same ${STORE_KEY}` },
  );
}

function sealed(value: JsonObject, key: Buffer, purpose: string): string {
  return sealText(stringifyJson(value), key, purpose).toString('base64');
}

function opened(text: string, key: Buffer, purpose: string): JsonObject | undefined {
  const json = openSealed(Buffer.from(text, 'base64'), key, purpose);
  const value = json === undefined ? undefined : parsed(json);
  return isObject(value) ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Told by whoever asked: a parser's words quote the text.
    return undefined;
  }
}
