import type { ExtraKind } from '../../catalog/extras.ts';
import { ELICIT_POLICIES, SETTING_KEYS, WAIT_AOF } from '../../config/settings/settings.ts';
import { isObject } from '../../lib/json/json.ts';
import { atFile, type Candidate, FILES, FOLDERS, NOTHING, type Source, words } from './candidate.ts';
import { jobIds } from './flag-values.ts';
import { extraNames } from './own-line.ts';
import { SHELLS } from './shells/shells.ts';
import type { Place } from './sources/sources.ts';
import { exactNames } from './tool-names.ts';
import type { Walked } from './typed-flags.ts';

/** Behind which commands words of which kind stand; what is not here is free. The last counts for all that follow. */
export const WORD_KINDS: Readonly<Record<string, readonly WordKind[]>> = {
  'instances add': ['free', 'files'],
  'instances import': ['elsewhere'],
  'instances show': ['instance'],
  'instances set': ['instance', 'key', 'value'],
  'instances unset': ['instance', 'setKey'],
  'instances remove': ['instance'],
  'instances rename': ['instance', 'free'],
  'instances use': ['instance'],
  'auth login': ['instance'],
  'auth status': ['instance'],
  'auth logout': ['instance'],
  'auth token': ['instance'],
  link: ['instance'],
  unlink: ['instance'],
  doctor: ['instance'],
  serve: ['instance'],
  'worker run': ['instance'],
  'worker status': ['instance'],
  'keeper status': ['instance'],
  'keeper stop': ['instance'],
  'keeper logs': ['instance'],
  completion: ['shell'],
  'resources read': ['readable'],
  'resources watch': ['resource'],
  'prompts get': ['prompt'],
  'jobs show': ['job'],
  'jobs wait': ['liveJob'],
  'jobs watch': ['liveJob'],
  'jobs logs': ['job'],
  'jobs cancel': ['liveJob'],
  'jobs forget': ['liveJob'],
  'jobs rerun': ['job'],
  'jobs resume': ['job'],
  'jobs prune': ['job'],
  'jobs answer': ['liveJob'],
  'jobs define': ['files'],
  'jobs undefine': ['definition'],
  'jobs export': ['definition'],
  'jobs import': ['files'],
};

type WordKind =
  | 'free'
  | 'instance'
  | 'key'
  | 'setKey'
  | 'value'
  | 'shell'
  | 'job'
  | 'liveJob'
  | 'definition'
  | 'readable'
  | 'resource'
  | 'prompt'
  | 'elsewhere'
  | 'files';

/** Where the next word of a command comes from; undefined where it is free. */
export function wordValues(path: readonly string[], walked: Walked, place: Place): Source | undefined {
  const kinds = WORD_KINDS[path.join(' ')] ?? [];
  const kind = kinds[Math.min(walked.words.length, kinds.length - 1)];
  return kind === undefined || kind === 'free' ? undefined : (typed) => SOURCES[kind](typed, walked, place);
}

type PlacedSource = (typed: string, walked: Walked, place: Place) => ReturnType<Source>;

const SOURCES: Record<Exclude<WordKind, 'free'>, PlacedSource> = {
  instance: (_typed, _walked, { sources }) => ({ candidates: [...sources.instances()] }),
  files: () => FILES,
  shell: () => words(...SHELLS),
  job: (typed, walked, { instance }) => ids(typed, walked, instance, false),
  liveJob: (typed, walked, { instance }) => ids(typed, walked, instance, true),
  definition: definitionNames,
  readable: extrasOf('resource', 'template'),
  resource: extrasOf('resource'),
  prompt: extrasOf('prompt'),
  elsewhere: async (_typed, { words: used }, { sources }) => ({
    candidates: (await sources.elsewhere()).filter(({ value }) => !used.includes(value)),
  }),
  key: settingKeys,
  setKey: (typed, walked, place) => setKeys(typed, walked, place),
  value: settingValues,
};

function extrasOf(...kinds: ExtraKind[]): PlacedSource {
  return async (_typed, { words: used }, { instance }) => {
    const names = instance ? await extraNames(instance, kinds) : [];
    return { candidates: names.filter(({ value }) => !used.includes(value)) };
  };
}

function ids(typed: string, { words: used, given }: Walked, instance: Place['instance'], live: boolean) {
  // An id and --latest cannot be used together.
  return given.has('latest') ? NOTHING : jobIds(instance, typed, live, used);
}

/** Definitions of one's own; with `--job` or `--workflow` those of the server. */
async function definitionNames(_typed: string, { given, words: used }: Walked, { instance }: Place) {
  const kind = ['job', 'workflow'].find((one) => given.has(one));
  const known: readonly Candidate[] = kind
    ? exactNames(((await instance?.listed()) ?? []).filter((entry) => entry.kind === kind))
    : ((await instance?.definitions()) ?? []);
  return { candidates: known.filter(({ value }) => !used.includes(value)) };
}

async function settingKeys(typed: string, { words: [name = ''] }: Walked, { sources }: Place) {
  const keys: Candidate[] = SETTING_KEYS.map((value) => ({ value }));
  if (!typed.startsWith('tools.'))
    return { candidates: [...keys, { value: 'tools.', about: 'a setting of a tool', open: true }] };
  const { TOOL_SETTING_KEYS } = await import('../../config/settings/tool-settings.ts');
  const tools = ((await sources.instance(name)?.entries()) ?? []).filter(({ kind }) => kind === 'tool');
  const stems = [
    { value: 'tools.*.', about: 'all tools' },
    ...exactNames(tools).map(({ value, about }) => ({ value: `tools.${value}.`, about: about ?? '' })),
  ];
  // The names of tools have dots, too: whatever has been typed may be a whole one.
  const tool = typed.slice(0, typed.lastIndexOf('.') + 1);
  const ofTool = tool === 'tools.' ? [] : TOOL_SETTING_KEYS.map((key) => ({ value: `${tool}${key}` }));
  const isWhole = stems.some(({ value }) => value === tool) || tool.includes('*');
  return {
    candidates: [
      ...stems.filter(({ value }) => value !== tool).map((stem) => ({ ...stem, open: true })),
      ...(isWhole ? ofTool : []),
    ],
  };
}

/** The settings that can be taken back. */
function setKeys(_typed: string, { words: [name = ''] }: Walked, { sources }: Place) {
  const { tools, ...settings } = sources.instance(name)?.settings() ?? {};
  const ofTools = isObject(tools)
    ? Object.entries(tools).flatMap(([tool, entry]) => [
        `tools.${tool}`,
        ...Object.keys(isObject(entry) ? entry : {}).map((key) => `tools.${tool}.${key}`),
      ])
    : [];
  return words(...Object.keys(settings), ...(ofTools.length > 0 ? ['tools', ...ofTools] : []));
}

const FLAGS = [
  'detach',
  'keepalive',
  'servercompletion',
  'disabled',
  'enabled',
  'outputcheck',
  'inputcheck',
  'hidefromdiscovery',
];

function settingValues(typed: string, { words: [, key = ''] }: Walked) {
  const plain = (key.split('.').at(-1) ?? '').replace(/[-_]/g, '').toLowerCase();
  if (FLAGS.includes(plain)) return words('true', 'false');
  if (plain === 'elicit') return words(...ELICIT_POLICIES);
  if (plain === 'waitaof') return words(...WAIT_AOF);
  if (plain === 'roots') return FOLDERS;
  if (plain === 'sampling') return FILES;
  return plain === 'permissions' ? atFile(typed) : NOTHING;
}
