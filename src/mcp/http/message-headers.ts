import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { PROTOCOL_VERSION_META_KEY } from '../connection/meta-keys.ts';

/** What `Mcp-Name` repeats of a request's params (MCP 2026-07-28, basic/transports, "Standard Request Headers", and the tasks extension). */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/**
 * The headers that repeat what is in a request of 2026-07-28; none for other messages. `mirrored`: arguments of a call that its tool marks for
 * that (tools/schema/header-marks.ts).
 */
export function messageHeaders(
  message: JsonObject,
  mirrored: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { method, id, params } = message;
  if (typeof method !== 'string' || id === undefined || !isObject(params)) return {};
  const version = isObject(params['_meta']) ? params['_meta'][PROTOCOL_VERSION_META_KEY] : undefined;
  if (typeof version !== 'string') return {};
  const name = Object.hasOwn(NAMED_BY, method) ? params[NAMED_BY[method] ?? ''] : undefined;
  return {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
    ...Object.fromEntries(
      Object.entries(mirrored).map(([header, value]) => [header.toLowerCase(), headerValue(value)]),
    ),
  };
}

/** A person's own headers must not pass for arguments that a call has not: servers compare the two. */
export function withoutMirrored(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('mcp-param-')));
}

/** A value as it stands, or in base64 where a header cannot hold it (the same clause, "Value Encoding"). */
function headerValue(value: string): string {
  const plain = /^[\t\x20-\x7e]+$/.test(value) && value === value.trim();
  if (plain && !(value.startsWith('=?base64?') && value.endsWith('?='))) return value;
  return `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}
