import type { CatalogEntry } from '../../catalog/entry.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import type { FlagOverrides } from '../../tools/flags/overrides.ts';
import type { Assignment } from '../../tools/flags/parse-line.ts';
import type { ToolDefinition } from '../../tools/tool.ts';

/** What a call's arguments are made by. */
export interface ToolForm {
  entry: CatalogEntry;
  /** The tool whose schema counts: of a definition the one that it calls. */
  called: ToolDefinition;
  flags: readonly ToolFlag[];
  profiles: FlagOverrides;
  /** The words that named it, for hints. */
  typed: readonly string[];
  /** What somebody else proposes while a value is typed. */
  propose?: Propose | undefined;
}

/** Values for a flag that begin as what is typed may; `answers` were given before. Never rejects. */
export type Propose = (
  flag: ToolFlag,
  typed: string,
  answers: readonly Assignment[],
) => Promise<readonly string[]>;
