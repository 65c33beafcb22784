/**
 * A call as it waits in the store for a worker: sealed where there is a key, which all machines have and the store has not. Only what makes or
 * takes such calls loads this: it loads `node:crypto`.
 */
import { ConfigError } from '../../../errors.ts';
import { parseJson, stringifyJson } from '../../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import { KEY_BYTES, openSealed, sealText } from '../../../lib/sealing.ts';

/** The variable that has the key. */
export const STORE_KEY = 'MCP2CLI_STORE_KEY';

/** What calls are sealed for: nothing else that the same key may seal one day is a call. */
const PURPOSE = 'mcp2cli call';

/** The key of the environment; undefined where it has none. Error: ConfigError for one of another form, whose text is not shown. */
export function storeKey(env: Readonly<Record<string, string | undefined>>): Buffer | undefined {
  // A file or a secret that it comes from often ends with a line feed.
  const text = (env[STORE_KEY] ?? '').trim();
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
  return stringifyJson({ sealed: sealText(stringifyJson(call), key, PURPOSE).toString('base64') });
}

/**
 * The call again; without a key too where it is not sealed. Errors, whose messages say all, for they become the end of the job: ConfigError where
 * there is no key, or another one, and for what is no call.
 */
export function openCall(text: string, key?: Buffer): JsonObject {
  const stored = parsed(text);
  if (isObject(stored) && isObject(stored['plain'])) return stored['plain'];
  const sealed = isObject(stored) ? stored['sealed'] : undefined;
  if (typeof sealed !== 'string')
    throw new ConfigError('the call is damaged in the store: it was not sent', { code: 'call_damaged' });
  if (!key)
    throw new ConfigError(
      `the arguments are sealed, and the worker has no ${STORE_KEY}: the call was not sent`,
      {
        code: 'store_key_missing',
        hint: `give the worker the ${STORE_KEY} of the machine that submitted it, and: jobs rerun`,
      },
    );
  const opened = openSealed(Buffer.from(sealed, 'base64'), key, PURPOSE);
  const call = opened === undefined ? undefined : parsed(opened);
  if (isObject(call)) return call;
  throw new ConfigError(
    `the arguments were sealed with another ${STORE_KEY} than the worker's, or were changed: the call was not sent`,
    { code: 'store_key_wrong', hint: `all machines need the same ${STORE_KEY}` },
  );
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Told by whoever asked: a parser's words quote the text.
    return undefined;
  }
}
