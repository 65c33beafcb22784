import type { CatalogEntry } from '../../catalog/entry.ts';
import { filtered } from '../../lib/json/exact-json.ts';
import { textAt } from '../../lib/json/json.ts';
import { firstSentence } from '../../lib/text/first-sentence.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import { overriddenFlags, shownFlags } from '../../tools/flags/overrides.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import type { RuntimeFlag } from '../global-flags/table.ts';
import { type Candidate, type Completion, NOTHING, type Source } from './candidate.ts';
import { completeOption, notGiven, type Option, runtimeOption, type ValuesOf, walk } from './typed-flags.ts';

/** Where the values of a tool's flag come from. */
export type OwnValues = (flag: ToolFlag) => Source | undefined;

/** What fits in the line of a tool: its flags and their values, and the program's own behind them. */
export function completeTool(
  { tool, flagOverrides = {} }: Pick<CatalogEntry, 'tool' | 'flagOverrides'>,
  before: readonly string[],
  current: string,
  runtime: readonly RuntimeFlag[],
  valuesOf: ValuesOf,
  ownValues?: OwnValues,
): Promise<Completion> {
  const flags = overriddenFlags(toolFlags(tool.inputSchema ?? {}), flagOverrides);
  return completeFlags(shownFlags(flags, flagOverrides), before, current, runtime, valuesOf, ownValues);
}

/** The same for flags at hand. */
export async function completeFlags(
  flags: readonly ToolFlag[],
  before: readonly string[],
  current: string,
  runtime: readonly RuntimeFlag[],
  valuesOf: ValuesOf,
  ownValues: OwnValues = valuesOfFlag,
): Promise<Completion> {
  const ordered = [...flags].sort((a, b) => Number(b.mustBeGiven) - Number(a.mustBeGiven));
  const own = [...ordered.flatMap((flag) => flagOption(flag, ownValues(flag))), ...ordered.flatMap(noOption)];
  const taken = new Set(own.flatMap(({ names }) => names));
  // Of a name that both have the tool's wins, and what is exact wins over what only stands for it.
  const others = runtime.map((flag) => runtimeOption(flag, valuesOf)).filter(({ name }) => !taken.has(name));
  const options = [...own, ...others];
  const walked = walk(before, options, false);
  const option = await completeOption(current, walked, options);
  if (option) return option;
  if (walked.ended) return NOTHING;
  const maybe = walked.mayWant ? await walked.mayWant.values?.(current) : undefined;
  // A tool takes no words of its own: what may stand here are flags. The program's many are told when one is begun.
  const free = notGiven(own, walked);
  return {
    candidates: [...(free.length > 0 ? free : notGiven(others, walked)), ...(maybe?.candidates ?? [])],
  };
}

function flagOption(flag: ToolFlag, values: Source | undefined): Option[] {
  const { name, exact, kebab, kind } = flag;
  // The kebab form of several is nobody's.
  const names = new Set([`--${name}`, `--${exact}`, ...(kebab === name ? [`--${kebab}`] : [])]);
  return [
    {
      id: `tool ${exact}`,
      // What looks like a value, or would be cut at its own "=", cannot be typed.
      name: exact.includes('=') ? '' : `--${name}`,
      names: [...names],
      takes: kind === 'boolean' ? 'maybe' : 'value',
      maybe: (next) => /^(true|false|null)$/.test(next),
      repeatable: kind === 'array',
      about: aboutFlag(flag),
      values,
    },
  ];
}

/** `--no-force`, where the property may be false. */
function noOption(flag: ToolFlag, _at: number, all: readonly ToolFlag[]): Option[] {
  const { name, exact, kind } = flag;
  if (kind !== 'boolean') return [];
  const names = [...new Set([`--no-${name}`, `--no-${exact}`])].filter(
    (one) => !all.some((other) => `--${other.name}` === one || `--${other.exact}` === one),
  );
  const [first] = names;
  if (first === undefined) return [];
  return [
    { id: `tool ${exact}`, name: first, names, takes: 'none', repeatable: false, about: aboutFlag(flag) },
  ];
}

function aboutFlag({ mustBeGiven, description, title, kind, itemKind }: ToolFlag): string {
  const text = firstSentence(description ?? title ?? '');
  const type = kind === 'array' ? `${itemKind ?? 'json'}, repeatable` : kind;
  return `${mustBeGiven ? 'required: ' : ''}${text === '' ? type : text}`;
}

/** The values that a schema names: all that are allowed, or what it gives as default and examples. */
function valuesOfFlag(flag: ToolFlag): Source | undefined {
  const { kind, values, nullable, secret, items, shapes } = flag;
  if (secret) return undefined;
  const closed = kind === 'boolean' ? [true, false] : values;
  const open = (items ?? shapes).some((form) => form.type === 'boolean') && !closed ? [true, false] : [];
  const candidates: Candidate[] = [
    ...typedWords(closed ?? open).map((value) => ({ value })),
    ...(nullable && closed ? [{ value: 'null' }] : []),
    ...(closed ? [] : suggested(flag)),
  ];
  return candidates.length === 0 ? undefined : () => ({ candidates });
}

function suggested(flag: ToolFlag): Candidate[] {
  const { default: preset, examples = [] } = flag;
  const known = preset === undefined || isStructure(preset) ? [] : [textAt(flag, 'default')];
  const shown = filtered(examples, (one) => one !== undefined && !isStructure(one));
  return [
    ...known.map((value) => ({ value, about: 'the default' })),
    ...typedWords(shown).map((value) => ({ value, about: 'an example' })),
  ];
}

function isStructure(value: unknown): boolean {
  return typeof value === 'object';
}

function typedWords(values: readonly unknown[]): string[] {
  return values.map((_, i) => textAt(values, i));
}
