import type { JobOptions, WorkflowOptions } from './options.ts';
import type { InputOf, ObjectSchema, OutputOf } from './schema.ts';
import type { Provider } from './token.ts';

/** Where in a file something is defined. Line counts from 1. */
export interface DefinitionSite {
  readonly file: string;
  readonly line: number;
}

/** What `job()` makes, and what stands behind a class with `@Job`. */
export interface JobDefinition<
  Input extends ObjectSchema = ObjectSchema,
  Output extends ObjectSchema = ObjectSchema,
> {
  readonly kind: 'job';
  readonly options: JobOptions<Input, Output>;
  /** The function, or the class whose `execute` is called. */
  readonly run: JobFunction | { readonly jobClass: new () => object };
  readonly site: DefinitionSite | undefined;
  /** Only for the compiler: what goes in and what comes out. */
  readonly types?: { readonly input: InputOf<Input>; readonly output: OutputOf<Output> };
}

// biome-ignore lint/suspicious/noExplicitAny: what it takes is known where it is defined
export type JobFunction = (input: any, ctx: any) => unknown;

/** What `workflow()` makes, and what stands behind a class with `@Workflow`. */
export interface WorkflowDefinition<Input extends ObjectSchema = ObjectSchema> {
  readonly kind: 'workflow';
  readonly options: WorkflowOptions<Input>;
  readonly site: DefinitionSite | undefined;
}

/** What stands behind a class with `@App`. */
export interface AppDefinition {
  readonly kind: 'app';
  readonly options: AppOptions;
  readonly site: DefinitionSite | undefined;
}

export interface AppOptions {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** Jobs, by their classes or as `job()` has made them. */
  readonly jobs?: readonly unknown[] | undefined;
  readonly workflows?: readonly unknown[] | undefined;
  /** What the jobs of this app are given by `get`. */
  readonly providers?: readonly Provider[] | undefined;
  readonly [extra: string]: unknown;
}

/** What stands behind a class with `@FrontMcp`. */
export interface ServerDefinition {
  readonly kind: 'server';
  readonly options: ServerOptions;
  readonly site: DefinitionSite | undefined;
}

export interface ServerOptions {
  readonly info?: { readonly name: string; readonly version: string } | undefined;
  /** Classes with `@App`. */
  readonly apps?: readonly unknown[] | undefined;
  /** What the jobs of all apps are given by `get`. */
  readonly providers?: readonly Provider[] | undefined;
  /** Taken, and of no effect: jobs are always enabled, and where they are kept is a setting of the instance. */
  readonly jobsConfig?: Readonly<Record<string, unknown>> | undefined;
  readonly [extra: string]: unknown;
}

export type Definition = JobDefinition | WorkflowDefinition | AppDefinition | ServerDefinition;

/** Set on what is exported, so that it is known whichever copy of this library has made it. */
const DEFINITION = Symbol.for('mcp2cli.definition');

const defined: Definition[] = [];

/** Everything that was defined in this thread, exported or not, oldest first. */
export function allDefined(): readonly Definition[] {
  return defined;
}

/** Remembers a definition, and marks `carrier`, which stands for it in code. */
export function define<D extends Definition>(definition: D, carrier: object): D {
  defined.push(definition);
  Object.defineProperty(carrier, DEFINITION, { value: definition });
  return definition;
}

/** The definition that a value of a job file stands for, if it stands for one. */
export function definitionOf(value: unknown): Definition | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  // A class inherits what its parent class has: the mark is the parent's alone.
  return Object.getOwnPropertyDescriptor(value, DEFINITION)?.value as Definition | undefined;
}

/** Where `below`, a function of this library, was called. */
export function callSite(below: (...args: never[]) => unknown): DefinitionSite | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, below);
  Error.stackTraceLimit = stackTraceLimit;
  // "    at new Name (file:///jobs/greet.job.ts:3:15)", or without name and brackets.
  const found = /^\s*at (?:.*\()?(.+?):(\d+):\d+\)?$/m.exec(String(holder.stack));
  if (!found?.[1]) return undefined;
  return { file: pathOf(found[1].replace(/^async /, '')), line: Number(found[2]) };
}

/** A path of what may be a `file:` URL, as stacks have it. */
function pathOf(place: string): string {
  if (!place.startsWith('file://')) return place;
  // The query tells imports of one file from each other.
  const path = decodeURIComponent(new URL(place).pathname);
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1).replaceAll('/', '\\') : path;
}
