import { CliError, PermissionError, RpcError, UsageError } from '../../errors.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import type { Provider, ServedResult } from '../provider.ts';

/** What all clients of one server share. */
export interface Host {
  readonly provider: Provider;
  /** The program's version. */
  readonly version: string;
  /**
   * Started by a command or a keeper of this program, which knows the jobs by `tools/list` and keeps the records itself: the tools for managing jobs are
   * answered and not listed, and the protocol is that of 2025-11-25, whose tasks tell progress and block until they end.
   */
  readonly ours: boolean;
  /** Something for the person who runs the server, on stderr. */
  readonly log: (text: string) => void;
}

/** JSON-RPC 2.0, section 5.1, and MCP 2026-07-28, basic, "Error Codes". */
export const CODE = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  headers: -32020,
  capability: -32021,
  version: -32022,
} as const;

/** Refuses a request for what is in it. */
export function badParams(message: string): RpcError {
  return new RpcError(CODE.params, message);
}

/** An object as the answer of a tool: structured, and the same as text. */
export function answerOf(value: JsonObject): ServedResult {
  return { content: [{ type: 'text', text: stringifyJson(value) }], structuredContent: value };
}

/** The codes of FrontMCP's failures, which clients of such servers know (docs/frontmcp.md). */
const FAILURE_CODE: Readonly<Record<string, string>> = {
  unknown_entry: 'INVALID_INPUT',
  unknown_job: 'INVALID_INPUT',
  invalid_input: 'INVALID_INPUT',
  usage: 'INVALID_INPUT',
  unsupported: 'DYNAMIC_REGISTRATION_DISABLED',
  permission_denied: 'JOB_NOT_AUTHORIZED',
};

/** A failure as the answer of a tool, which an agent can read and mend (MCP 2025-11-25, server/tools, "Error Handling"). */
export function failureOf(error: unknown): ServedResult {
  const known = error instanceof CliError ? error : undefined;
  const text = error instanceof Error ? error.message : String(error);
  const code = (known && FAILURE_CODE[known.code]) ?? (known ? known.code.toUpperCase() : 'SERVER_ERROR');
  return { content: [{ type: 'text', text }], isError: true, _meta: { code } };
}

/** Whether an error is about what a client asked for, rather than about the server. */
export function isRefusal(error: unknown): error is UsageError | PermissionError {
  return error instanceof UsageError || error instanceof PermissionError;
}

/** Params of a request; absent ones are none. Error: RpcError -32602. */
export function paramsOf(message: JsonObject): JsonObject {
  const { params } = message;
  if (params === undefined) return {};
  if (isObject(params)) return params;
  throw badParams('params must be an object');
}
