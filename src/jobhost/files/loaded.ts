import type { RetryPolicy } from '../../jobs/retry.ts';
import type { JsonSchema } from '../../tools/tool.ts';

/** What the loading of job files has found: plain data, which threads may pass to each other. Times are milliseconds, paths absolute. */
export interface LoadedFolder {
  /** The file or the folder that was loaded. */
  readonly path: string;
  /** By name; each name once, workflows included. */
  readonly jobs: readonly LoadedJob[];
  readonly workflows: readonly LoadedWorkflow[];
  /** What could not be loaded. A problem costs its own file, or its own job, alone. */
  readonly problems: readonly LoadProblem[];
  /** Every file that was read to get here, files that job files import included, packages left out. */
  readonly sources: readonly SourceFile[];
  /** What a class with `@FrontMcp` says about the server. */
  readonly server: { readonly name: string; readonly version: string } | undefined;
}

/** A file and what tells that it has changed. */
export interface SourceFile {
  readonly file: string;
  readonly mtimeMs: number;
  readonly size: number;
}

/** What a job and a workflow have in common. */
interface LoadedEntry {
  readonly name: string;
  /** Stable for whoever tracks it; the name where the file says nothing else. */
  readonly id: string;
  readonly description: string | undefined;
  /** The file to import (`importJobFile`), and then to ask for it by name. */
  readonly file: string;
  /** Where it is defined: the place to show a person. */
  readonly site: Site;
  /** As MCP wants it: of an object. What has a default is optional. `{type: 'object'}` for a workflow without one. */
  readonly inputSchema: JsonSchema;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hideFromDiscovery: boolean;
  readonly permissions: readonly LoadedPermission[];
}

export interface LoadedJob extends LoadedEntry {
  readonly kind: 'job';
  readonly outputSchema: JsonSchema;
  /** Undefined: one attempt. The document's `maxAttempts` is `attempts` here, `backoffMultiplier` is `multiplier`. */
  readonly retry: RetryPolicy | undefined;
  /** Limit of one attempt. */
  readonly timeout: number;
  /** It was registered over a job of the folder, under a name of its own and with some of its input fixed. */
  readonly over?: { readonly job: string; readonly fixed: Record<string, unknown> };
}

export interface LoadedWorkflow extends LoadedEntry {
  readonly kind: 'workflow';
  readonly steps: readonly LoadedStep[];
  /** Steps at a time. */
  readonly maxConcurrency: number;
  /** Limit of the whole. */
  readonly timeout: number;
  /** It was registered as a document: what flows between its steps is jq, and no thread is asked. */
  readonly isDocument?: boolean;
}

export interface LoadedStep {
  readonly id: string;
  /** A job of the same folder. */
  readonly jobName: string;
  readonly dependsOn: readonly string[];
  /** `values`: the input itself; `function`: a worker computes it; `jq`: an expression does; `none`: the job gets `{}`. */
  readonly input:
    | { readonly kind: 'none' }
    | { readonly kind: 'values'; readonly values: Readonly<Record<string, unknown>> }
    | { readonly kind: 'function' }
    | { readonly kind: 'jq'; readonly expression: string };
  /** It has a `condition`, a function for a worker. */
  readonly conditional: boolean;
  /** Of a document: the condition, in jq. */
  readonly condition?: string | undefined;
  readonly continueOnError: boolean;
  /** Undefined: the job's own. */
  readonly timeout: number | undefined;
  readonly retry: RetryPolicy | undefined;
}

export interface LoadedPermission {
  readonly action: 'create' | 'read' | 'update' | 'delete' | 'execute' | 'list';
  readonly roles: readonly string[] | undefined;
  readonly scopes: readonly string[] | undefined;
  /** There is a guard function, for a worker to ask. */
  readonly custom: boolean;
}

/** Line and column count from 1. */
export interface Site {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

export interface LoadProblem extends Site {
  /**
   * `syntax`: the file cannot be read as code. `import`: it threw, or imports what is not there. `hangs`: it did not come to its end in time.
   * `exits`: it ended its process. `empty`: there is no job in it. `invalid`: a job or workflow that is not as it must be. `doubled`: a name that is taken.
   */
  readonly code: 'syntax' | 'import' | 'hangs' | 'exits' | 'empty' | 'invalid' | 'doubled';
  /** The job or workflow that it is about, where there is one. */
  readonly name: string | undefined;
  /** One sentence; does not repeat file and line. */
  readonly message: string;
}
