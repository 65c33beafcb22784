import { AuthError, CliError, ProtocolError, RpcError, UnreachableError } from '../../errors.ts';
import { isObject } from '../../lib/json/json.ts';
import type { Channel, JsonObject, Manner } from './channel.ts';
import { type Introduction, initialize, type Negotiated } from './handshake.ts';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
} from './meta-keys.ts';

/** The one version so far that begins with server/discover (MCP 2026-07-28, server/discover). */
const MODERN_VERSION = '2026-07-28';

/** How long a silent server may keep the question for its versions waiting, in milliseconds; older servers often say nothing. */
const PROBE_TIMEOUT_MS = 5_000;

/** UnsupportedProtocolVersion (MCP 2026-07-28, basic, "Error Codes"). */
const UNSUPPORTED_VERSION = -32022;

/** How requests are sent to a server of this era and version. */
export function mannerOf(
  { era, protocolVersion }: Pick<Negotiated, 'era' | 'protocolVersion'>,
  { kind, version, capabilities }: Introduction,
): Manner {
  if (era === 'legacy') return { cancelByClosing: false };
  return {
    cancelByClosing: kind === 'http',
    envelope: {
      [PROTOCOL_VERSION_META_KEY]: protocolVersion,
      [CLIENT_INFO_META_KEY]: { name: 'mcp2cli', version },
      [CLIENT_CAPABILITIES_META_KEY]: capabilities,
    },
  };
}

/**
 * First contact: finds out whether the server speaks 2026-07-28 (server/discover) or an older version (initialize), on a channel that is
 * started here. Some older stdio servers end when the first question comes: then their transport starts them again. What is learned makes this step
 * unnecessary next time. Errors: ProtocolError for versions that nobody here knows, RpcError when the server refuses, UnreachableError, AuthError.
 */
export async function negotiate(
  channel: Channel,
  start: () => Promise<void>,
  introduction: Introduction,
  signal: AbortSignal,
): Promise<Negotiated> {
  await start();
  const first = await discover(channel, introduction, signal, PROBE_TIMEOUT_MS);
  if (isObject(first)) return modern(first, introduction);
  channel.manner = { cancelByClosing: false };
  try {
    return await initialize(channel, introduction, { signal });
  } catch (error) {
    // A server that was slow with its first answer, and knows no initialize.
    if (first !== 'silent' || !(error instanceof RpcError)) throw error;
    const late = await discover(channel, introduction, signal);
    if (!isObject(late)) throw error;
    return modern(late, introduction);
  }
}

/** The DiscoverResult, or why there is none: the server knows the old handshake at most, or has said nothing yet. */
async function discover(
  channel: Channel,
  introduction: Introduction,
  signal: AbortSignal,
  timeoutMs?: number,
): Promise<JsonObject | 'old' | 'silent'> {
  channel.manner = mannerOf({ era: 'modern', protocolVersion: MODERN_VERSION }, introduction);
  const ask = () => channel.request('server/discover', {}, { signal, timeoutMs });
  try {
    const answer = await ask().catch((error: unknown) => {
      // Refused, and named as supported in one breath: a server that is just being replaced, say. Once.
      if (supportedIn(error)?.includes(MODERN_VERSION)) return ask();
      throw error;
    });
    const versions = isObject(answer) ? answer['supportedVersions'] : undefined;
    return isObject(answer) && Array.isArray(versions) && versions.includes(MODERN_VERSION) ? answer : 'old';
  } catch (error) {
    signal.throwIfAborted();
    return verdict(error);
  }
}

/** What a failed question says of the server. Throws what would be no different with the old handshake. */
function verdict(error: unknown): 'old' | 'silent' {
  if (!(error instanceof CliError) || error instanceof AuthError) throw error;
  if (error instanceof RpcError) {
    const supported = supportedIn(error);
    const newer = (one: unknown) => typeof one === 'string' && one >= MODERN_VERSION;
    if (supported?.some(newer))
      throw new ProtocolError(`the server speaks other protocol versions only: ${supported.join(', ')}`, {
        cause: error,
      });
    return 'old';
  }
  if (!(error instanceof UnreachableError)) return 'old';
  const { status, maybeSent } = error;
  if (status !== undefined) {
    if (status === 429 || status >= 500) throw error;
    return 'old';
  }
  // It never got there: nothing else would.
  if (!maybeSent) throw error;
  return 'silent';
}

/** The versions that a server names which has refused ours. */
function supportedIn(error: unknown): unknown[] | undefined {
  if (!(error instanceof RpcError) || error.rpcCode !== UNSUPPORTED_VERSION) return undefined;
  const supported = isObject(error.data) ? error.data['supported'] : undefined;
  return Array.isArray(supported) ? supported : undefined;
}

function modern(discovered: JsonObject, { kind }: Introduction): Negotiated {
  const { capabilities, instructions, _meta } = discovered;
  const serverInfo = isObject(_meta) ? _meta[SERVER_INFO_META_KEY] : undefined;
  return {
    transport: kind,
    era: 'modern',
    protocolVersion: MODERN_VERSION,
    capabilities: isObject(capabilities) ? capabilities : {},
    serverInfo: isObject(serverInfo) ? serverInfo : null,
    instructions: typeof instructions === 'string' ? instructions : null,
    discover: discovered,
  };
}
