import { resolve } from 'node:path';
import { FROM_FILE, findInstance } from '../config/config.ts';
import { configuredInstance, FIRST_STEPS, unknownInstance } from '../config/configured-instance.ts';
import {
  DEMO_COMMANDS,
  HOST_COMMANDS,
  INSTANCE_COMMANDS,
  LATER_COMMANDS,
  OTHER_WORDS,
} from '../config/names.ts';
import type { Context } from '../context.ts';
import { EXIT, UsageError } from '../errors.ts';
import { nearestNames } from '../lib/text/nearest-names.ts';
import { VERSION } from '../version.ts';
import { App } from './app.ts';
import { listJobs } from './commands/jobs/list.ts';
import { scanFlags } from './global-flags/scan.ts';
import { RUNTIME_FLAGS, TARGET_FLAGS } from './global-flags/table.ts';
import { textFlag } from './global-flags/values.ts';
import { hostHelp } from './help/program.ts';
import { behindFirst, refuseSecondServer } from './which-server.ts';

/**
 * From a typed line to a command: runtime flags, then a host command, else an instance, else (with an active instance) a command of it.
 * Returns the exit code. `onApp` hears of every app that is made, so that whoever reports errors does it in the right format.
 */
export async function route(
  argv: readonly string[],
  context: Context,
  onApp: (app: App) => void,
): Promise<number> {
  const { flags, next } = scanFlags(argv);
  const app = new App(context, flags);
  onApp(app);
  const [word, ...rest] = argv.slice(next);
  const asked = word === 'version' ? scanFlags(rest) : undefined;
  if (flags.has('version') || asked?.next === rest.length) {
    if (asked) app.adopt(asked.flags);
    app.printer.answer('version', VERSION, { version: VERSION });
    return EXIT.ok;
  }
  const file = fileFor(app, word, rest);
  if (file !== undefined) {
    const { configOfFile } = await import('../config/hosts/config-file.ts');
    app.useConfig(await configOfFile(resolve(context.cwd, file), context));
  }
  const explicit = TARGET_FLAGS.some((name) => flags.has(name));
  if (explicit && (!isHostCommand(word) || isHelpOfInstance(word, rest))) {
    const instance = await app.explicitInstance();
    if (instance) app.select(instance);
    return instanceCommand(app, argv.slice(next));
  }
  if (word === undefined) {
    return printHostHelp(app);
  }
  if (isHostCommand(word) && !isDemoInstance(app, word, rest)) return hostCommand(app, word, rest);
  return namedCommand(app, word, rest, argv.slice(next), onApp);
}

/** Commands of the program itself that may be about a file which is named for one command. */
const OF_FILE = ['list', 'ls', 'show'];

/**
 * The file of another program that this command goes by: `--config`, or MCP2CLI_CONFIG, which commands that are about the program's own
 * configuration pass over. Error: UsageError when such a command is told to.
 */
function fileFor(app: App, word: string | undefined, rest: readonly string[]): string | undefined {
  const typed = textFlag(app.flags, 'config');
  const file = typed ?? (app.context.env['MCP2CLI_CONFIG'] || undefined);
  if (file === undefined || word === undefined || word === 'help' || app.flags.has('help')) return undefined;
  if (!isHostCommand(word) || word === 'auth') return file;
  const verb = rest.find((one) => !one.startsWith('-'));
  if (word === 'instances' && verb !== undefined && OF_FILE.includes(verb)) return file;
  if (typed === undefined) return undefined;
  throw new UsageError(`--config goes with commands of a server, not with ${word}`, {
    hint: 'mcp2cli --config FILE NAME ls; mcp2cli --config FILE instances list',
  });
}

/**
 * The demo server is registered as instance `demo`, which is a host command too: its own words come first, everything else after it goes
 * to the server.
 */
function isDemoInstance(app: App, word: string, rest: readonly string[]): boolean {
  if (word !== 'demo') return false;
  try {
    const next = rest[scanFlags(rest).next];
    if (next === undefined || (DEMO_COMMANDS as readonly string[]).includes(next)) return false;
  } catch {
    // Flags of `demo` itself.
    return false;
  }
  if (findInstance(app.config, word) === undefined)
    throw new UsageError('the demo server does not run', { hint: 'start it with: mcp2cli demo start' });
  return true;
}

function isHostCommand(word: string | undefined): boolean {
  return word !== undefined && (HOST_COMMANDS as readonly string[]).includes(word);
}

/** With an instance given, as a linked command gives it, `help` is about that instance; `help link` is about `link`. */
function isHelpOfInstance(word: string | undefined, rest: readonly string[]): boolean {
  return word === 'help' && !isHostCommand(rest[0]);
}

/** The help of the program; with `--json` its commands as data, too. */
async function printHostHelp(app: App): Promise<number> {
  const text = hostHelp(app.program);
  if (!app.printer.json) app.printer.help(text);
  else {
    const { commandTree } = await import('./help/tree.ts');
    const [first = ''] = text.trim().split('\n', 1);
    app.printer.envelope('help', first, { text: text.trimEnd(), commands: commandTree() });
  }
  return EXIT.ok;
}

async function hostCommand(app: App, word: string, rest: readonly string[]): Promise<number> {
  const helpOf = word === 'help' ? rest : app.flags.has('help') ? [word] : undefined;
  if (helpOf !== undefined && helpOf.length === 0) {
    return printHostHelp(app);
  }
  if (helpOf && isFlagsPage(helpOf)) return flagsPage(app);
  if (helpOf && !isHostCommand(helpOf[0])) return route([...helpOf, '--help'], app.context, () => {});
  const { runHostCommand } = await import('./commands.ts');
  return runHostCommand(app, helpOf ? [...helpOf, '--help'] : [word, ...rest]);
}

/** What stands behind `help` means the page about the program's flags; `flags --help` is about what is called so. */
function isFlagsPage(words: readonly string[]): boolean {
  return words.length === 1 && words[0] === 'flags';
}

async function flagsPage(app: App): Promise<number> {
  const { flagsHelp } = await import('./help/flags.ts');
  app.printer.help(flagsHelp(app.program));
  return EXIT.ok;
}

/** The word is an instance, or a command of the active one. */
async function namedCommand(
  app: App,
  word: string,
  rest: readonly string[],
  words: readonly string[],
  onApp: (app: App) => void,
): Promise<number> {
  const isCommand =
    (INSTANCE_COMMANDS as readonly string[]).includes(word) &&
    !(LATER_COMMANDS.includes(word) && findInstance(app.config, word) !== undefined);
  if (isCommand && asksForHelp(app, rest) && !hasActive(app)) {
    const { commandHelp } = await import('./commands.ts');
    return commandHelp(app, words);
  }
  if (findInstance(app.config, word) !== undefined) {
    const scanned = scanFlags(rest, new Map(app.flags));
    refuseSecondServer(word, scanned.flags, rest.slice(scanned.next));
    const inner = new App(app.context, scanned.flags);
    inner.useConfig(app.config);
    inner.select(configuredInstance(app.config, word, app.context.env));
    onApp(inner);
    return instanceCommand(inner, rest.slice(scanned.next));
  }
  const active = app.activeInstance();
  if (active) {
    app.select(active);
    return instanceCommand(app, words);
  }
  const foreign = app.config[FROM_FILE];
  const names = Object.keys(app.config.mcpServers);
  if (foreign && isCommand && names.length > 0)
    throw new UsageError(
      `${word} is a command of a server, and ${foreign.path} has ${names.length} of them`,
      {
        hint: `name one: ${names.slice(0, 10).join(', ')}`,
      },
    );
  if (foreign) throw unknownInstance(app.config, word);
  if (isCommand && isOverAll(rest)) {
    const { runInstanceCommand } = await import('./commands.ts');
    return runInstanceCommand(app, words, app.program);
  }
  const known = [...HOST_COMMANDS, ...names];
  const other = Object.hasOwn(OTHER_WORDS, word) ? OTHER_WORDS[word] : undefined;
  const near = other?.map((words) => `${app.program} ${words}`).join(', ') ?? nearestNames(word, known)[0];
  const isEmpty = names.length === 0;
  if (isCommand)
    throw new UsageError(`${word} is a command of an instance, and none is named or active`, {
      hint:
        behindFirst(words) ??
        (isEmpty ? FIRST_STEPS : `mcp2cli INSTANCE ${word}, or make one active: mcp2cli instances use NAME`),
    });
  throw new UsageError(`no command or instance ${JSON.stringify(word)}`, {
    code: 'unknown_command',
    hint: near
      ? `did you mean ${near}?`
      : isEmpty
        ? FIRST_STEPS
        : 'see: mcp2cli --help; mcp2cli instances list',
  });
}

function asksForHelp(app: App, rest: readonly string[]): boolean {
  const end = rest.indexOf('--');
  const words = end < 0 ? rest : rest.slice(0, end);
  return app.flags.has('help') || words.includes('--help') || words.includes('-h');
}

/** Whether the command is about all instances: then none has to be named. */
function isOverAll(rest: readonly string[]): boolean {
  return rest.some((word) => word === '-A' || word === '--all-instances');
}

/** Whether there is an active instance that can be used; help is there without one, too. */
function hasActive(app: App): boolean {
  try {
    return app.activeInstance() !== undefined;
  } catch {
    return false;
  }
}

async function instanceCommand(app: App, words: readonly string[]): Promise<number> {
  app.checkPlaces(app.instance.name);
  const [word, ...rest] = words;
  if (word === undefined || (word === 'help' && rest.length === 0)) {
    const { instanceHelp } = await import('./help/instance.ts');
    app.printer.help(await instanceHelp(app));
    return EXIT.ok;
  }
  if (word === 'help' && isFlagsPage(rest)) return flagsPage(app);
  if (word === 'help') return instanceCommand(app, [...rest, '--help']);
  if (word === 'jobs' && rest[0] === 'list' && isPlain(app, rest.slice(1))) return listJobs(app, {});
  if (word === 'ls' && isPlain(app, rest)) return (await import('./commands/ls.ts')).list(app, {});
  const own = Object.hasOwn(OWN_LINES, word) ? OWN_LINES[word] : undefined;
  const behind = own && wordsBehind(app, own, rest);
  if (behind) return own.run(app, behind);
  if (word !== 'call' && (INSTANCE_COMMANDS as readonly string[]).includes(word)) {
    if (SHADOWING.includes(word)) await tellShadowed(app, word);
    const { runInstanceCommand } = await import('./commands.ts');
    return runInstanceCommand(app, app.flags.has('help') ? [...words, '--help'] : words);
  }
  const { callByName, runToolWords } = await import('./commands/tool.ts');
  return word === 'call' ? callByName(app, rest) : runToolWords(app, words);
}

/** Words that were tools' own before they were commands. */
const SHADOWING: readonly string[] = ['resources', 'prompts', ...LATER_COMMANDS];

/** Says how a tool is run that is called like a command. */
async function tellShadowed(app: App, word: string): Promise<void> {
  const tools = (await app.session()).cachedCatalogue()?.tools ?? [];
  const tool = tools.find(({ name }) => name.toLowerCase() === word);
  if (tool)
    app.printer.note(`${word} is a command; the tool of this name: ${app.command('call', tool.name)}`);
}

interface OwnLine {
  /** What the subcommand is called. */
  names: readonly string[];
  /** Alone, or with `--help` alone, it is commander's all the same. */
  needsWord: boolean;
  run(app: App, words: readonly string[]): Promise<number>;
}

/** Commands whose flags are known only with what they are about: a question's form, a template, a prompt. */
const OWN_LINES: Readonly<Record<string, OwnLine>> = {
  jobs: {
    names: ['answer'],
    needsWord: false,
    run: async (app, words) => (await import('./commands/jobs/answer/answer.ts')).answerJob(app, words),
  },
  resources: {
    names: ['read', 'get', 'cat'],
    needsWord: true,
    run: async (app, words) => (await import('./commands/resources/read.ts')).readResource(app, words),
  },
  prompts: {
    names: ['get', 'show'],
    needsWord: true,
    run: async (app, words) => (await import('./commands/prompts/get.ts')).getPrompt(app, words),
  },
};

/** The words behind such a subcommand; runtime flags may stand before it. Undefined where the line is another command's. */
function wordsBehind(app: App, { names, needsWord }: OwnLine, rest: readonly string[]): string[] | undefined {
  try {
    const { flags, next } = scanFlags(rest);
    const words = rest.slice(next + 1);
    if (!names.includes(rest[next] ?? '')) return undefined;
    if (needsWord && words.every((word) => word === '--help' || word === '-h')) return undefined;
    if (flags.size > 0) app.adopt(flags);
    return words;
  } catch {
    return undefined;
  }
}

/**
 * Whether `jobs list`, or `ls`, is followed by runtime flags alone, which are then adopted. Scripts call them in loops: this way they cost no
 * command-line library (7 ms). Anything else, mistakes included, is the library's to read.
 */
function isPlain(app: App, words: readonly string[]): boolean {
  try {
    const { flags, next } = scanFlags(words);
    const foreign = (name: string) => RUNTIME_FLAGS.find((flag) => flag.name === name)?.scope !== 'all';
    if (next < words.length || app.flags.has('help') || flags.has('help') || [...flags.keys()].some(foreign))
      return false;
    app.adopt(flags);
    return true;
  } catch {
    return false;
  }
}
