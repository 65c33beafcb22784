import { columns, padColumns, wordWrap } from '../../lib/text/word-wrap.ts';
import { hintsOf } from '../hints.ts';
import type { Shape } from '../schema/shape.ts';
import type { ToolDefinition } from '../tool.ts';
import { exampleLine } from './example.ts';
import type { ToolFlag } from './flag.ts';
import { closedValues } from './make-flag.ts';
import { isInside } from './present.ts';
import { listValues, plainAt } from './read-value.ts';

export { firstSentence } from '../../lib/text/first-sentence.ts';

export interface ToolHelpOptions {
  /** The words that run the tool: `work deploy`. */
  usage: string;
  /** Columns of the terminal. */
  width: number;
  /** The text about the program's own flags, printed last as it is; empty for none. */
  runtimeHelp: string;
  /** Makes a server's text safe for a terminal; applied to every piece of it. */
  safe: (text: string) => string;
}

/** What the server says of a tool, as sentences. */
const SENTENCES: Record<string, string> = {
  'read-only': 'Only reads (says the server).',
  destructive: 'May destroy something (says the server).',
  idempotent: 'May be repeated safely (says the server).',
  'always a task': 'Always runs in the background (server tasks).',
  'may be a task': 'Can run in the background (server tasks).',
};

/** Longer texts of a server are cut: help is for reading. */
const LONGEST_TEXT = 4_000;
const MOST_ROWS = 200;

/**
 * The help of one tool: usage, description, the flags that must be typed, the others, an example, the program's own flags. Plain
 * text that ends with a newline.
 */
export function toolHelp(tool: ToolDefinition, flags: readonly ToolFlag[], options: ToolHelpOptions): string {
  const { usage, safe } = options;
  const width = Math.max(40, options.width);
  const must = flags.filter((flag) => flag.mustBeGiven);
  const can = flags.filter((flag) => !flag.mustBeGiven);
  // Of an object that must be given, either the whole or its parts are typed; the usage line shows the parts.
  const shownInUsage = must.filter((flag) => !must.some((other) => isInside(other, flag)));
  const words = shownInUsage.slice(0, 8).map((flag) => withValue(flag, safe));
  if (flags.length > shownInUsage.length) words.push('[flags]');

  const sections = [`Usage: ${[usage, ...words].join(' ')}`];
  const title = tool.title ?? tool.annotations?.title;
  const about = [title, tool.description].filter((text) => typeof text === 'string' && text.trim() !== '');
  if (about.length > 0)
    sections.push(about.map((text) => wordWrap(safe(cut(text ?? '')).trim(), width)).join('\n\n'));
  const hints = hintsOf(tool);
  if (hints.length > 0) sections.push(hints.map((hint) => SENTENCES[hint] ?? hint).join(' '));
  const [required, optional] = [rowsOf(must, safe), rowsOf(can, safe)];
  const column = columnOf([...required, ...optional], width);
  const optionalTitle = must.length > 0 ? 'Optional' : 'Flags';
  if (must.length > 0) sections.push(`Required:\n${layOut(required, column, width)}`);
  if (can.length > 0) sections.push(`${optionalTitle}:\n${layOut(optional, column, width)}`);
  if (flags.length > 0) sections.push(`Example:\n  ${safe(exampleLine(usage, flags))}`);
  if (options.runtimeHelp.trim() !== '') sections.push(options.runtimeHelp.replace(/\s+$/, ''));
  return `${sections.join('\n\n')}\n`;
}

/** The flags alone, a line each or more, those that must be typed first. */
export function flagLines(
  flags: readonly ToolFlag[],
  { width, safe }: Pick<ToolHelpOptions, 'width' | 'safe'>,
): string {
  const ordered = [...flags.filter((flag) => flag.mustBeGiven), ...flags.filter((flag) => !flag.mustBeGiven)];
  const rows = rowsOf(ordered, safe);
  return layOut(rows, columnOf(rows, width), width);
}

/** Where the second column begins. */
function columnOf(rows: readonly Row[], width: number): number {
  const lefts = rows.map(({ left }) => columns(left)).filter((length) => length <= 36);
  return Math.min(Math.max(12, ...lefts), Math.floor(width / 2)) + 2;
}

interface Row {
  left: string;
  about: string;
}

/** Nested flags are indented below the object that they belong to, where that is in the same list. */
function rowsOf(flags: readonly ToolFlag[], safe: (text: string) => string): Row[] {
  const within = new Map<string, ToolFlag[]>();
  const paths = new Set(flags.map((flag) => flag.path.join('\0')));
  for (const flag of flags) {
    let parent = flag.path.slice(0, -1);
    while (parent.length > 0 && !paths.has(parent.join('\0'))) parent = parent.slice(0, -1);
    const key = parent.join('\0');
    const siblings = within.get(key);
    if (siblings) siblings.push(flag);
    else within.set(key, [flag]);
  }
  const rows: Row[] = [];
  const visit = (key: string, depth: number): void => {
    for (const flag of within.get(key) ?? []) {
      rows.push({ left: `  ${'  '.repeat(depth)}${withValue(flag, safe)}`, about: safe(cut(about(flag))) });
      visit(flag.path.join('\0'), depth + 1);
    }
  };
  visit('', 0);
  return rows;
}

function layOut(rows: readonly Row[], column: number, width: number): string {
  const lines = rows.slice(0, MOST_ROWS).flatMap(({ left, about }) => {
    if (about === '') return [left];
    const text = wordWrap(about, Math.max(16, width - column)).split('\n');
    // A name that is too long for its column has the line for itself.
    const head = columns(left) > column - 2 ? [left] : [padColumns(left, column) + text.shift()];
    return [...head, ...text.map((line) => ' '.repeat(column) + line)];
  });
  if (rows.length > MOST_ROWS) lines.push(`  ... and ${rows.length - MOST_ROWS} more`);
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** `--level <info|debug>`, as it stands in usage lines. */
export function withValue(flag: ToolFlag, safe: (text: string) => string): string {
  const name = safe(`--${flag.name}`);
  if (flag.kind === 'boolean') return name;
  return `${name} <${typeLabel(flag)}>`;
}

/** `string`, `integer`, `json`: one word, or a few joined by `|`. */
function typeLabel(flag: ToolFlag): string {
  if (flag.kind === 'array') {
    const items = labelOf(flag.items ?? []);
    return items === '' ? 'json' : items;
  }
  return labelOf(flag.shapes);
}

function labelOf(shapes: readonly Shape[]): string {
  const types = new Set(shapes.filter((shape) => shape.type !== 'null').map((shape) => shape.type));
  if (types.has('any') || types.size === 0) return 'json';
  const values = closedValues(shapes);
  const short = values === undefined ? '' : typedValues(values);
  if (values && short.length <= 24) return short;
  return [...types].map((type) => (type === 'object' || type === 'array' ? 'json' : type)).join('|');
}

function typedValues(values: readonly unknown[]): string {
  return values.map((_, i) => plainAt(values, i)).join('|');
}

/** What is said beside the flag: its description, then the facts in brackets. */
function about(flag: ToolFlag): string {
  const facts: string[] = [];
  if (flag.values && (flag.kind !== 'boolean' || flag.values.length === 1))
    if (!typeLabel(flag).includes(typedValues(flag.values))) facts.push(`one of: ${listValues(flag.values)}`);
  if (flag.kind === 'array') facts.push('repeatable');
  facts.push(...insideFacts(flag));
  if (flag.nullable) facts.push('or null');
  if (flag.format !== undefined && flag.format !== 'password') facts.push(flag.format);
  if (flag.secret) facts.push('secret');
  else if (flag.default !== undefined && flag.default !== null)
    facts.push(`default: ${plainAt(flag, 'default')}`);
  if (flag.required && !flag.mustBeGiven && flag.default === undefined && flag.path.length > 1)
    facts.push(`required with --${flag.path.slice(0, -1).join('.')}`);
  const text = flag.description ?? flag.title ?? '';
  return [text.trim(), facts.length > 0 ? `[${facts.join('; ')}]` : ''].filter(Boolean).join(' ');
}

/** What flags go inside that have no row of their own. */
function insideFacts(flag: ToolFlag): string[] {
  const name = `--${flag.name}`;
  const elements = flag.inside?.names().filter((inner) => inner.startsWith('0.')) ?? [];
  const facts: string[] = [];
  if (elements.length > 0) {
    const shown = elements.slice(0, 12).map((inner) => `${name}.${inner}`);
    facts.push(`also ${shown.join(', ')}${elements.length > 12 ? ', ...' : ''}`);
  }
  if (flag.shapes.some((shape) => shape.type === 'object') && flag.inside?.takesKeys())
    facts.push(`also ${name}.KEY`);
  return facts;
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
}
