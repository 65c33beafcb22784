import { numberText, stringifyJson } from '../../../lib/json/exact-json.ts';
import { isObject, textAt, textOf } from '../../../lib/json/json.ts';
import { formatBytes } from '../../../lib/text/format-bytes.ts';
import type { Printer } from '../printer.ts';

type Block = Record<string, unknown>;

/** A binary block of a result, for --save. */
export interface BinaryBlock {
  /** 1-based position in the result's content. */
  position: number;
  mimeType: string;
  base64: string;
  /** The resource's own address, where it has one. */
  uri?: string;
}

/**
 * Prints a CallToolResult for a person or a pipe: texts as they are, binary content described (never base64), links with their
 * names, structured content where there is nothing else. The same result prints the same bytes whoever fetched it. `readCommand`: how the person
 * reads a resource, for links; undefined for one that no command line can name.
 */
export function printResult(
  printer: Printer,
  result: unknown,
  savedAs: ReadonlyMap<number, string> = new Map(),
  readCommand?: (uri: string) => string | undefined,
): void {
  const content = contentOf(result);
  content.forEach((block, index) => {
    const text = blockText(block, savedAs.get(index + 1), readCommand);
    if (text !== '') printer.serverText(text);
  });
  if (content.length > 0 || !isObject(result)) return;
  const { structuredContent } = result;
  if (structuredContent !== undefined)
    printer.serverText(numberText(result, 'structuredContent') ?? stringifyJson(structuredContent, 2) ?? '');
  else if (!Array.isArray(result['content'])) {
    // Not a CallToolResult at all: what the server sent is still the answer.
    const { isError: _, _meta: __, ...rest } = result;
    if (Object.keys(rest).length > 0) printer.serverText(stringifyJson(rest, 2));
  }
}

/** The binary blocks of a result (image, audio, embedded blob), in order. */
export function binaryBlocks(result: unknown): BinaryBlock[] {
  return contentOf(result).flatMap((block, index) => {
    const holder = block['type'] === 'resource' && isObject(block['resource']) ? block['resource'] : block;
    const base64 = holder['data'] ?? holder['blob'];
    if (typeof base64 !== 'string') return [];
    const mimeType = textOf(holder['mimeType'] ?? 'application/octet-stream');
    const { uri } = holder;
    return [{ position: index + 1, mimeType, base64, ...(typeof uri === 'string' ? { uri } : {}) }];
  });
}

function contentOf(result: unknown): Block[] {
  const content = isObject(result) ? result['content'] : undefined;
  return Array.isArray(content) ? content.filter(isObject) : [];
}

function blockText(
  block: Block,
  saved: string | undefined,
  readCommand: ((uri: string) => string | undefined) | undefined,
): string {
  switch (block['type']) {
    case 'text':
      return block['text'] == null ? '' : textAt(block, 'text');
    case 'image':
    case 'audio':
      return describeBinary(textOf(block['type']), block['mimeType'], block['data'], saved);
    case 'resource_link':
      return describeLink(block, readCommand);
    case 'resource': {
      const resource = isObject(block['resource']) ? block['resource'] : {};
      if (typeof resource['text'] === 'string') return resource['text'];
      const what = `resource ${textOf(resource['uri'] ?? '')}`.trim();
      return describeBinary(what, resource['mimeType'], resource['blob'], saved);
    }
    default:
      return stringifyJson(block);
  }
}

/** A line about what no terminal can show; `saved` is where it was written. */
export function describeBinary(
  what: string,
  mimeType: unknown,
  data: unknown,
  saved: string | undefined,
): string {
  const type = typeof mimeType === 'string' ? ` ${mimeType}` : '';
  const size = typeof data === 'string' ? `, ${formatBytes(base64Bytes(data))}` : '';
  return saved === undefined
    ? `[${what}${type}${size}; --save DIR keeps it]`
    : `[${what}${type}${size}: ${saved}]`;
}

/** The link in a line, and below it the command that reads what it leads to. */
function describeLink(block: Block, readCommand: ((uri: string) => string | undefined) | undefined): string {
  const name = textOf(block['title'] ?? block['name'] ?? 'resource');
  const description = typeof block['description'] === 'string' ? ` - ${block['description']}` : '';
  const type = typeof block['mimeType'] === 'string' ? ` (${block['mimeType']})` : '';
  const uri = textOf(block['uri'] ?? '');
  const command = readCommand?.(uri);
  return `${name} <${uri}>${type}${description}${command === undefined ? '' : `\n  ${command}`}`;
}

function base64Bytes(data: string): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((data.length * 3) / 4) - padding);
}
