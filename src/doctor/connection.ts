import { jobServerOf } from '../catalog/frontmcp.ts';
import { RpcError, TimeoutError } from '../errors.ts';
import { isObject } from '../lib/json/json.ts';
import { counted } from '../lib/text/counted.ts';
import { loginsOf } from '../mcp/auth/logins.ts';
import { clientFeatures } from '../mcp/client-features/client-features.ts';
import { connectTo } from '../mcp/connection/connect.ts';
import type { ServerFacts } from '../mcp/connection/facts/server-facts.ts';
import type { Connection } from '../mcp/connection/open.ts';
import { speaks2025, speaks2026 } from '../mcp/dialects/task-mode.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import { VERSION } from '../version.ts';
import { type Check, checked, failed } from './finding.ts';
import { clockSkew } from './skew.ts';
import type { Machine, Subject } from './subject.ts';

/** Connects to an instance's server, as its commands do, asks it for its tools, and goes away again. Error: the signal's reason for a signal. */
export async function checkConnection(
  subject: Subject,
  machine: Machine,
  signal: AbortSignal,
): Promise<Check[]> {
  const { name, identity, settings } = subject;
  if (!identity || !settings) return [];
  const { context, paths, target } = machine;
  const { clock, env, cwd } = context;
  const shown = subject.server ? name : 'the server';
  let skew: Check | undefined;
  let connection: Connection | undefined;
  try {
    const begun = clock.monotonic();
    connection = await connectTo(
      {
        name: shown,
        version: VERSION,
        identity,
        target: () => target(identity, name),
        jobHost: { ...context, root: paths.root, instance: name, store: settings.store },
        serverFile: paths.serverFile(name),
        logins: loginsOf(paths, name, { name: shown, now: clock.now, log: () => {} }),
        catalogueFile: paths.catalogueFile(name),
        features: clientFeatures(settings, env, cwd),
        connectTimeoutMs: settings.connectTimeoutMs,
        now: clock.now,
        log: () => {},
        onDate: (date) => {
          skew ??= clockSkew(date, clock.now());
        },
      },
      { signal },
    );
    const connected = clock.monotonic() - begun;
    const asked = clock.monotonic();
    const tools = await listTools(connection, signal);
    const answered = clock.monotonic() - asked;
    const times = `connected in ${Math.round(connected)} ms, answered in ${Math.round(answered)} ms`;
    return [
      checked('connection', 'ok', `${protocolText(connection.facts)}, ${times}`),
      checked('capabilities', 'ok', capabilityText(connection.facts, tools)),
      ...(skew ? [skew] : []),
    ];
  } catch (error) {
    context.interrupted.throwIfAborted();
    return [{ hint: hintFor(error, subject), ...failed('connection', error) }, ...(skew ? [skew] : [])];
  } finally {
    await connection?.close({ endSession: true });
  }
}

function hintFor(error: unknown, { name, server }: Subject): string {
  if (error instanceof TimeoutError) return 'is it up? for one that takes longer to start: --timeout 2m';
  const see = server ? `; see: mcp2cli instances show ${name}` : '';
  return `is the server up, and is this the way to it?${see}`;
}

/** The first page of the server's tools. A server that refuses has answered all the same. */
async function listTools(connection: Connection, signal: AbortSignal): Promise<ToolDefinition[] | undefined> {
  const hasTools = connection.facts.capabilities['tools'] !== undefined;
  const legacy = connection.facts.era === 'legacy';
  if (!hasTools && !legacy) return undefined;
  try {
    const answer = await connection.request(hasTools ? 'tools/list' : 'ping', {}, { signal });
    const tools = isObject(answer) ? answer['tools'] : undefined;
    return Array.isArray(tools) ? tools.filter(isTool) : undefined;
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

function isTool(value: unknown): value is ToolDefinition {
  return isObject(value) && typeof value['name'] === 'string';
}

const TRANSPORTS = { http: 'Streamable HTTP', sse: 'HTTP+SSE', stdio: 'stdio' } as const;

function protocolText({ protocolVersion, era, transport }: ServerFacts): string {
  const old = era === 'legacy' ? 'with a handshake' : 'without a handshake';
  return `protocol ${protocolVersion ?? 'unknown'} (${era}: ${old}) over ${TRANSPORTS[transport]}`;
}

/** `tools, logging; tasks: tasks-2025-11-25`; dialects of tasks by the names that records have. */
function capabilityText({ capabilities }: ServerFacts, tools: readonly ToolDefinition[] | undefined): string {
  const names = Object.keys(capabilities).sort();
  const dialects = [
    ...(speaks2026(capabilities) ? ['tasks-2026-07-28'] : []),
    ...(speaks2025(capabilities)
      ? ['tasks-2025-11-25']
      : isObject(capabilities['tasks'])
        ? ['meta-task']
        : []),
    ...(tools && jobServerOf(tools) ? ['frontmcp'] : []),
  ];
  const many = tools && tools.length > 0 ? `; ${counted(tools.length, 'tool')}` : '';
  return `${names.join(', ') || 'none announced'}${many}; tasks: ${dialects.join(', ') || 'none, jobs run here'}`;
}
