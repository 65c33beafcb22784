import { Command, CommanderError, Option } from 'commander';
import { EXIT, UsageError } from '../errors.ts';
import { shellQuote } from '../lib/text/shell-quote.ts';
import { fitLines } from '../lib/text/word-wrap.ts';
import type { App } from './app.ts';
import { type FlagValues, setFlag } from './global-flags/scan.ts';
import { RUNTIME_FLAGS, type RuntimeFlag } from './global-flags/table.ts';
import { behindFirst } from './which-server.ts';

/** What a command's action gets: the app with all flags, its positional words, its own options. */
export type Action = (app: App, words: string[], options: Record<string, unknown>) => Promise<number>;

/** An option in commander's notation: `--flag <VALUE>`. A repeatable one becomes a list. */
export interface OptionSpec {
  flags: string;
  help: string;
  repeatable?: boolean;
  /** Help does not tell of it. */
  hidden?: boolean;
}

/** One command as data; this file alone knows commander. */
export interface CommandSpec {
  name: string;
  /** Other names, which are understood and not proposed. */
  aliases?: readonly string[];
  summary: string;
  /** Positional words in commander's notation: `<name>`, `[id]`, `[ids...]`. */
  words?: readonly string[];
  /** From which of them on they may be another program's command line, which stands behind `--` when it has flags. */
  foreignFrom?: number;
  options?: readonly OptionSpec[];
  /** Runtime flags of this scope are taken too (`all` always is). */
  scopes?: readonly RuntimeFlag['scope'][];
  /** What runtime flags mean to this command, where that is something else; empty: help does not tell of it. */
  flagHelp?: Readonly<Record<string, string>>;
  /** Command lines, without the words that lead to the instance or the program; they run as they stand. */
  examples?: readonly string[];
  /** More about it, below the options. */
  more?: string;
  subcommands?: readonly CommandSpec[];
  /** What the group does when no subcommand is named. */
  isDefault?: boolean;
  run?: Action;
}

/**
 * Runs the command that `argv` names. Errors: UsageError for whatever commander refuses, in the program's own form; what the action throws.
 * `prefix` is how the person typed the way here.
 */
export async function runProgram(
  specs: readonly CommandSpec[],
  argv: readonly string[],
  app: App,
  prefix: string,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const help: string[] = [];
  // What stands behind a command is for that command to read, whatever the groups around it know.
  const program = configure(new Command(prefix), help).enablePositionalOptions();
  for (const spec of specs)
    program.addCommand(build(named(spec, argv), app, prefix, help, (code) => (exitCode = code)));
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) {
      app.printer.help(help.join(''));
      return EXIT.ok;
    }
    if (error.code === 'commander.help') return groupAlone(app, help.join(''), prefix, argv);
    throw missingDashes(error, program, specs, argv) ?? usageError(error, prefix, argv);
  }
  return exitCode;
}

/** A group without a subcommand: its help, as an error. */
function groupAlone(app: App, help: string, prefix: string, argv: readonly string[]): number {
  const typed = [prefix, ...argv.filter((word) => !word.startsWith('-'))].join(' ');
  if (app.printer.json) throw new UsageError(`${typed}: which command?`, { hint: `see: ${typed} --help` });
  app.printer.stderr.write(app.printer.errTTY ? fitLines(help, app.printer.width) : help);
  return EXIT.usage;
}

/** The group with only the subcommand that is named, when one is: the others would be built for nothing. */
function named(spec: CommandSpec, [group, sub]: readonly string[]): CommandSpec {
  const only = spec.name === group ? spec.subcommands?.filter((one) => isNamed(one, sub)) : undefined;
  return only && only.length > 0 ? { ...spec, subcommands: only } : spec;
}

/** Whether a command is called so. */
export function isNamed({ name, aliases = [] }: CommandSpec, word: string | undefined): boolean {
  return name === word || aliases.some((alias) => alias === word);
}

/** The value of a header or a variable, behind its flag or in the same word. */
const MAY_BE_SECRET = /^--(env|header) |\s--(env|header)=/;

/** An unknown flag that stands behind the first word of another program's command line is that program's. */
function missingDashes(
  { code, message }: CommanderError,
  program: Command,
  specs: readonly CommandSpec[],
  argv: readonly string[],
): UsageError | undefined {
  const [group, sub] = argv.filter((word) => !word.startsWith('-'));
  const spec = specs.find(({ name }) => name === group)?.subcommands?.find(({ name }) => name === sub);
  const from = spec?.foreignFrom;
  const command = program.commands
    .find((one) => one.name() === group)
    ?.commands.find((one) => one.name() === sub);
  if (code !== 'commander.unknownOption' || from === undefined || !command) return undefined;
  // Commander has sorted the words: those without flags first, then from the unknown flag on.
  const words = command.args.slice(
    0,
    command.args.findIndex((word) => word.startsWith('-')),
  );
  const [before, first] = [words[from - 1], words[from]];
  if (before === undefined || first === undefined) return undefined;
  const at = argv.indexOf(first, argv.indexOf(before, 2) + 1);
  const shown = argv.map((word, i) =>
    MAY_BE_SECRET.test(`${argv[i - 1]} ${word}`) ? '...' : shellQuote(word),
  );
  const [flag = ''] = /'.*'/.exec(message) ?? [];
  return new UsageError(
    `${flag} is not a flag of ${group} ${sub}; put a command with flags of its own behind --`,
    { hint: [program.name(), ...shown.slice(0, at), '--', ...shown.slice(at)].join(' ') },
  );
}

function usageError(error: CommanderError, prefix: string, argv: readonly string[]): UsageError {
  const [message = '', near] = error.message.replace(/^error: /, '').split('\n');
  const group = argv.find((word) => !word.startsWith('-')) ?? '';
  const hint = error.code === 'commander.unknownOption' ? behindFirst(argv) : undefined;
  if (hint !== undefined) return new UsageError(message, { hint });
  return new UsageError(message, {
    hint: near
      ? near.replace(/^\(|\)$/g, '').replace(/^Did/, 'did')
      : `see: ${prefix} ${group} --help`.replace('  ', ' '),
  });
}

/** Flags that every command takes, and that help of commands does not repeat, as little as those of calls: `help flags` has them. */
const RARE: ReadonlySet<string> = new Set([
  'output',
  'jq',
  'quiet',
  'verbose',
  'connect-timeout',
  'no-color',
]);

/** Whether the help of a command tells of a flag of the program. */
function isTold({ name, scope }: RuntimeFlag, { flagHelp }: CommandSpec): boolean {
  return flagHelp?.[name] === undefined ? scope !== 'tool' && !RARE.has(name) : flagHelp[name] !== '';
}

/** Columns that no line of help takes. */
const UNBROKEN = 10_000;

function configure(command: Command, help: string[]): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .helpOption('-h, --help', 'this help')
    .configureOutput({
      writeOut: (text) => help.push(text),
      // Errors are thrown and told in one place; what is left is the help of a group.
      writeErr: (text) =>
        text.startsWith('error:') || text.startsWith('(Did') ? undefined : help.push(text),
      // The printer breaks lines, of all help alike.
      getOutHelpWidth: () => UNBROKEN,
      getErrHelpWidth: () => UNBROKEN,
    });
}

function build(
  spec: CommandSpec,
  app: App,
  prefix: string,
  help: string[],
  done: (code: number) => void,
): Command {
  const command = configure(new Command(spec.name), help)
    .aliases(spec.aliases ?? [])
    .summary(spec.summary)
    .description(spec.summary);
  for (const sub of spec.subcommands ?? [])
    command.addCommand(build(sub, app, prefix, help, done), { isDefault: sub.isDefault ?? false });
  const { run } = spec;
  const runtime = runtimeFlags(run ? (spec.scopes ?? []) : []).filter((flag) => !isOwn(flag, spec));
  // Before the subcommand's name they are the group's: `jobs --json list`.
  for (const flag of runtime)
    command.addOption(runtimeOption(flag, spec).hideHelp(!run || !isTold(flag, spec)));
  const adopt = () => {
    if (command.parent) app.adopt(runtimeValues(runtimeFlags(), command.parent.opts()));
    app.adopt(runtimeValues(runtime, command.opts()));
  };
  // Help comes before the action, but not before `--json`.
  command.addHelpText('before', () => {
    adopt();
    return '';
  });
  if (!run) return command.enablePositionalOptions();
  for (const words of spec.words ?? []) command.argument(words);
  for (const { flags, help: about, repeatable, hidden = false } of spec.options ?? [])
    command.addOption(collecting(new Option(flags, about), repeatable).hideHelp(hidden));
  const { examples = [], more } = spec;
  if (examples.length > 0) {
    const lines = examples.map((line) => `  ${prefix} ${line}`);
    command.addHelpText('after', `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${lines.join('\n')}`);
  }
  if (more) command.addHelpText('after', `\n${more}`);
  command.addHelpText('after', '\nMore flags: mcp2cli help flags');
  return command.action(async () => {
    adopt();
    done(await run(app, command.args, command.opts()));
  });
}

/** Of these scopes, and those that every command takes. */
function runtimeFlags(scopes: readonly RuntimeFlag['scope'][] = []): RuntimeFlag[] {
  return RUNTIME_FLAGS.filter(
    ({ scope, name }) => (scope === 'all' || scopes.includes(scope)) && name !== 'help',
  );
}

/** An option of the command's own takes the flag's name after the command; before it, the flag is still the program's. */
function isOwn(flag: RuntimeFlag, spec: CommandSpec): boolean {
  return spec.options?.some((own) => new RegExp(`--${flag.name}(?![\\w-])`).test(own.flags)) ?? false;
}

/** Of an option that is repeatable, every value counts. */
function collecting(option: Option, repeatable: boolean | undefined): Option {
  return repeatable ? option.argParser((value: string, before: string[] = []) => [...before, value]) : option;
}

function runtimeOption(flag: RuntimeFlag, spec: CommandSpec): Option {
  const short =
    flag.short && !spec.options?.some((own) => own.flags.startsWith(`-${flag.short},`))
      ? `-${flag.short}, `
      : '';
  const option = new Option(
    `${short}--${flag.name}${flag.value ? ` <${flag.value}>` : ''}`,
    spec.flagHelp?.[flag.name] ?? flag.help,
  );
  return collecting(option, flag.repeatable);
}

function runtimeValues(flags: readonly RuntimeFlag[], options: Record<string, unknown>): FlagValues {
  const values: FlagValues = new Map();
  for (const flag of flags) {
    // Commander turns `--no-color` into `color: false`.
    if (flag.name === 'no-color') {
      if (options['color'] === false) values.set('no-color', true);
      continue;
    }
    const value = options[flag.name];
    if (value === undefined) continue;
    if (flag.takes === 'none') values.set(flag.name, true);
    else for (const one of Array.isArray(value) ? value : [value]) setFlag(values, flag, String(one));
  }
  return values;
}
