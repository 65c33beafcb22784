import { type ExtraKind, firstText, promptAsTool, templateAsTool } from '../../catalog/extras.ts';
import { isTemplate } from '../../catalog/uri-template.ts';
import type { CompletionRef } from '../../instance/complete-values.ts';
import { scanToolLine } from '../../tools/flags/parse-line.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import { givenValues, OWN_LINE_FLAGS } from '../arguments/own-line-flags.ts';
import type { Candidate, Completion } from './candidate.ts';
import { flagValues } from './flag-values.ts';
import type { KnownInstance, Place } from './sources/sources.ts';
import { completeTool } from './tool.ts';
import { completeOption, runtimeOption, walk } from './typed-flags.ts';

/** Lines whose flags come from what they are about: the subcommands, and the kinds of what stands behind them. */
const LINES: Readonly<Record<string, { names: readonly string[]; kinds: readonly ExtraKind[] }>> = {
  resources: { names: ['read', 'get', 'cat'], kinds: ['resource', 'template'] },
  prompts: { names: ['get', 'show'], kinds: ['prompt'] },
};

/** `resources read TARGET ...`, `prompts get NAME ...`; undefined where the line is another command's. `rest` stands behind the group's name. */
export async function completeOwnLine(
  group: string,
  rest: readonly string[],
  current: string,
  { sources, instance }: Place,
): Promise<Completion | undefined> {
  const line = LINES[group];
  const common = flagValues(sources, instance);
  const options = OWN_LINE_FLAGS.map((flag) => runtimeOption(flag, common));
  const outer = walk(rest, options, true);
  if (!line?.names.includes(rest[outer.next] ?? '') || !instance) return undefined;
  const before = rest.slice(outer.next + 1);
  const inner = walk(before, options, true);
  const target = before[inner.next];
  if (target === undefined)
    return (
      (await completeOption(current, inner, options)) ?? {
        candidates: await extraNames(instance, line.kinds),
      }
    );
  const tool = await shapeOf(group, target, instance);
  const behind = before.slice(inner.next + 1);
  const ref: CompletionRef =
    group === 'prompts' ? { type: 'ref/prompt', name: target } : { type: 'ref/resource', uri: target };
  const given = () => givenValues(scanToolLine(behind, toolFlags(tool.inputSchema ?? {}), OWN_LINE_FLAGS));
  return completeTool({ tool }, behind, current, OWN_LINE_FLAGS, common, ({ exact }) => async (value) => {
    const values = await instance.serverValues({ ref, name: exact, value, given: given() });
    return { candidates: values.map((one) => ({ value: one })) };
  });
}

/** What the cache has of these kinds, by what it is known by. */
export async function extraNames(instance: KnownInstance, kinds: readonly ExtraKind[]): Promise<Candidate[]> {
  return (await instance.extras())
    .filter(({ kind }) => kinds.includes(kind))
    .map((extra) => {
      const about = firstText(extra);
      return { value: extra.id, ...(about === '' ? {} : { about }) };
    });
}

/** The shape of its flags; none where nothing is known of it. */
async function shapeOf(group: string, target: string, instance: KnownInstance): Promise<ToolDefinition> {
  const none = { name: target, inputSchema: { type: 'object', properties: {} } };
  const known = (await instance.extras()).find(({ id }) => id === target);
  if (group === 'prompts')
    return known?.kind === 'prompt' ? promptAsTool({ ...known.raw, name: target }) : none;
  try {
    return isTemplate(target) ? templateAsTool(target, known?.raw) : none;
  } catch {
    // Not a template (yet).
    return none;
  }
}
