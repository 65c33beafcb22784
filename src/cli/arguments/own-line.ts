import type { CatalogEntry } from '../../catalog/entry.ts';
import { type CompletionRef, completeValues } from '../../instance/complete-values.ts';
import { scanToolLine } from '../../tools/flags/parse-line.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import type { App } from '../app.ts';
import { runtimeHelp } from '../global-flags/table.ts';
import { gatherArguments } from './gather.ts';
import { givenValues, OWN_LINE_FLAGS, OWN_LINE_SCOPES } from './own-line-flags.ts';
import type { Propose } from './tool-form.ts';

/** How long a server may take to propose values to somebody who is typing, in milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * Reads what stands behind the name of something that has flags of its own and is no tool: `tool` is the shape of its flags, `typed` the words that
 * named it, `ref` what the server completes its values by. Returns the arguments, checked; undefined when its help was asked for, which is printed. Errors: as `gatherArguments`.
 */
export async function argumentsOfLine(
  app: App,
  tool: ToolDefinition,
  typed: readonly string[],
  words: readonly string[],
  ref: CompletionRef,
): Promise<Record<string, unknown> | undefined> {
  const flags = toolFlags(tool.inputSchema ?? {});
  const line = scanToolLine(words, flags, OWN_LINE_FLAGS);
  app.adopt(line.runtime);
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
  const propose: Propose = async (flag, value, answers) => {
    const given = givenValues({ assignments: [...line.assignments, ...answers] });
    try {
      const reader = await (await app.session()).reader(AbortSignal.timeout(PATIENCE_MS));
      return await completeValues(reader, { ref, name: flag.exact, value, given });
    } catch {
      // There is nothing to propose; what is wrong shows with the request itself, which finds its own way.
      await (await app.session()).startAnew();
      return [];
    }
  };
  return gatherArguments(app, { entry, called: tool, flags, profiles: {}, typed, propose }, line);
}
