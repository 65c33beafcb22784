import { ConfigError } from '../errors.ts';
import { parseJson, stringifyJson } from '../lib/json/exact-json.ts';
import type { ToolDefinition } from '../tools/tool.ts';

/**
 * Where the definitions of a long list are in its text, so that a command that needs one of a thousand does not read them all: of each its name,
 * the names of its fields, and its length in bytes. In the text each has a line to itself.
 */
export type ToolIndex = readonly (readonly [name: string, fields: readonly string[], bytes: number])[];

const SEPARATOR = ',\n';

/** The list without its brackets, and where what is in it. */
export function packTools(tools: readonly ToolDefinition[]): { index: ToolIndex; text: string } {
  const lines = tools.map((tool) => stringifyJson(tool));
  const index = tools.map(
    (tool, i) => [tool.name, Object.keys(tool), Buffer.byteLength(lines[i] ?? '')] as const,
  );
  return { index, text: lines.join(SEPARATOR) };
}

/**
 * The tools of a packed list, read when something beside the name is asked of them. They look like any other: all their fields are their own,
 * in their order. Undefined when the index does not fit the text. A definition that turns out to be damaged throws a ConfigError then.
 */
export function unpackTools(index: unknown, bytes: Buffer): ToolDefinition[] | undefined {
  if (!isIndex(index)) return undefined;
  const tools: ToolDefinition[] = [];
  let start = 0;
  for (const [name, fields, length] of index) {
    const end = start + length;
    // The first and the last byte: whatever was cut or inserted is out of step from there on.
    if (bytes[start] !== OPEN || bytes[end - 1] !== CLOSE) return undefined;
    tools.push(lazyTool(name, fields, bytes.subarray(start, end)));
    start = end + SEPARATOR.length;
  }
  return start - (tools.length > 0 ? SEPARATOR.length : 0) === bytes.length ? tools : undefined;
}

const OPEN = '{'.charCodeAt(0);
const CLOSE = '}'.charCodeAt(0);

function isIndex(value: unknown): value is ToolIndex {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) =>
        Array.isArray(entry) &&
        typeof entry[0] === 'string' &&
        Array.isArray(entry[1]) &&
        entry[1].includes('name') &&
        Number.isSafeInteger(entry[2]) &&
        entry[2] > 0,
    )
  );
}

function lazyTool(name: string, fields: readonly string[], bytes: Buffer): ToolDefinition {
  let whole: { [field: string]: unknown } | undefined;
  const read = (field: string): unknown => {
    whole ??= parsed(name, bytes);
    return whole[field];
  };
  const tool = {};
  for (const field of fields) {
    const value = field === 'name' ? { value: name } : { get: () => read(field) };
    Object.defineProperty(tool, field, { ...value, enumerable: true, configurable: true });
  }
  return tool as ToolDefinition;
}

function parsed(name: string, bytes: Buffer): { [field: string]: unknown } {
  try {
    return parseJson(bytes.toString('utf8')) as { [field: string]: unknown };
  } catch (cause) {
    throw new ConfigError(`the cached definition of ${name} is damaged`, {
      hint: 'read the catalogue again',
      command: ['refresh'],
      cause,
    });
  }
}
