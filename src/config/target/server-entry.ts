/** One entry of `mcpServers`, in the shapes that hosts give it. A wrong one is an error of its own and of no other entry's. */
import { ConfigError } from '../../errors.ts';
import { numberText } from '../../lib/json/exact-json.ts';
import { isTexts } from '../../lib/json/fields.ts';
import { isObject } from '../../lib/json/json.ts';

/** One server in the `mcpServers` shape that other MCP hosts use; unknown fields are kept. */
export interface ServerConfig {
  type?: string;
  url?: string;
  headers?: Record<string, string>;
  command?: string;
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** A job file, or a folder of them, which this program serves. */
  jobs?: string;
  [extra: string]: unknown;
}

/** The fields that hold the URL of a server over HTTP: ours, Gemini CLI's, Windsurf's. Of several the first counts. */
const URL_FIELDS = ['url', 'httpUrl', 'serverUrl'] as const;

/** Error: ConfigError for an entry that is no object. */
export function serverEntry(name: string, value: unknown): ServerConfig {
  if (!isObject(value)) throw wrongEntry(name, `its entry must be an object, not ${kindOf(value)}`);
  return value;
}

/** The URL of an entry; undefined for a server that is started with a command. Error: ConfigError. */
export function urlOf(name: string, entry: ServerConfig): string | undefined {
  const urls = URL_FIELDS.flatMap((field) => textField(name, entry, field) ?? []);
  const kind = String(entry.type ?? entry['transport'] ?? '').toLowerCase();
  // Some hosts keep both; which one is meant stands in the type.
  return kind === 'stdio' && typeof entry.command === 'string' ? undefined : urls[0];
}

/** A field that must be text; `null` is none. Error: ConfigError. */
export function textField(name: string, entry: ServerConfig, field: string): string | undefined {
  const value = entry[field] ?? undefined;
  if (value !== undefined && typeof value !== 'string')
    throw wrongEntry(name, `${field} must be text, not ${kindOf(value)}`);
  return value;
}

/** The arguments of a command; `null` is none. Error: ConfigError. */
export function argsOf(name: string, entry: ServerConfig): string[] {
  const args: unknown = entry.args ?? [];
  if (!isTexts(args)) throw wrongEntry(name, 'args must be a list of strings');
  return args;
}

/** Headers or an environment: numbers and booleans are the text that they are written as, `null` is none. Error: ConfigError. */
export function textMap(name: string, entry: ServerConfig, field: 'headers' | 'env'): Record<string, string> {
  const map: unknown = entry[field] ?? {};
  if (!isObject(map)) throw wrongEntry(name, `${field} must be an object, not ${kindOf(map)}`);
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => {
      if (!['string', 'number', 'boolean'].includes(typeof value))
        throw wrongEntry(name, `${field}.${key} must be text, not ${kindOf(value)}`);
      return [key, numberText(map, key) ?? String(value)];
    }),
  );
}

/** The error of an entry that cannot be used: what is wrong, and how it is mended. */
export function wrongEntry(name: string, what: string): ConfigError {
  return new ConfigError(`instance ${name}: ${what}`, {
    hint: `fix it in the configuration, or: mcp2cli instances remove ${name}`,
  });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
