import type { CatalogEntry } from '../../catalog/entry.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import type { App } from '../app.ts';
import { runtimeHelp } from '../global-flags/table.ts';
import { gatherArguments, readOwnLine, runtimeValues } from './gather.ts';
import { OWN_LINE_FLAGS, OWN_LINE_SCOPES } from './own-line-flags.ts';

/**
 * Reads what stands behind the name of something that has flags of its own and is no tool: `tool` is the shape of its flags, `typed` the words that
 * named it. Returns the arguments, checked; undefined when its help was asked for, which is printed. Errors: as `gatherArguments`.
 */
export async function argumentsOfLine(
  app: App,
  tool: ToolDefinition,
  typed: readonly string[],
  words: readonly string[],
): Promise<Record<string, unknown> | undefined> {
  const flags = toolFlags(tool.inputSchema ?? {});
  const line = readOwnLine(words, flags, OWN_LINE_FLAGS);
  app.adopt(runtimeValues(line.runtime));
  if (app.flags.has('help')) {
    const { toolHelp } = await import('../../tools/flags/tool-help.ts');
    app.printer.help(
      toolHelp(tool, flags, {
        usage: app.command(...typed),
        width: Math.min(app.printer.width, 110),
        runtimeHelp: `Flags of mcp2cli:\n${runtimeHelp(OWN_LINE_SCOPES)}`,
        safe: (text) => app.printer.safeText(text),
      }),
    );
    return undefined;
  }
  const entry: CatalogEntry = { kind: 'tool', name: tool.name, tool, raw: tool, tags: [], labels: {} };
  return gatherArguments(app, { entry, called: tool, flags, profiles: {}, typed }, line);
}
