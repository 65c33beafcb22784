import { nearestNames } from '../../lib/text/nearest-names.ts';
import { readSchema, type SchemaReader } from '../schema/reader.ts';
import { shapesReader } from '../schema/shapes.ts';
import type { JsonSchema } from '../tool.ts';
import type { ToolFlag } from './flag.ts';
import { makeFlag } from './make-flag.ts';
import { insideFlags } from './nested-flags.ts';

/** Nested flags past these go without a flag of their own; the JSON of the whole object still reaches them. */
const MOST_FLAGS = 1_000;
const DEEPEST = 6;

interface Level {
  schema: unknown;
  path: readonly (string | number)[];
  mustBeGiven: boolean;
  /** Definitions around it: one inside itself (a tree) gets no flags a second time. */
  around: ReadonlySet<unknown>;
}

/**
 * The flags of a tool, the tool's own properties first, in the schema's order, then those of nested objects. What cannot be
 * understood is left to `--args` and to JSON. Never throws and never hangs, whatever the schema is.
 */
export function toolFlags(inputSchema: JsonSchema | undefined): ToolFlag[] {
  const reader = readSchema(inputSchema);
  const shapesOf = shapesReader(reader);
  const inside = insideFlags(reader, shapesOf);
  const flags: ToolFlag[] = [];
  const levels: Level[] = [{ schema: inputSchema, path: [], mustBeGiven: true, around: new Set() }];
  for (const level of levels) {
    for (const property of reader.properties(level.schema)) {
      const path = [...level.path, property.name];
      if (property.name === '' || (path.length > 1 && flags.length >= MOST_FLAGS)) continue;
      const parts = reader.parts(property.schema);
      const flag = makeFlag({ path, ...property, parentMustType: level.mustBeGiven, parts }, shapesOf);
      inside.attach(flag, property.schema);
      flags.push(flag);
      const around = new Set([...level.around, ...parts.map((part) => part.schema)]);
      const goesDeeper =
        flag.shapes.some((shape) => shape.type === 'object') &&
        path.length < DEEPEST &&
        !parts.some((part) => level.around.has(part.schema)) &&
        hasProperties(reader, property.schema);
      if (!goesDeeper) continue;
      flag.hasNested = true;
      levels.push({ schema: property.schema, path, mustBeGiven: flag.mustBeGiven, around });
    }
  }
  return withNames(flags);
}

function hasProperties(reader: SchemaReader, schema: unknown): boolean {
  return reader.properties(schema).some((property) => property.name !== '');
}

/** The kebab form is a flag's name unless it is empty or belongs to several. */
function withNames(flags: ToolFlag[]): ToolFlag[] {
  const count = new Map<string, number>();
  for (const { kebab } of flags) count.set(kebab, (count.get(kebab) ?? 0) + 1);
  for (const flag of flags) if (flag.kebab !== '' && count.get(flag.kebab) === 1) flag.name = flag.kebab;
  return flags;
}

export type FlagMatch = { flag: ToolFlag } | { ambiguous: ToolFlag[] } | undefined;

/**
 * A function that finds a flag by what was typed without dashes: the exact name first, then the kebab form, then what lies inside of the
 * longest flag that the name begins with.
 */
export function flagFinder(flags: readonly ToolFlag[]): (name: string) => FlagMatch {
  const byExact = new Map<string, ToolFlag>();
  const byKebab = new Map<string, ToolFlag[]>();
  for (const flag of flags) {
    if (!byExact.has(flag.exact)) byExact.set(flag.exact, flag);
    const same = byKebab.get(flag.kebab);
    if (same) same.push(flag);
    else byKebab.set(flag.kebab, [flag]);
  }
  return (name) => listed(name) ?? inside(name);

  function listed(name: string): FlagMatch {
    const exact = byExact.get(name);
    if (exact) return { flag: exact };
    const same = name === '' ? undefined : byKebab.get(name);
    if (!same?.[0]) return undefined;
    return same.length === 1 ? { flag: same[0] } : { ambiguous: same };
  }

  function inside(name: string): FlagMatch {
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const outer = listed(name.slice(0, dot));
      if (!outer || 'ambiguous' in outer) continue;
      const flag = outer.flag.inside?.find(name.slice(dot + 1));
      if (flag) return { flag };
    }
    return undefined;
  }
}

/** What could have been meant by a dotted name that no flag has: names inside of the longest flag that it begins with, closest first. */
export function nearInside(find: (name: string) => FlagMatch, name: string): string[] {
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = find(name.slice(0, dot));
    if (!outer || 'ambiguous' in outer) continue;
    const near = nearestNames(name.slice(dot + 1), outer.flag.inside?.names() ?? []);
    return near.map((inner) => `${outer.flag.name}.${inner}`);
  }
  return [];
}
