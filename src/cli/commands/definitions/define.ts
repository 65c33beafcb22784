import { parseLabels, parseTags } from '../../../config/settings/tags.ts';
import { type Definition, inOrder } from '../../../definitions/definition.ts';
import { nameProblem, toolOfName } from '../../../definitions/name.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { entryOfWords } from '../../../instance/find-entry.ts';
import { editOwn, readOwn } from '../../../instance/own-definitions.ts';
import { parseJson, stringifyJson } from '../../../lib/json/exact-json.ts';
import { problemText } from '../../../lib/text/counted.ts';
import { nearestNames } from '../../../lib/text/nearest-names.ts';
import { namesOfDefinition } from '../../../permissions/known-names.ts';
import { nameableItems, permitAll } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { checkFixedArgs, readFixedArgs } from '../../arguments/fixed.ts';
import { errorsOf } from '../../arguments/problems.ts';
import { defaultsErrors } from '../../global-flags/definition-flags.ts';
import type { FlagValues } from '../../global-flags/scan.ts';
import type { ServerDefinitionOptions } from './server-flags.ts';

export interface DefineOptions extends ServerDefinitionOptions {
  name?: string;
  tool?: string;
  arg?: string[];
  args?: string;
  description?: string;
  retries?: string;
  retryBackoff?: string;
  retryMultiplier?: string;
  retryMaxBackoff?: string;
  timeout?: string;
  /** False with `--no-output-check`. */
  outputCheck?: boolean;
  tag?: string[];
  label?: string[];
  hide?: boolean;
  force?: boolean;
}

/**
 * `jobs define NAME --tool TOOL ...` stores a job of our own; `--script` and `--steps` register a job or a workflow at a FrontMCP server; `jobs define
 * FILE` does what the file says.
 */
export async function defineJob(app: App, word: string | undefined, options: DefineOptions): Promise<number> {
  if (word !== undefined && options.name !== undefined && word !== options.name)
    throw new UsageError(`two names: ${word} and ${options.name}`);
  const name = options.name ?? word;
  if (name === undefined)
    throw new UsageError('which name? jobs define NAME --tool TOOL, or jobs define FILE', {
      hint: `see: ${app.command('jobs define --help')}`,
    });
  if (options.script !== undefined || options.steps !== undefined) {
    const [{ serverDefinition }, { defineOnServer }] = await Promise.all([
      import('./server-flags.ts'),
      import('./define-on-server.ts'),
    ]);
    return defineOnServer(app, [await serverDefinition(app, name, options)], options);
  }
  if (options.tool === undefined && options.name === undefined) return defineFile(app, name, options);
  const definition = await defineOwn(app, name, options);
  const said = `defined ${definition.name} (${app.printer.safeName(definition.tool)})`;
  app.printer.answer('jobs define', said, definition);
  return EXIT.ok;
}

/** What a file (`-`: stdin) defines, here or at the server. */
async function defineFile(app: App, file: string, options: DefineOptions): Promise<number> {
  const { nameOf, readDocument } = await import('./import.ts');
  const text = await readDocument(app, file).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    // More likely a name.
    throw new UsageError(`${error.message}, and no --tool is given`, {
      hint: `a job of your own: ${app.command('jobs define', file, '--tool TOOL')}; the tools: ${app.command('ls')}`,
    });
  });
  return defineText(app, text, nameOf(file), options);
}

/** The same for a document at hand; `source` is what it is called in messages, `outcome` what they say when nothing comes of it. */
export async function defineText(
  app: App,
  text: string,
  source: string,
  options: DefineOptions,
  outcome?: string,
): Promise<number> {
  const [{ importText }, { serverDefinitionsIn }] = await Promise.all([
    import('./import.ts'),
    import('./document.ts'),
  ]);
  const { isOwnWorkflow, parseText } = await import('../../../workflows/documents/read-document.ts');
  const value = looksLikeJson(text) ? undefined : parseText(text, source);
  const own = value ?? ownJson(text, isOwnWorkflow);
  if (isOwnWorkflow(own)) {
    const { defineWorkflow } = await import('./define-workflow.ts');
    return defineWorkflow(app, own, text, source, options);
  }
  const onServer = serverDefinitionsIn(value === undefined ? text : stringifyJson(value), source);
  if (!onServer) return importText(app, text, source, { ...options, outcome });
  const { defineOnServer } = await import('./define-on-server.ts');
  return defineOnServer(app, onServer, options);
}

function looksLikeJson(text: string): boolean {
  return /^\s*([{[]|$)/.test(text);
}

/** What the text says, if it is a workflow of our own; what is wrong with it as JSON is for others to tell. */
function ownJson(text: string, isOwn: (value: unknown) => boolean): unknown {
  try {
    const value = parseJson(text);
    return isOwn(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Stores a job over a tool of the instance's server. Errors: UsageError for a name that cannot be or is taken, a tool that is none, and for
 * arguments and settings that the tool's call would refuse; those of reading the catalogue; ConfigError, IoError.
 */
async function defineOwn(app: App, name: string, options: DefineOptions): Promise<Definition> {
  checkFlags(name, options);
  const before = (await readOwn(app, 'current')).definitions.find((one) => one.name === name);
  if (before && !options.force) throw existsAlready(app, name);
  const action = before ? 'update' : 'create';
  await permitAll(app, action, before ? namesOfDefinition(before) : [name]);
  if (options.tool === undefined)
    throw new UsageError('jobs define needs --tool: a job is a tool with arguments of its own', {
      hint: `${app.command('jobs define', name)} --tool TOOL; the tools: ${app.command('ls')}`,
    });
  const tool = await toolFor(app, name, options.tool);
  const args = await readFixedArgs(app, tool, options);
  await permitAll(app, action, [...namesOfDefinition({ name, tool: tool.name, args })].slice(1));
  await checkFixedArgs(app, tool, args);
  const definition = inOrder({
    name,
    tool: tool.name,
    description: options.description,
    args: Object.keys(args).length > 0 ? args : undefined,
    ...settingsOf(options),
  });
  await editOwn(app, (definitions) => {
    if (definitions.has(name) && !options.force) throw existsAlready(app, name);
    definitions.set(name, definition);
  });
  return definition;
}

export interface UndefineOptions {
  job?: boolean;
  workflow?: boolean;
}

/** `jobs undefine NAME`: a definition of our own, otherwise a job or a workflow that was registered at the server. */
export async function undefineJob(app: App, name: string, options: UndefineOptions): Promise<number> {
  const kind = options.workflow ? 'workflow' : options.job ? 'job' : undefined;
  if (kind || !(await undefineOwn(app, name))) {
    const onServer = kind ?? (await kindOnServer(app, name));
    if (!onServer) throw await unknownDefinition(app, name);
    const { undefineOnServer } = await import('./define-on-server.ts');
    return undefineOnServer(app, onServer, name);
  }
  const said = `removed ${name}`;
  app.printer.answer('jobs undefine', said, { name });
  return EXIT.ok;
}

/** What the server lists under this name, as far as the cache knows: nobody is asked for a slip of the keys. */
async function kindOnServer(app: App, name: string): Promise<'job' | 'workflow' | undefined> {
  const catalogue = (await app.session()).cachedCatalogue();
  if (catalogue?.jobs.some((one) => one.name === name)) return 'job';
  return catalogue?.workflows.some((one) => one.name === name) ? 'workflow' : undefined;
}

/** Removes a definition or a workflow; false when there is none of this name. Errors: ConfigError, IoError. */
async function undefineOwn(app: App, name: string): Promise<boolean> {
  const { definitions: stored, workflows } = await readOwn(app, 'current');
  const definition = stored.find((one) => one.name === name);
  if (!definition && !workflows.some((one) => one.name === name)) return false;
  await permitAll(app, 'delete', definition ? namesOfDefinition(definition) : [name]);
  return editOwn(app, (definitions, flows) => definitions.delete(name) || flows.delete(name));
}

/** The error for a name that nothing is defined under, with the nearest. */
export async function unknownDefinition(app: App, name: string): Promise<UsageError> {
  const { definitions: all } = await readOwn(app, 'known');
  const known = await nameableItems(app, all, namesOfDefinition);
  const [near] = nearestNames(
    name,
    known.map((one) => one.name),
  );
  return new UsageError(`no definition ${JSON.stringify(name)}`, {
    code: 'unknown_definition',
    hint: near ? `did you mean ${near}?` : `see: ${app.command('jobs definitions')}`,
  });
}

function existsAlready(app: App, name: string): UsageError {
  return new UsageError(`${name} is defined already`, {
    code: 'exists',
    hint: `replace it with --force, or remove it first: ${app.command('jobs undefine', name)}`,
  });
}

async function toolFor(app: App, name: string, typed: string) {
  using stop = app.stop('the catalogue was not read in time');
  const { tool } = (await entryOfWords(app, [typed], stop.signal, ['tool'])).entry;
  const { tools } = await (await app.session()).catalogue(stop.signal);
  const taken = toolOfName(name, tools);
  if (taken === undefined) return tool;
  throw new UsageError(`the server has a tool ${JSON.stringify(taken)}: choose another name`);
}

/** Error: one UsageError for a name that cannot be, and all that the flags of a call would not take. */
function checkFlags(name: string, options: DefineOptions): void {
  const { retries, retryBackoff, retryMultiplier, retryMaxBackoff, timeout, tag = [], label = [] } = options;
  const wrong = nameProblem(name);
  const typed = {
    retries,
    'retry-backoff': retryBackoff,
    'retry-multiplier': retryMultiplier,
    'retry-max-backoff': retryMaxBackoff,
    timeout,
  };
  const flags: FlagValues = new Map();
  for (const [flag, value] of Object.entries(typed)) if (value !== undefined) flags.set(flag, value);
  const errors = [
    ...(wrong === undefined ? [] : [new UsageError(wrong)]),
    ...defaultsErrors(flags),
    ...errorsOf(
      () => parseTags(tag, '--tag'),
      () => parseLabels(label, '--label'),
    ),
  ];
  const problems = errors.map(({ message }) => message);
  if (errors.length > 1) throw new UsageError(problemText(problems), { details: { problems } });
  if (errors[0]) throw errors[0];
}

/** How it is run and found; the flags are known to be right. */
function settingsOf(options: DefineOptions): Omit<Partial<Definition>, 'name' | 'tool'> {
  const { retries, retryBackoff, retryMultiplier, retryMaxBackoff, timeout, tag, label } = options;
  return {
    ...(retries === undefined ? {} : { retries: Number(retries) }),
    ...(retryBackoff === undefined ? {} : { retryBackoff }),
    ...(retryMultiplier === undefined ? {} : { retryMultiplier: Number(retryMultiplier) }),
    ...(retryMaxBackoff === undefined ? {} : { retryMaxBackoff }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(options.outputCheck === false ? { outputCheck: false } : {}),
    ...(tag ? { tags: [...new Set(parseTags(tag, '--tag'))] } : {}),
    ...(label ? { labels: parseLabels(label, '--label') } : {}),
    ...(options.hide ? { hideFromDiscovery: true } : {}),
  };
}
