import { RUNTIME_FLAGS } from '../global-flags/table.ts';
import type { CommandSpec } from '../program.ts';
import { type Completion, NOTHING, together } from './candidate.ts';
import { flagValues } from './flag-values.ts';
import type { Place } from './sources/sources.ts';
import {
  completeOption,
  notGiven,
  type Option,
  runtimeOption,
  specOption,
  type ValuesOf,
  walk,
} from './typed-flags.ts';
import { wordValues } from './words.ts';

/** What fits behind a command, from what the command says of itself. `path`: the names down to it. */
export async function completeSpec(
  spec: CommandSpec,
  path: readonly string[],
  before: readonly string[],
  current: string,
  place: Place,
): Promise<Completion> {
  const options = optionsOf(spec, place);
  if (!spec.subcommands) return completeCommand(spec, path, options, before, current, place);
  const preset = spec.subcommands.find(({ isDefault }) => isDefault);
  const walked = walk(before, options, true);
  const word = before[walked.next];
  if (word !== undefined) {
    const sub = spec.subcommands.find(({ name, aliases = [] }) => [name, ...aliases].includes(word));
    if (sub) return completeSpec(sub, [...path, sub.name], before.slice(walked.next + 1), current, place);
    return preset ? completeSpec(preset, [...path, preset.name], before, current, place) : NOTHING;
  }
  const option = await completeOption(current, walked, options);
  if (option && (walked.wants || !preset)) return option;
  const more = preset ? await completeSpec(preset, [...path, preset.name], before, current, place) : NOTHING;
  if (current.startsWith('-')) return more;
  const names = spec.subcommands.map(({ name, summary }) => ({ value: name, about: summary }));
  // The flags of what is done by itself are told when one is begun.
  const wordsOnly = more.candidates.filter(({ value }) => !value.startsWith('-'));
  return together({ candidates: names }, { ...more, candidates: wordsOnly });
}

async function completeCommand(
  { words = [] }: CommandSpec,
  path: readonly string[],
  options: readonly Option[],
  before: readonly string[],
  current: string,
  place: Place,
): Promise<Completion> {
  const walked = walk(before, options, false);
  const option = await completeOption(current, walked, options);
  if (option) return option;
  const many = words.at(-1)?.includes('...') ?? false;
  const index = walked.words.length;
  const values = index < words.length || many ? wordValues(path, walked, place) : undefined;
  if (values) return values(current);
  // Where no word is wanted, or nothing is known of it, flags are all there is to say.
  return current === '' && index >= words.length && !walked.ended
    ? { candidates: notGiven(options, walked) }
    : NOTHING;
}

/** Its own options first; a flag of the program's that one of them is called like gives way. */
function optionsOf(spec: CommandSpec, { sources, instance }: Place): Option[] {
  const common = flagValues(sources, instance);
  // A link is called like its instance; elsewhere a name is a new one.
  const valuesOf: ValuesOf = (name) =>
    common(name === 'name' && spec.name === 'completion' ? 'instance' : name);
  const own = (spec.options ?? []).map((option) => specOption(option, valuesOf));
  const taken = new Set(own.map(({ id }) => id));
  const scopes = spec.run ? ['all', ...(spec.scopes ?? [])] : ['all'];
  const runtime = RUNTIME_FLAGS.filter(({ scope, name }) => scopes.includes(scope) && !taken.has(name));
  return [...own, ...runtime.map((flag) => runtimeOption(flag, valuesOf))];
}
