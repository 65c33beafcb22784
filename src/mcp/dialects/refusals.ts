/** Refusals of a server that a person can do something about. */
import { PermissionError, RpcError, UnsupportedError, UsageError } from '../../errors.ts';
import { isObject } from '../../lib/json/json.ts';
import { stringAt } from './wire.ts';

/** MissingRequiredClientCapability (MCP 2026-07-28, basic, "Error Codes"). */
const CAPABILITY_MISSING = -32021;

/** UrlElicitationRequiredError (MCP 2025-11-25, client/elicitation). */
const URL_REQUIRED = -32042;

/** The capabilities that a setting brings, and the setting. */
const SETTINGS: Record<string, string> = {
  sampling: 'mcp2cli instances set NAME sampling -- COMMAND [ARG]...',
  roots: 'mcp2cli instances set NAME roots FOLDER...',
};

/** The error with what to do about it, where this program knows; otherwise as it came. */
export function explained(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const { rpcCode, data } = error;
  if (rpcCode === CAPABILITY_MISSING) {
    const [missing] = missingCapabilities(data);
    if (missing === undefined) return error;
    return new UnsupportedError(
      `the server needs ${missing} for this, which is not set up: ${error.message}`,
      {
        cause: error,
        hint: `set it: ${SETTINGS[missing]}`,
        details: error.details,
      },
    );
  }
  const pages = rpcCode === URL_REQUIRED ? pagesOf(data) : [];
  if (pages.length === 0) return error;
  return new RpcError(
    rpcCode,
    `the server wants a page to be opened first: ${pages.join('; ')}`,
    error.more,
    {
      cause: error,
      hint: 'open it yourself if you trust it, then run the command again',
    },
  );
}

/** The message of a task's error, with the setting that is missing where it says that one is. */
export function explainedMessage(message: string, data: unknown): string {
  const [missing] = missingCapabilities(data);
  return missing === undefined ? message : `${message} (${missing} is not set up: ${SETTINGS[missing]})`;
}

/** Which of roots and sampling the server misses, by the data of its error. */
function missingCapabilities(data: unknown): string[] {
  const required = isObject(data) ? data['requiredCapabilities'] : undefined;
  return isObject(required) ? Object.keys(SETTINGS).filter((name) => required[name] !== undefined) : [];
}

function pagesOf(data: unknown): string[] {
  const list = isObject(data) ? data['elicitations'] : undefined;
  return (Array.isArray(list) ? list : []).filter(isObject).flatMap((one) => {
    const url = stringAt(one, 'url');
    const message = stringAt(one, 'message');
    return url === undefined ? [] : [message === undefined ? url : `${url} (${message})`];
  });
}

/** What the server of one's own jobs refuses, as this program would: nothing was run, and there is an exit code for it. */
export function ownRefusal(error: unknown): unknown {
  const code = error instanceof RpcError && isObject(error.data) ? error.data['code'] : undefined;
  if (!(error instanceof RpcError) || typeof code !== 'string') return error;
  if (code === 'permission_denied') return new PermissionError(error.message, { cause: error });
  const isUsage = code === 'invalid_input' || code === 'unknown_entry';
  return isUsage ? new UsageError(error.message, { code, cause: error }) : error;
}
