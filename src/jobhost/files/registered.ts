/** What was registered while a server ran, as jobs and workflows of the folder that it is over. */
import { statSync } from 'node:fs';
import { narrowedTool } from '../../catalog/fixed-arguments.ts';
import type { Definition } from '../../definitions/definition.ts';
import { toolOfName } from '../../definitions/name.ts';
import { type DefinitionsFile, readDefinitionsFile } from '../../definitions/read.ts';
import { CliError } from '../../errors.ts';
import type { JobStore } from '../../jobs/ports.ts';
import type { RetryPolicy } from '../../jobs/retry.ts';
import type { JsonSchema } from '../../tools/tool.ts';
import type { DocumentStep, WorkflowDocument } from '../../workflows/documents/document.ts';
import { millisecondsOf, retryOf } from '../../workflows/documents/plan.ts';
import { MAX_CONCURRENCY, WORKFLOW_TIMEOUT_MS } from '../../workflows/workflow.ts';
import type { LoadedFolder, LoadedJob, LoadedStep, LoadedWorkflow } from './loaded.ts';

/**
 * Where definitions over a folder are kept, and how they come there. Declared here, and implemented with the commands that define jobs. `store`: the
 * one that the host has open, which stays open.
 */
export interface JobRegistry {
  /** The file; nothing is registered where there is none. */
  readonly file: string;
  /** Brings into the file what other machines have registered, where they share definitions. Where that cannot be asked it stays as it is. */
  look(store: JobStore): Promise<void>;
  /** Checks a document as `jobs define FILE` does, and stores it. Errors: UsageError, ConfigError, IoError. */
  define(document: Record<string, unknown>, store: JobStore): Promise<void>;
  /** Error: UsageError for a name that nothing is defined under. */
  remove(name: string, store: JobStore): Promise<void>;
  /** How a definition wants its runs tried; undefined: as its job has it. Error: UsageError for what is no duration or number of attempts. */
  attempts(definition: Definition): { retry: RetryPolicy | undefined; timeoutMs: number | undefined };
}

type Stored = Pick<DefinitionsFile, 'definitions' | 'workflows'>;

/** Reads the definitions again when they have changed, whoever has changed them. What of them cannot be run is told once, and left out. */
export class RegisteredJobs {
  readonly #registry: JobRegistry;
  readonly #tell: (text: string) => void;
  readonly #told = new Set<string>();
  #stored: Stored = { definitions: [], workflows: [] };
  #state = '';
  #merged: { folder: LoadedFolder; stored: Stored; all: LoadedFolder } | undefined;

  constructor(registry: JobRegistry, tell: (text: string) => void) {
    this.#registry = registry;
    this.#tell = tell;
  }

  /** The folder with what was registered over it. A job of a file comes before one of its name that was registered. */
  over(folder: LoadedFolder): LoadedFolder {
    const stored = this.#read();
    if (stored.definitions.length + stored.workflows.length === 0) return folder;
    if (this.#merged?.folder !== folder || this.#merged.stored !== stored)
      this.#merged = { folder, stored, all: this.#mergedWith(folder, stored) };
    return this.#merged.all;
  }

  #read(): Stored {
    const { file } = this.#registry;
    const facts = statSync(file, { throwIfNoEntry: false });
    const state = facts ? `${facts.mtimeMs} ${facts.size} ${facts.ino}` : '';
    if (state === this.#state) return this.#stored;
    try {
      this.#stored = readDefinitionsFile(file);
    } catch (error) {
      // The jobs of files are not in it.
      if (!(error instanceof CliError)) throw error;
      this.#tell(`what was registered is not there: ${error.message}`);
      this.#stored = { definitions: [], workflows: [] };
    }
    this.#state = state;
    return this.#stored;
  }

  #mergedWith(folder: LoadedFolder, { definitions, workflows }: Stored): LoadedFolder {
    const files = [...folder.jobs, ...folder.workflows];
    const isFree = ({ name }: { name: string }) => {
      const taken = toolOfName(name, files);
      if (taken !== undefined)
        this.#tellOnce(`${name} was registered, and is the name of a job file now: that one runs`);
      return taken === undefined;
    };
    const jobs = [...folder.jobs];
    for (const definition of definitions.filter(isFree)) {
      const job = folder.jobs.find(({ name }) => name === definition.tool);
      if (job) jobs.push(this.#jobOf(definition, job));
      else
        this.#tellOnce(`${definition.name} was registered over ${definition.tool}, which is not there now`);
    }
    const documents = workflows
      .filter(isFree)
      .map((one) => workflowOf(one as unknown as WorkflowDocument, jobs));
    return { ...folder, jobs, workflows: [...folder.workflows, ...documents] };
  }

  #jobOf(definition: Definition, job: LoadedJob): LoadedJob {
    const { name, description = job.description, args: fixed = {}, tags = [], labels = {} } = definition;
    const { retry, timeoutMs } = this.#registry.attempts(definition);
    const { inputSchema } = narrowedTool({ name, inputSchema: job.inputSchema }, fixed);
    return {
      ...job,
      name,
      id: name,
      description,
      inputSchema: inputSchema as JsonSchema,
      tags,
      labels,
      hideFromDiscovery: definition.hideFromDiscovery === true,
      retry: retry ?? job.retry,
      timeout: timeoutMs ?? job.timeout,
      over: { job: job.name, fixed },
    };
  }

  #tellOnce(text: string): void {
    if (!this.#told.has(text)) this.#tell(text);
    this.#told.add(text);
  }
}

function workflowOf(document: WorkflowDocument, jobs: readonly LoadedJob[]): LoadedWorkflow {
  const { name, description, inputSchema = { type: 'object' }, tags = [], labels = {} } = document;
  return {
    kind: 'workflow',
    isDocument: true,
    name,
    id: name,
    description,
    file: '',
    site: { file: '', line: undefined, column: undefined },
    inputSchema,
    tags,
    labels,
    hideFromDiscovery: document.hideFromDiscovery === true,
    permissions: [],
    steps: document.steps.map((step) => stepOf(step, jobs)),
    maxConcurrency: document.maxConcurrency ?? MAX_CONCURRENCY,
    timeout: millisecondsOf(document.timeout) ?? WORKFLOW_TIMEOUT_MS,
  };
}

function stepOf(step: DocumentStep, jobs: readonly LoadedJob[]): LoadedStep {
  const { id, tool, dependsOn = [], input, condition, continueOnError = false, timeout, retry } = step;
  return {
    id,
    // By its name, or as it is typed.
    jobName: jobs.some(({ name }) => name === tool) ? tool : (toolOfName(tool, jobs) ?? tool),
    dependsOn,
    input:
      input === undefined
        ? { kind: 'none' }
        : typeof input === 'string'
          ? { kind: 'jq', expression: input }
          : { kind: 'values', values: input },
    conditional: condition !== undefined,
    condition,
    continueOnError,
    timeout: millisecondsOf(timeout),
    retry: retry && retryOf(retry),
  };
}
