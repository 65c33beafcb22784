/** Help of the program's own flags: the few that people use, and all of them in groups. Loaded for help alone. */
import type { RuntimeFlag } from '../global-flags/table.ts';
import { RUNTIME_FLAGS, runtimeHelp, VERSION_FLAG } from '../global-flags/table.ts';

const ALL_FLAGS: readonly RuntimeFlag[] = [...RUNTIME_FLAGS, VERSION_FLAG];

/** What stands in the help of each tool. */
const COMMON: readonly string[] = ['background', 'json', 'timeout', 'interactive', 'args'];

/** Every flag is in one of them; a test asks for it. */
export const FLAG_GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Output', ['json', 'output', 'jq', 'quiet', 'verbose', 'log-level', 'no-color', 'save']],
  ['Input', ['args', 'interactive', 'dry-run', 'elicit']],
  ['Background jobs', ['background', 'detach', 'ttl', 'name', 'tag', 'label']],
  ['Time limits', ['timeout', 'connect-timeout']],
  ['Retries', ['retries', 'retry-backoff', 'retry-multiplier', 'retry-max-backoff']],
  ['Checks', ['no-output-check', 'output-check', 'no-input-check', 'input-check']],
  ['Many calls', ['each', 'parallel', 'unordered', 'fail-fast']],
  ['Server', ['instance', 'url', 'stdio', 'jobs', 'header', 'env', 'cwd', 'config']],
  ['Help', ['help', 'version']],
];

/** The flags that people use with tools. `usage`: the words whose help this is; with `--all` it tells of all flags. */
export function commonFlags(usage: string): string {
  const flags = COMMON.flatMap((name) => RUNTIME_FLAGS.find((flag) => flag.name === name) ?? []);
  const rest = RUNTIME_FLAGS.length - flags.length;
  return `Flags of mcp2cli:
${rowsOf(flags)}

The other ${rest}: mcp2cli help flags, or ${usage} --help --all
`;
}

/** All flags that a tool's call takes, in groups. */
export function toolFlagGroups(): string {
  return `Flags of mcp2cli:\n\n${groups(({ scope }) => scope !== 'target' && scope !== 'file')}\n`;
}

/** `mcp2cli help flags`. */
export function flagsHelp(program: string): string {
  return `Flags of mcp2cli

They stand before the command's name (${program} --json INSTANCE TOOL), or behind it where the tool has no flag of that name.

${groups(() => true)}

Exit codes:
  0         done; for a tool, jobs wait and jobs watch: the tool succeeded
  1         the tool or the job failed, was canceled, or is lost
  2         usage: a wrong flag or argument, an unknown tool, instance or job
  3         the server cannot be reached
  4         authentication is required or was refused, or the instance's rules do not permit it
  5         the server cannot do that
  8         not finished: input is required, or jobs show --exit-status of a live job
  70        a defect of mcp2cli
  74        the machine: disk full, no permission, output cannot be written
  78        the configuration or a record is damaged, or of a newer version
  124       --timeout ran out
  130, 143  SIGINT, SIGTERM
`;
}

function groups(isMeant: (flag: RuntimeFlag) => boolean): string {
  const grouped = new Set(FLAG_GROUPS.flatMap(([, names]) => names));
  const others = ALL_FLAGS.filter(({ name }) => !grouped.has(name)).map(({ name }) => name);
  return [...FLAG_GROUPS, ['Others', others] as const]
    .map(([title, names]) => {
      const flags = names.flatMap(
        (name) => ALL_FLAGS.find((flag) => flag.name === name && isMeant(flag)) ?? [],
      );
      return flags.length === 0 ? '' : `${title}:\n${rowsOf(flags)}`;
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

/** The second column is in one place in all groups. */
const LEFT = Math.max(...RUNTIME_FLAGS.map(({ name, value = '' }) => `    --${name} ${value}`.length));

function rowsOf(flags: readonly RuntimeFlag[]): string {
  return runtimeHelp(
    flags.map(({ scope }) => scope),
    flags,
    LEFT,
  );
}
