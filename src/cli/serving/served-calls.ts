import type { PreparedCall } from '../../calls/call.ts';
import type { CallOptions } from '../../calls/options.ts';
import type { CatalogEntry } from '../../catalog/entry.ts';
import { UsageError } from '../../errors.ts';
import { entriesOn } from '../../instance/entries.ts';
import { invalidInput } from '../../jobhost/invalid-input.ts';
import type { RunRequest, ServedEntry } from '../../jobhost/provider.ts';
import { servedKind } from '../../jobhost/run-status.ts';
import { isObject } from '../../lib/json/json.ts';
import { validateArguments } from '../../tools/flags/validate.ts';
import type { App } from '../app.ts';
import { callOptions, preparedCall } from '../commands/tool.ts';
import { applyDefaults } from '../global-flags/tool-defaults.ts';

/** Of several entries with one name the first is reached by it: tools come first. */
export function unique(entries: readonly CatalogEntry[]): CatalogEntry[] {
  const byName = new Map<string, CatalogEntry>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}

export function served({ kind, name, tool, tags, labels, raw }: CatalogEntry, hidden: boolean): ServedEntry {
  const { title, description, inputSchema, outputSchema, annotations } = tool;
  const { stepCount, trigger } = raw as { stepCount?: unknown; trigger?: unknown };
  return {
    name,
    kind: servedKind(kind),
    title,
    description,
    inputSchema,
    outputSchema,
    annotations,
    tags,
    labels,
    hidden,
    dynamic: kind === 'definition',
    ...(kind === 'workflow'
      ? { workflow: { stepCount: Number(stepCount ?? 0), trigger: String(trigger ?? 'manual') } }
      : {}),
  };
}

/** Finds what a request names, and checks its input as a command's flags would be. Errors: UsageError, PermissionError, those of the catalogue. */
export async function prepare(
  own: App,
  { name, input }: RunRequest,
  logLevel?: string,
): Promise<{ call: PreparedCall; options: CallOptions }> {
  const entry = unique(await entriesOn(own, undefined, 'current')).find((one) => one.name === name);
  if (!entry) throw new UsageError(`no tool or job ${JSON.stringify(name)}`, { code: 'unknown_entry' });
  const { tool, target } = entry;
  const called = target?.tool ?? tool;
  const settings = (await own.instance.toolSettings())(called.name);
  const metadata = applyDefaults(own, entry, settings);
  const args = target
    ? (await import('../../catalog/fixed-arguments.ts')).withFixed(input, target.fixed)
    : input;
  if (isObject(called.inputSchema) && !own.flags.has('no-input-check')) {
    const { problems } = await validateArguments(called, args);
    if (problems.length > 0) throw invalidInput(problems);
  }
  return {
    call: await preparedCall(own, entry, args, { metadata, logLevel }),
    options: callOptions(own, called),
  };
}
