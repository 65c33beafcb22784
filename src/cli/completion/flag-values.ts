import { ENTRY_KINDS } from '../../catalog/entry.ts';
import { EXTRA_KINDS } from '../../catalog/extras.ts';
import { ELICIT_POLICIES } from '../../config/settings/settings.ts';
import { isTerminal, JOB_STATUSES, type JobRecord } from '../../jobs/record.ts';
import { LOG_LEVELS } from '../../mcp/log-level.ts';
import { atFile, type Candidate, FILES, FOLDERS, NOTHING, type Source, words } from './candidate.ts';
import type { KnownInstance, Sources } from './sources/sources.ts';
import { exactNames, INSTANCE_WORDS, toolWords } from './tool-names.ts';
import type { ValuesOf } from './typed-flags.ts';

/** Values of the program's own flags, of runtime flags and commands alike, by the flag's name. */
export function flagValues(sources: Sources, instance: KnownInstance | undefined): ValuesOf {
  const tools = async () => {
    const entries = (await instance?.listed()) ?? [];
    return entries.filter(({ kind }) => kind === 'tool');
  };
  const byFlag: Record<string, Source> = {
    output: () => words('human', 'json', 'ndjson'),
    'log-level': () => words(...LOG_LEVELS),
    level: () => words(...LOG_LEVELS),
    elicit: () => words(...ELICIT_POLICIES),
    instance: () => ({ candidates: [...sources.instances()] }),
    cwd: () => FOLDERS,
    save: () => FOLDERS,
    dir: () => FOLDERS,
    config: () => FILES,
    jobs: () => FILES,
    from: async () => {
      const { HOSTS } = await import('../../config/hosts/table.ts');
      const candidates = HOSTS.map(({ id, title }) => ({ value: id, about: title }));
      return { ...FILES, candidates };
    },
    args: atFile,
    script: atFile,
    steps: atFile,
    'input-schema': atFile,
    'output-schema': atFile,
    kind: () => words(...ENTRY_KINDS, ...EXTRA_KINDS),
    status: () => words(...JOB_STATUSES),
    trigger: () => words('manual', 'webhook', 'event'),
    dialect: () => words('tasks-2025-11-25', 'meta-task', 'plain'),
    tool: async () => ({ candidates: exactNames(await tools()) }),
    tag: async () => metadata(instance, (marked) => marked.tags ?? []),
    label: async () =>
      metadata(instance, (marked) => Object.entries(marked.labels ?? {}).map(([name, v]) => `${name}=${v}`)),
  };
  return (name) => (Object.hasOwn(byFlag, name) ? byFlag[name] : undefined);
}

interface Marked {
  tags?: readonly string[];
  labels?: Readonly<Record<string, string>>;
}

/** What jobs and definitions are marked with already. */
async function metadata(instance: KnownInstance | undefined, of: (marked: Marked) => readonly string[]) {
  if (!instance) return NOTHING;
  const marked: Marked[] = [...(await instance.listed()), ...(await instance.jobs('', false))];
  return words(...new Set(marked.flatMap(of)));
}

/** Ids of jobs, newest first. `live`: those that have not ended come first. */
export async function jobIds(
  instance: KnownInstance | undefined,
  typed: string,
  live: boolean,
  used: readonly string[] = [],
) {
  const prefix = 'job_'.startsWith(typed) ? '' : typed.toLowerCase();
  const jobs = (await instance?.jobs(prefix, live)) ?? [];
  return { candidates: jobs.filter(({ job_id }) => !used.includes(job_id)).map(jobCandidate) };
}

function jobCandidate({ job_id, capability, status, created_at, finished_at }: JobRecord): Candidate {
  const at = isTerminal(status) ? (finished_at ?? created_at) : created_at;
  return { value: job_id, about: `${capability}  ${status}  ${at.replace(/\.\d+Z$/, 'Z')}` };
}

/** `call --job NAME`: the flags that say of which kind something is. */
export const KIND_FLAGS = ENTRY_KINDS.map((kind) => ({ kind, flag: `--${kind}` }));

/** The first words of an instance's tools, beside its commands. */
export async function firstToolWords(
  instance: KnownInstance,
  before: readonly string[],
  current: string,
  taken: ReadonlySet<string> = INSTANCE_WORDS,
): Promise<Candidate[]> {
  return toolWords(await instance.listed(), before, current, taken);
}
