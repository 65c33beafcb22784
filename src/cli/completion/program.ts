import { DEMO_COMMANDS, HOST_COMMANDS } from '../../config/names.ts';
import { HOST_SPECS } from '../commands/host-specs.ts';
import { INSTANCE_SPECS } from '../commands/instance-specs.ts';
import type { FlagValues } from '../global-flags/scan.ts';
import { RUNTIME_FLAGS, TARGET_FLAGS } from '../global-flags/table.ts';
import { completeAnswer } from './answer.ts';
import { completeCall, completeToolWords, runtimeOptions } from './call.ts';
import { type Candidate, type Completion, fitting, NOTHING } from './candidate.ts';
import { completeSpec } from './command.ts';
import { firstToolWords } from './flag-values.ts';
import { completeOwnLine } from './own-line.ts';
import type { KnownInstance, Sources } from './sources/sources.ts';
import { INSTANCE_WORDS } from './tool-names.ts';
import { completeOption, type Walked, walk } from './typed-flags.ts';

/**
 * What may stand in the place of `current`, with the words `before` it: the words of a line as the program gets them, without its own name.
 * The way is the one of route.ts. Never throws for what a person may type.
 */
export async function completeLine(
  before: readonly string[],
  current: string,
  sources: Sources,
): Promise<Completion> {
  return fitting(await top(before, current, sources), current);
}

async function top(before: readonly string[], current: string, own: Sources): Promise<Completion> {
  const options = runtimeOptions(own, undefined);
  const walked = walk(before, options, true);
  const file = walked.given.get('config')?.at(-1);
  const sources = file === undefined ? own : await own.ofFile(file);
  const word = before[walked.next];
  const rest = before.slice(walked.next + 1);
  const named = TARGET_FLAGS.some((id) => walked.given.has(id));
  if (word === undefined && !walked.wants && !current.startsWith('-')) {
    if (!named) return firstWords(current, sources);
    const instance = await sources.explicit(targetFlags(walked));
    return instance ? instanceFirst(instance, current) : NOTHING;
  }
  if (word === undefined) {
    const version = { id: 'version', name: '--version', names: ['--version'], takes: 'none' } as const;
    const all = [...options, { ...version, repeatable: false, about: 'the version' }];
    return (await completeOption(current, walked, all)) ?? NOTHING;
  }
  const isHost = (HOST_COMMANDS as readonly string[]).includes(word);
  if (isHost && !(word === 'demo' && isForDemo(rest, sources))) return host(word, rest, current, sources);
  if (named) {
    const instance = await sources.explicit(targetFlags(walked));
    return instance ? ofInstance(instance, before.slice(walked.next), current, sources) : NOTHING;
  }
  const instance = sources.instance(word);
  if (instance) return ofInstance(instance, rest, current, sources);
  const active = sources.active();
  return active ? ofInstance(active, before.slice(walked.next), current, sources) : NOTHING;
}

/** The flags that say which server, as the program has them. */
function targetFlags({ given }: Walked): FlagValues {
  const flags: FlagValues = new Map();
  for (const { name, repeatable } of RUNTIME_FLAGS.filter((flag) => flag.scope === 'target')) {
    const values = given.get(name);
    const last = values?.at(-1);
    if (values && last !== undefined) flags.set(name, repeatable ? values : last);
  }
  return flags;
}

/** The demo server's instance has the words that are not the command's. */
function isForDemo(rest: readonly string[], sources: Sources): boolean {
  const [word] = rest.filter((one) => !one.startsWith('-'));
  return (
    word !== undefined &&
    !(DEMO_COMMANDS as readonly string[]).includes(word) &&
    sources.instance('demo') !== undefined
  );
}

/** Instances, commands of the program, and with an active instance its commands and tools. */
async function firstWords(current: string, sources: Sources): Promise<Completion> {
  const active = sources.active();
  const instances = sources.instances();
  const taken = new Set([...HOST_COMMANDS, ...INSTANCE_WORDS, ...instances.map(({ value }) => value)]);
  const ofActive = active
    ? [...(await firstToolWords(active, [], current, taken)), ...instanceCommands()]
    : [];
  return { candidates: [...instances, ...ofActive, ...hostCommands()] };
}

function hostCommands(): Candidate[] {
  return [
    ...HOST_SPECS.map(({ name, summary }) => ({ value: name, about: summary })),
    { value: 'help', about: 'how to use it' },
    { value: 'version', about: 'which version this is' },
  ];
}

function instanceCommands(): Candidate[] {
  const [ls, ...others] = INSTANCE_SPECS.map(({ name, summary }) => ({ value: name, about: summary }));
  return [
    ...(ls ? [ls] : []),
    { value: 'call', about: 'a tool by its exact name' },
    ...others,
    { value: 'help', about: 'what the instance takes' },
  ];
}

async function host(
  word: string,
  rest: readonly string[],
  current: string,
  sources: Sources,
): Promise<Completion> {
  if (word === 'help') return rest.length === 0 ? firstWords(current, sources) : top(rest, current, sources);
  const spec = HOST_SPECS.find(({ name }) => name === word);
  if (!spec) return NOTHING;
  const completion = await completeSpec(spec, [word], rest, current, { sources });
  // Its words may as well be the instance's of that name.
  const demo = word === 'demo' && rest.length === 0 && !current.startsWith('-') && sources.instance('demo');
  if (!demo) return completion;
  const { candidates } = await instanceFirst(demo, current);
  return { candidates: [...completion.candidates, ...candidates] };
}

/** What fits behind an instance's name. */
async function ofInstance(
  instance: KnownInstance,
  before: readonly string[],
  current: string,
  sources: Sources,
): Promise<Completion> {
  const options = runtimeOptions(sources, instance);
  const walked = walk(before, options, true);
  const [word, ...rest] = before.slice(walked.next);
  if (word === undefined)
    return (await completeOption(current, walked, options)) ?? instanceFirst(instance, current);
  const place = { sources, instance };
  if (word === 'help') return ofInstance(instance, rest, current, sources);
  if (word === 'call') return completeCall(instance, rest, current, sources);
  const spec = INSTANCE_SPECS.find(({ name }) => name === word);
  if (!spec) return completeToolWords(instance, [word, ...rest], current, sources);
  const ownLine =
    word === 'resources' || word === 'prompts'
      ? await completeOwnLine(word, rest, current, place)
      : undefined;
  if (ownLine) return ownLine;
  if (word === 'jobs') {
    const inner = walk(rest, options, true);
    if (rest[inner.next] === 'answer' && !inner.wants)
      return completeAnswer(rest.slice(inner.next + 1), current, place);
  }
  return completeSpec(spec, [word], rest, current, place);
}

async function instanceFirst(instance: KnownInstance, current: string): Promise<Completion> {
  return { candidates: [...(await firstToolWords(instance, [], current)), ...instanceCommands()] };
}
