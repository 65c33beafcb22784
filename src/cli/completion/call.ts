import { type EntryKind, typedNames } from '../../catalog/entry.ts';
import { resolveTool } from '../../catalog/find-name.ts';
import { RUNTIME_FLAGS, TOOL_LINE_FLAGS } from '../global-flags/table.ts';
import { type Completion, NOTHING } from './candidate.ts';
import { firstToolWords, flagValues, KIND_FLAGS } from './flag-values.ts';
import type { KnownInstance, Sources } from './sources/sources.ts';
import { completeTool } from './tool.ts';
import { exactNames } from './tool-names.ts';
import { completeOption, notGiven, type Option, runtimeOption, type Walked, walk } from './typed-flags.ts';

/** The program's own flags. */
export function runtimeOptions(sources: Sources, instance: KnownInstance | undefined): Option[] {
  const valuesOf = flagValues(sources, instance);
  return RUNTIME_FLAGS.map((flag) => runtimeOption(flag, valuesOf));
}

/** A tool by the words that are typed for it, and its line. */
export async function completeToolWords(
  instance: KnownInstance,
  words: readonly string[],
  current: string,
  sources: Sources,
): Promise<Completion> {
  const known = typedNames(await instance.entries());
  const found = resolveTool([...known.keys()], words);
  const entry = found.kind === 'tool' ? known.get(found.name) : undefined;
  const behind = words.slice(entry && 'consumed' in found ? found.consumed : 0);
  const valuesOf = flagValues(sources, instance);
  const line = entry ? await completeTool(entry, behind, current, TOOL_LINE_FLAGS, valuesOf) : NOTHING;
  const isName = words.every((one) => !one.startsWith('-')) && (!entry || behind.length === 0);
  if (!isName || current.startsWith('-')) return line;
  return { ...line, candidates: [...(await firstToolWords(instance, words, current)), ...line.candidates] };
}

/** `call [--job|--workflow|--definition|--tool] NAME`, and the line of what is called so. */
export async function completeCall(
  instance: KnownInstance,
  before: readonly string[],
  current: string,
  sources: Sources,
): Promise<Completion> {
  const namesOf = (kind: EntryKind | undefined) => async () => {
    const listed = (await instance.listed()).filter((entry) => kind === undefined || entry.kind === kind);
    return { candidates: exactNames(listed) };
  };
  const kinds = KIND_FLAGS.map(
    ({ kind, flag }): Option => ({
      id: `kind ${kind}`,
      name: flag,
      names: [flag],
      takes: 'value',
      repeatable: false,
      about: `a ${kind} of this name`,
      values: namesOf(kind),
    }),
  );
  const options = [...kinds, ...runtimeOptions(sources, instance)];
  const { kind, name, rest, walked } = named(before, options);
  if (name !== undefined) {
    const entries = (await instance.entries()).filter((entry) => kind === undefined || entry.kind === kind);
    const entry = entries.find((one) => one.name === name);
    return entry
      ? completeTool(entry, rest, current, TOOL_LINE_FLAGS, flagValues(sources, instance))
      : NOTHING;
  }
  const option = await completeOption(current, walked, options);
  if (option) return option;
  const names = await namesOf(undefined)();
  return current === '' ? { candidates: [...names.candidates, ...notGiven(kinds, walked)] } : names;
}

interface Named {
  kind: EntryKind | undefined;
  name: string | undefined;
  /** What stands behind the name. */
  rest: readonly string[];
  walked: Walked;
}

/** The name in a line of `call`: the first word, or the value of the flag that says which kind. */
function named(before: readonly string[], options: readonly Option[]): Named {
  for (let end = 1; end <= before.length; end++) {
    const walked = walk(before.slice(0, end), options, true);
    const found = KIND_FLAGS.find(({ kind }) => walked.given.has(`kind ${kind}`));
    const rest = before.slice(end);
    if (found) {
      const [name] = walked.given.get(`kind ${found.kind}`) ?? [];
      return { kind: found.kind, name, rest, walked };
    }
    if (walked.next < end) return { kind: undefined, name: before[walked.next], rest, walked };
  }
  return { kind: undefined, name: undefined, rest: [], walked: walk(before, options, true) };
}
