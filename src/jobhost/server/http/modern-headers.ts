import type { IncomingHttpHeaders } from 'node:http';
import { isObject } from '../../../lib/json/json.ts';
import {
  CLIENT_CAPABILITIES_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from '../../../mcp/connection/meta-keys.ts';
import { CODE } from '../host.ts';
import { MODERN_VERSION } from '../versions.ts';

/** Where the name is that `Mcp-Name` repeats. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/**
 * What is wrong with the headers of a request of 2026-07-28, which repeat what is in its body so that those in between need not read it
 * (basic/transports/streamable-http, "Request Headers"); undefined when nothing is.
 */
export function headerProblem(
  body: unknown,
  headers: IncomingHttpHeaders,
): { code: number; message: string } | undefined {
  if (!isObject(body) || typeof body['method'] !== 'string') return undefined;
  const { method, id } = body;
  const params = isObject(body['params']) ? body['params'] : {};
  const meta = isObject(params['_meta']) ? params['_meta'] : {};
  const version = meta[PROTOCOL_VERSION_META_KEY];
  const mismatch = (name: string) => ({
    code: CODE.headers,
    message: `Bad Request: the header ${name} and the body disagree`,
  });
  // A notification has no metadata.
  if (version === undefined && id === undefined) return undefined;
  if (version === undefined)
    return { code: CODE.params, message: `Invalid params: _meta must have ${PROTOCOL_VERSION_META_KEY}` };
  if (headers['mcp-protocol-version'] !== version) return mismatch('MCP-Protocol-Version');
  if (version !== MODERN_VERSION) return undefined;
  if (id !== undefined && !isObject(meta[CLIENT_CAPABILITIES_META_KEY]))
    return {
      code: CODE.params,
      message: `Invalid params: _meta must have ${CLIENT_CAPABILITIES_META_KEY}`,
    };
  if (headerText(headers['mcp-method']) !== method) return mismatch('Mcp-Method');
  const named = NAMED[method];
  const name = named === undefined ? undefined : params[named];
  const given = headers['mcp-name'];
  if (typeof name !== 'string') return undefined;
  // Clients from before tasks had the header leave it out there.
  if (given === undefined && method !== 'tools/call') return undefined;
  return headerText(given) === name ? undefined : mismatch('Mcp-Name');
}

/** A header's value; what a header cannot hold is written in base64. */
function headerText(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(value.trim())?.[1];
  return encoded === undefined ? value.trim() : Buffer.from(encoded, 'base64').toString('utf8');
}
