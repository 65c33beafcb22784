/** A flag of the program's own, as opposed to one of a tool. */
export interface RuntimeFlag {
  name: string;
  short: string | undefined;
  takes: 'none' | 'value';
  /** The value's name in help. */
  value: string | undefined;
  help: string;
  /**
   * `target` says which server, `file` where it is configured; `tool` means something for a tool's call only, `input` where a server may ask something, `result` where a
   * tool's answer is printed.
   */
  scope: 'all' | 'target' | 'file' | 'tool' | 'input' | 'result';
  /** Every value counts; else a second, different one is an error. */
  repeatable: boolean;
}

/** A flag in the notation that commands have for their own: `-o, --output <FORMAT>`. */
export function flag(
  notation: string,
  scope: RuntimeFlag['scope'],
  help: string,
  repeatable = false,
): RuntimeFlag {
  const [, short, name = '', value] = /^(?:-(\w), )?--([\w-]+)(?: <(.+)>)?$/.exec(notation) ?? [];
  return { name, short, takes: value === undefined ? 'none' : 'value', value, help, scope, repeatable };
}

export const RUNTIME_FLAGS: readonly RuntimeFlag[] = [
  flag('--json', 'all', 'one JSON document on stdout; errors as JSON on stderr'),
  flag('-o, --output <FORMAT>', 'all', 'human, json or ndjson'),
  flag('--jq <EXPR>', 'all', "filter the JSON output with jq's language, without jq; implies --json"),
  flag('-q, --quiet', 'all', 'print only the result'),
  flag('-v, --verbose', 'all', 'print details on stderr'),
  flag('--timeout <DURATION>', 'all', 'give up after 30s, 5m, 1h (exit 124); 0: never'),
  flag(
    '--connect-timeout <DURATION>',
    'all',
    'how long connecting may take (default 60s, exit 3); 0: no limit',
  ),
  flag('--no-color', 'all', 'no colours (also NO_COLOR)'),
  flag('-h, --help', 'all', 'this help'),
  flag('-i, --instance <NAME>', 'target', 'the instance to use'),
  flag('--url <URL>', 'target', 'a server over HTTP, without adding an instance'),
  flag("--stdio <'CMD ARGS'>", 'target', 'a server to start, without adding an instance'),
  flag('--jobs <PATH>', 'target', 'job files of your own, without adding an instance: a file or a folder'),
  flag("--header <'K: V'>", 'target', 'an HTTP header for --url', true),
  flag('--env <K=V>', 'target', 'an environment variable for --stdio or --jobs', true),
  flag('--cwd <DIR>', 'target', 'the working directory for --stdio or --jobs'),
  flag(
    '--config <FILE>',
    'file',
    "another program's configuration, used for this command (also MCP2CLI_CONFIG)",
  ),
  flag('--args <JSON>', 'tool', 'all arguments as JSON, @file.json or - (stdin); flags win over it'),
  flag('--interactive', 'tool', 'ask for the arguments on the terminal, one by one'),
  flag('--dry-run', 'tool', 'print the arguments that would be sent, and send nothing'),
  flag('--background', 'tool', 'run as a job: print its id and return'),
  flag('--detach', 'tool', 'with --background: return at once on servers without tasks, too'),
  flag('--retries <N>', 'tool', 'try a failed call again, N attempts in total (default 1)'),
  flag('--retry-backoff <DURATION>', 'tool', 'the pause after the first failed attempt (default 1s)'),
  flag('--retry-multiplier <X>', 'tool', 'how each pause grows (default 2)'),
  flag('--retry-max-backoff <DURATION>', 'tool', 'the longest pause (default 60s)'),
  flag('--no-output-check', 'tool', "do not check a job's result against the tool's outputSchema"),
  flag('--output-check', 'tool', 'check it, even if the settings of the instance say otherwise'),
  flag('--no-input-check', 'tool', "send arguments that the tool's inputSchema would refuse"),
  flag('--input-check', 'tool', 'check them, although the configuration says otherwise'),
  flag('--tag <TAG>', 'tool', 'a tag for the job; jobs list --tag finds it', true),
  flag('--label <K=V>', 'tool', 'a label for the job; jobs list --label finds it', true),
  flag('--name <NAME>', 'tool', 'a name for the job, which finds it like an id'),
  flag('--ttl <DURATION>', 'tool', 'how long the server should keep the task'),
  flag(
    '--elicit <POLICY>',
    'input',
    "how to answer the server's questions: ask, decline, or accept form defaults (defaults)",
  ),
  flag(
    '--log-level <LEVEL>',
    'tool',
    'print log messages of the server on stderr, from this level up: debug, info, warning, error',
  ),
  flag(
    '--each <FILE>',
    'tool',
    'make a call for each line of FILE (NDJSON, an object of arguments); -: stdin',
  ),
  flag('--parallel <N>', 'tool', 'with --each: calls at the same time (default 1)'),
  flag('--unordered', 'tool', 'with --each: print results as they come'),
  flag('--fail-fast', 'tool', 'with --each: start no call after a failure'),
  flag('--save <DIR>', 'result', 'save images, audio and other binary results in DIR'),
];

/** Stands before all other flags (route.ts). */
export const VERSION_FLAG = flag('--version', 'all', 'print the version');

/** The flags that say which server. */
export const TARGET_FLAGS = RUNTIME_FLAGS.filter(({ scope }) => scope === 'target').map(({ name }) => name);

/** The program's flags that may stand behind a tool's name. */
export const TOOL_LINE_FLAGS = RUNTIME_FLAGS.filter(({ scope }) => scope !== 'target' && scope !== 'file');

/** Lines of help for flags of these scopes; the second column begins behind `least` columns or more. */
export function runtimeHelp(
  scopes: readonly RuntimeFlag['scope'][],
  flags: readonly RuntimeFlag[] = RUNTIME_FLAGS,
  least = 0,
): string {
  const rows = flags
    .filter((flag) => scopes.includes(flag.scope))
    .map((flag) => {
      const left = `${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}${flag.value ? ` ${flag.value}` : ''}`;
      return [left, flag.help] as const;
    });
  const width = Math.max(least, ...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n');
}
