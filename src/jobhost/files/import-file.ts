/** Imports job files into this thread, from the bundle alone: there it knows its neighbours. Files stay imported: whoever wants a changed file anew takes a new thread. */
import { mkdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createJiti, type Jiti, type TransformOptions, type TransformResult } from 'jiti';
import { type Container, openContainer } from '../library/container.ts';
import {
  allDefined,
  type Definition,
  type DefinitionSite,
  definitionOf,
  type JobDefinition,
  type ServerDefinition,
  type WorkflowDefinition,
} from '../library/definitions.ts';
import * as jobs from '../library/jobs.ts';
import type { Provider } from '../library/token.ts';
import * as zod from '../library/zod.ts';

export interface JobFile {
  readonly file: string;
  /** Jobs and workflows, in the order that they are defined. Names may be doubled: that is for others to find. */
  readonly found: readonly FoundDefinition[];
  /** By name; of two with one name, the first. */
  readonly jobs: ReadonlyMap<string, JobDefinition>;
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>;
  /** What an app or a server lists although it is nothing of the kind. */
  readonly strangers: readonly Stranger[];
  readonly server: ServerDefinition | undefined;
  /** What its jobs are given by `get`; opened when it is first asked for. Error: what a provider's factory throws. */
  container(): Promise<Container>;
}

/** `place`: as in `jobs[1]`. */
export interface Stranger {
  readonly place: string;
  readonly site: DefinitionSite | undefined;
}

export interface FoundDefinition {
  readonly definition: JobDefinition | WorkflowDefinition;
  /** An app of this file has it. */
  readonly inApp: boolean;
}

/** What job files import without having it installed. */
const OWN_MODULES: Readonly<Record<string, object>> = {
  'mcp2cli/jobs': jobs,
  zod,
  'zod/v4': zod,
};
const OWN_FILES: Readonly<Record<string, string>> = {
  'mcp2cli/jobs': './jobs.mjs',
  zod: './zod.mjs',
  'zod/v4': './zod.mjs',
};

const require = nodeModule.createRequire(import.meta.url);
const imported = new Map<string, Promise<JobFile>>();
/** Files that were asked for by Node's own import, which keeps no list. */
const resolvedFiles = new Set<string>();

/**
 * Imports a job file, once. `cacheDir`: where TypeScript is kept as JavaScript; it is made. Errors: what the file throws, SyntaxError, or what its
 * imports lack; `importProblem` makes words of it.
 */
export function importJobFile(file: string, options: { cacheDir: string | undefined }): Promise<JobFile> {
  const known = imported.get(file);
  if (known !== undefined) return known;
  const importing = importAnew(file, options.cacheDir);
  imported.set(file, importing);
  return importing;
}

/** The files of users that this thread has imported, packages left out. */
export function importedFiles(): string[] {
  const own = dirname(fileURLToPath(import.meta.url));
  const required = Object.keys(require.cache);
  return [...new Set([...required, ...resolvedFiles])].filter(
    (file) => !/[\\/]node_modules[\\/]/.test(file) && !file.startsWith(own),
  );
}

async function importAnew(file: string, cacheDir: string | undefined): Promise<JobFile> {
  const exported = importsNatively(file)
    ? ((await import(pathToFileURL(file).href)) as object)
    : await transpiler(cacheDir).import<object>(file);
  const found = new Map<Definition, FoundDefinition>();
  const strangers: Stranger[] = [];
  const providers: Provider[] = [];
  let server: ServerDefinition | undefined;
  const take = (definition: Definition, inApp: boolean) => {
    const { kind, options } = definition;
    if (kind === 'job' || kind === 'workflow') {
      found.set(definition, { definition, inApp: inApp || (found.get(definition)?.inApp ?? false) });
      return;
    }
    if (kind === 'server') server = definition;
    providers.push(...(options.providers ?? []));
    const lists =
      kind === 'server' ? { apps: options.apps } : { jobs: options.jobs, workflows: options.workflows };
    for (const [list, values] of Object.entries(lists))
      for (const [index, value] of (values ?? []).entries()) {
        const listed = definitionOf(value);
        if (listed === undefined) strangers.push({ place: `${list}[${index}]`, site: definition.site });
        else take(listed, kind === 'app');
      }
  };
  // What is not exported was defined here all the same: the call of `job()` or `@Job` stands in this file.
  for (const definition of allDefined()) if (definition.site?.file === file) take(definition, false);
  for (const value of Object.values(exported).flat()) {
    const definition = definitionOf(value);
    if (definition !== undefined) take(definition, false);
  }
  const ofFile = (exported as { providers?: unknown }).providers;
  if (Array.isArray(ofFile)) providers.push(...(ofFile as Provider[]));
  let container: Promise<Container> | undefined;
  return {
    file,
    found: [...found.values()],
    jobs: byName('job', found.values()) as Map<string, JobDefinition>,
    workflows: byName('workflow', found.values()) as Map<string, WorkflowDefinition>,
    strangers,
    server,
    container: () => {
      container ??= openContainer([...new Set(providers)]);
      return container;
    },
  };
}

function byName(kind: 'job' | 'workflow', found: Iterable<FoundDefinition>) {
  const ofKind = [...found].map(({ definition }) => definition).filter((one) => one.kind === kind);
  return new Map(ofKind.reverse().map((one) => [one.options.name, one]));
}

/** JavaScript needs no more than Node, where Node lets us say what `mcp2cli/jobs` is (22.15 and later). */
function importsNatively(file: string): boolean {
  if (!/\.m?js$/.test(file)) return false;
  return hooked();
}

let hooks: boolean | undefined;

function hooked(): boolean {
  if (hooks !== undefined) return hooks;
  const { registerHooks } = nodeModule as unknown as { registerHooks?: RegisterHooks };
  hooks = registerHooks !== undefined;
  registerHooks?.({
    resolve(specifier, context, nextResolve) {
      const own = /[\\/]node_modules[\\/]/.test(context.parentURL ?? '') ? undefined : OWN_FILES[specifier];
      if (own !== undefined) return { url: new URL(own, import.meta.url).href, shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      if (resolved.url.startsWith('file:')) resolvedFiles.add(fileURLToPath(resolved.url));
      return resolved;
    },
  });
  return hooks;
}

type Resolved = { url: string; shortCircuit?: boolean };
type RegisterHooks = (hooks: {
  resolve(
    specifier: string,
    context: { parentURL?: string },
    nextResolve: (specifier: string, context: object) => Resolved,
  ): Resolved;
}) => void;

let jiti: Jiti | undefined;

function transpiler(cacheDir: string | undefined): Jiti {
  jiti ??= createJiti(import.meta.url, {
    fsCache: usable(cacheDir) ?? false,
    virtualModules: { ...OWN_MODULES },
    transform,
  });
  return jiti;
}

/** Where the source of a file cannot be read as code: what is wrong, and where (from 1). Node's own error does not tell. */
export function syntaxErrorOf(
  source: string,
  file: string,
): { message: string; line: number; column: number } | undefined {
  const { error } = transform({ source, filename: file, ts: /\.[cm]?ts$/.test(file), async: true });
  const { message, loc } = (error ?? {}) as { message?: string; loc?: { line: number; column: number } };
  if (message === undefined || loc === undefined) return undefined;
  // "/: Unexpected token (2:17)", and the code around it below.
  const text =
    message
      .replace(/^[^:\n]*: /, '')
      .split('\n', 1)[0]
      ?.replace(/ \(\d+:\d+\)$/, '') ?? '';
  return { message: text, line: loc.line, column: loc.column + 1 };
}

/** 1.5 MB: read only for a file that has changed, or is wrong. */
function transform(what: TransformOptions): TransformResult {
  return (require('./jiti-babel.cjs') as (what: TransformOptions) => TransformResult)(what);
}

/** The folder, made for the user alone; undefined where it cannot be: then every file is read anew. */
function usable(dir: string | undefined): string | undefined {
  if (dir === undefined) return undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return dir;
  } catch {
    return undefined;
  }
}
