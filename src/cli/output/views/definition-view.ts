import type { Definition } from '../../../definitions/definition.ts';
import type { StoredWorkflow } from '../../../definitions/read.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { visibleLine, visibleName } from '../../../lib/text/visible.ts';
import type { Palette } from '../palette.ts';
import { table } from '../table.ts';

/** Fixed arguments that are longer are cut on a terminal. */
const LONGEST = 60;

/** What `jobs definitions` lists: of a workflow its steps stand where another has its tool. */
type Listed = Definition | StoredWorkflow;

function cells({ name, tool, steps, args, tags }: Listed): [string, string, string, string] {
  const fixed = args === undefined ? '-' : visibleLine(stringifyJson(args));
  const listed = Array.isArray(tags) && tags.length > 0 ? visibleLine(tags.join(',')) : '-';
  const runs = Array.isArray(steps) ? `(${steps.length} steps)` : visibleName(String(tool));
  return [name, runs, fixed, listed];
}

/** `name  tool  fixed arguments  tags`: the columns of a list in a pipe. */
export function definitionLine(definition: Listed): string {
  return cells(definition).join('  ');
}

/** The same for a terminal, aligned, with a heading. */
export function definitionTable(definitions: readonly Listed[], palette: Palette): string {
  const rows = definitions.map((one) => {
    const [name, tool, args, tags] = cells(one);
    return [name, tool, args.length > LONGEST ? `${args.slice(0, LONGEST - 3)}...` : args, tags];
  });
  return table(['NAME', 'TOOL', 'ARGUMENTS', 'TAGS'], rows, palette);
}
