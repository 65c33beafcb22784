/** A flag of the program's own, as opposed to one of a tool. */
export interface RuntimeFlag {
  name: string;
  short?: string;
  takes: 'none' | 'value';
  /** The value's name in help. */
  value?: string;
  help: string;
  /**
   * `target` says which server, `file` where it is configured; `tool` means something for a tool's call only, `input` where a server may ask something, `result` where a
   * tool's answer is printed.
   */
  scope: 'all' | 'target' | 'file' | 'tool' | 'input' | 'result';
  repeatable?: boolean;
}

export const RUNTIME_FLAGS: readonly RuntimeFlag[] = [
  {
    name: 'json',
    takes: 'none',
    scope: 'all',
    help: 'one JSON document on stdout; errors as JSON on stderr',
  },
  {
    name: 'output',
    short: 'o',
    takes: 'value',
    value: 'FORMAT',
    scope: 'all',
    help: 'human, json or ndjson',
  },
  {
    name: 'jq',
    takes: 'value',
    value: 'EXPR',
    scope: 'all',
    help: "filter the JSON output with jq's language, without jq; implies --json",
  },
  { name: 'quiet', short: 'q', takes: 'none', scope: 'all', help: 'print only the result' },
  { name: 'verbose', short: 'v', takes: 'none', scope: 'all', help: 'print details on stderr' },
  {
    name: 'timeout',
    takes: 'value',
    value: 'DURATION',
    scope: 'all',
    help: 'give up after 30s, 5m, 1h (exit 124); 0: never',
  },
  {
    name: 'connect-timeout',
    takes: 'value',
    value: 'DURATION',
    scope: 'all',
    help: 'how long connecting may take (default 60s, exit 3); 0: no limit',
  },
  { name: 'no-color', takes: 'none', scope: 'all', help: 'no colours (also NO_COLOR)' },
  { name: 'help', short: 'h', takes: 'none', scope: 'all', help: 'this help' },
  {
    name: 'instance',
    short: 'i',
    takes: 'value',
    value: 'NAME',
    scope: 'target',
    help: 'the instance to use',
  },
  {
    name: 'url',
    takes: 'value',
    value: 'URL',
    scope: 'target',
    help: 'a server over HTTP, without adding an instance',
  },
  {
    name: 'stdio',
    takes: 'value',
    value: "'CMD ARGS'",
    scope: 'target',
    help: 'a server to start, without adding an instance',
  },
  {
    name: 'jobs',
    takes: 'value',
    value: 'PATH',
    scope: 'target',
    help: 'job files of your own, without adding an instance: a file or a folder',
  },
  {
    name: 'header',
    takes: 'value',
    value: "'K: V'",
    scope: 'target',
    repeatable: true,
    help: 'an HTTP header for --url',
  },
  {
    name: 'env',
    takes: 'value',
    value: 'K=V',
    scope: 'target',
    repeatable: true,
    help: 'an environment variable for --stdio or --jobs',
  },
  {
    name: 'cwd',
    takes: 'value',
    value: 'DIR',
    scope: 'target',
    help: 'the working directory for --stdio or --jobs',
  },
  {
    name: 'config',
    takes: 'value',
    value: 'FILE',
    scope: 'file',
    help: "another program's configuration, used for this command (also MCP2CLI_CONFIG)",
  },
  {
    name: 'args',
    takes: 'value',
    value: 'JSON',
    scope: 'tool',
    help: 'all arguments as JSON, @file.json or - (stdin); flags win over it',
  },
  {
    name: 'interactive',
    takes: 'none',
    scope: 'tool',
    help: 'ask for the arguments on the terminal, one by one',
  },
  {
    name: 'dry-run',
    takes: 'none',
    scope: 'tool',
    help: 'print the arguments that would be sent, and send nothing',
  },
  { name: 'background', takes: 'none', scope: 'tool', help: 'run as a job: print its id and return' },
  {
    name: 'detach',
    takes: 'none',
    scope: 'tool',
    help: 'with --background: return at once on servers without tasks, too',
  },
  {
    name: 'retries',
    takes: 'value',
    value: 'N',
    scope: 'tool',
    help: 'try a failed call again, N attempts in total (default 1)',
  },
  {
    name: 'retry-backoff',
    takes: 'value',
    value: 'DURATION',
    scope: 'tool',
    help: 'the pause after the first failed attempt (default 1s)',
  },
  {
    name: 'retry-multiplier',
    takes: 'value',
    value: 'X',
    scope: 'tool',
    help: 'how each pause grows (default 2)',
  },
  {
    name: 'retry-max-backoff',
    takes: 'value',
    value: 'DURATION',
    scope: 'tool',
    help: 'the longest pause (default 60s)',
  },
  {
    name: 'no-output-check',
    takes: 'none',
    scope: 'tool',
    help: "do not check a job's result against the tool's outputSchema",
  },
  {
    name: 'output-check',
    takes: 'none',
    scope: 'tool',
    help: 'check it, even if the settings of the instance say otherwise',
  },
  {
    name: 'no-input-check',
    takes: 'none',
    scope: 'tool',
    help: "send arguments that the tool's inputSchema would refuse",
  },
  {
    name: 'input-check',
    takes: 'none',
    scope: 'tool',
    help: 'check them, although the configuration says otherwise',
  },
  {
    name: 'tag',
    takes: 'value',
    value: 'TAG',
    scope: 'tool',
    repeatable: true,
    help: 'a tag for the job; jobs list --tag finds it',
  },
  {
    name: 'label',
    takes: 'value',
    value: 'K=V',
    scope: 'tool',
    repeatable: true,
    help: 'a label for the job; jobs list --label finds it',
  },
  {
    name: 'name',
    takes: 'value',
    value: 'NAME',
    scope: 'tool',
    help: 'a name for the job, which finds it like an id',
  },
  {
    name: 'ttl',
    takes: 'value',
    value: 'DURATION',
    scope: 'tool',
    help: 'how long the server should keep the task',
  },
  {
    name: 'elicit',
    takes: 'value',
    value: 'POLICY',
    scope: 'input',
    help: "how to answer the server's questions: ask, decline, or accept form defaults (defaults)",
  },
  {
    name: 'log-level',
    takes: 'value',
    value: 'LEVEL',
    scope: 'tool',
    help: 'print log messages of the server on stderr, from this level up: debug, info, warning, error',
  },
  {
    name: 'each',
    takes: 'value',
    value: 'FILE',
    scope: 'tool',
    help: 'make a call for each line of FILE (NDJSON, an object of arguments); -: stdin',
  },
  {
    name: 'parallel',
    takes: 'value',
    value: 'N',
    scope: 'tool',
    help: 'with --each: calls at the same time (default 1)',
  },
  { name: 'unordered', takes: 'none', scope: 'tool', help: 'with --each: print results as they come' },
  { name: 'fail-fast', takes: 'none', scope: 'tool', help: 'with --each: start no call after a failure' },
  {
    name: 'save',
    takes: 'value',
    value: 'DIR',
    scope: 'result',
    help: 'save images, audio and other binary results in DIR',
  },
];

/** Stands before all other flags (route.ts). */
export const VERSION_FLAG: RuntimeFlag = {
  name: 'version',
  takes: 'none',
  scope: 'all',
  help: 'print the version',
};

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
