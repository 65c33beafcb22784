import { EXIT } from '../../../errors.ts';
import { isObject, type JsonObject, textOf } from '../../../lib/json/json.ts';
import type { ServerFacts } from '../../../mcp/connection/facts/server-facts.ts';
import { SERVER_INFO_META_KEY } from '../../../mcp/connection/meta-keys.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import type { Printer } from '../../output/printer.ts';

const TRANSPORTS = { http: 'Streamable HTTP', sse: 'HTTP+SSE', stdio: 'stdio' } as const;

/** `info`: asks the server what it is. One of 2026-07-28 is discovered anew; an older one says it in its handshake. */
export async function info(app: App): Promise<number> {
  using stop = app.stop('the server was not asked in time');
  await permit(app, 'list');
  const reader = await (await app.session()).reader(stop.signal);
  const facts = await reader.facts();
  const discovered = facts.era === 'modern' ? await reader.request('server/discover', {}) : undefined;
  const data = dataOf(facts, isObject(discovered) ? discovered : {}, reader.kept);
  app.printer.answer('info', summaryOf(app, data), data, linesOf(app.printer, data).join('\n'));
  return EXIT.ok;
}

interface Info {
  /** `serverInfo`, verbatim. */
  server: JsonObject | null;
  protocol_version: string | null;
  supported_versions: unknown;
  transport: ServerFacts['transport'];
  /** The answer came through a keeper. */
  keeper: boolean;
  capabilities: JsonObject;
  extensions: JsonObject;
  instructions: string | null;
}

function dataOf(facts: ServerFacts, discovered: JsonObject, keeper: boolean): Info {
  const meta = isObject(discovered['_meta']) ? discovered['_meta'] : {};
  const server = meta[SERVER_INFO_META_KEY] ?? facts.serverInfo;
  const capabilities = discovered['capabilities'] ?? facts.capabilities;
  const instructions = discovered['instructions'] ?? facts.instructions;
  const can = isObject(capabilities) ? capabilities : {};
  return {
    server: isObject(server) ? server : null,
    protocol_version: facts.protocolVersion,
    supported_versions: discovered['supportedVersions'] ?? [facts.protocolVersion],
    transport: facts.transport,
    keeper,
    capabilities: can,
    extensions: isObject(can['extensions']) ? can['extensions'] : {},
    instructions: typeof instructions === 'string' ? instructions : null,
  };
}

function summaryOf(app: App, { server, protocol_version }: Info): string {
  return `${nameOf(server) || app.instance.name}, protocol ${protocol_version ?? 'unknown'}`;
}

function nameOf(server: JsonObject | null): string {
  return [server?.['name'], server?.['version']].filter((part) => typeof part === 'string').join(' ');
}

function linesOf(printer: Printer, info: Info): string[] {
  const { server, protocol_version, supported_versions, transport, keeper, capabilities, extensions } = info;
  const line = (name: string, text: string) => (text === '' ? [] : [`${name}: ${printer.safeLine(text)}`]);
  const title = typeof server?.['title'] === 'string' ? ` (${server['title']})` : '';
  const others = (Array.isArray(supported_versions) ? supported_versions : []).filter(
    (one) => one !== protocol_version,
  );
  const spoken = others.length > 0 ? `; also speaks ${others.map(textOf).join(', ')}` : '';
  const names = Object.entries(capabilities).filter(([name]) => name !== 'extensions');
  return [
    ...line('server', `${nameOf(server) || 'does not say its name'}${title}`),
    ...line('website', typeof server?.['websiteUrl'] === 'string' ? server['websiteUrl'] : ''),
    ...line('protocol', `${protocol_version ?? 'unknown'} over ${TRANSPORTS[transport]}${spoken}`),
    ...line('reached', keeper ? 'through its keeper' : ''),
    ...line('capabilities', names.map(capabilityText).join(', ') || 'none'),
    ...line('extensions', Object.keys(extensions).join(', ')),
    ...(info.instructions ? ['instructions:', indent(printer.safeText(info.instructions.trim()))] : []),
  ];
}

/** `resources (listChanged, subscribe)` */
function capabilityText([name, value]: [string, unknown]): string {
  const parts = isObject(value) ? Object.keys(value).filter((key) => value[key] !== false) : [];
  return parts.length > 0 ? `${name} (${parts.join(', ')})` : name;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
}
