/**
 * The port between the MCP server (`server/`) and what it serves. Declared by the server, and implemented for a folder of job files and for an
 * instance.
 */
import type { JobError, JobStatus, LogEntry, Progress, WorkflowPlan } from '../jobs/record.ts';
import type { JsonSchema } from '../tools/tool.ts';

/** What an entry is: a `tool` of an instance's server, a `job` or `workflow` of a file, or one that was registered while the server ran. */
export type ServedKind = 'tool' | 'job' | 'workflow';

/** Something that can be run. */
export interface ServedEntry {
  /** Unique among all kinds. */
  name: string;
  kind: ServedKind;
  title?: string | undefined;
  description?: string | undefined;
  /** JSON Schema of an object, defaulted properties optional; absent where anything is taken. */
  inputSchema?: JsonSchema | undefined;
  /** JSON Schema of `structuredContent`; absent where nothing is promised. MCP wants `type: object` at its root. */
  outputSchema?: JsonSchema | undefined;
  annotations?: Record<string, unknown> | undefined;
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** `hideFromDiscovery`: not in `list_jobs`, and not in `tools/list`; whoever knows the name runs it. */
  hidden: boolean;
  /** Registered with `register`, so that `remove` may take it back. */
  dynamic: boolean;
  /** Of a workflow. */
  workflow?: { stepCount: number; trigger: string; plan?: WorkflowPlan } | undefined;
}

/** A job file, or a part of one, that cannot be served. */
export interface ServedProblem {
  place: string;
  /** Absolute. */
  file: string;
  message: string;
  /** The job or workflow that is missing for it, where it is about one. */
  name: string | undefined;
}

/** A CallToolResult (MCP 2025-11-25, server/tools). */
export interface ServedResult {
  content: unknown[];
  structuredContent?: Record<string, unknown> | undefined;
  isError?: boolean | undefined;
  _meta?: Record<string, unknown> | undefined;
  [extra: string]: unknown;
}

/** What is told of a run while it goes on. */
export interface RunEvents {
  onProgress?: ((progress: Progress) => void) | undefined;
  /** A line of the job's log. `level` as in MCP's `notifications/message`: `info`, `warning`, `error`, ... */
  onLog?: ((line: { level: string; text: string }) => void) | undefined;
}

export interface RunRequest {
  name: string;
  input: Record<string, unknown>;
  /**
   * The record of the command or keeper that calls (`_meta["mcp2cli/job"]`): the run's facts go there, and its end is written by the caller. Without
   * it the provider makes the record itself, where there has to be one, and writes its end.
   */
  jobId?: string | undefined;
}

/** A step of a workflow's run. `state` as workflows have it. */
export interface RunStep {
  id: string;
  jobName?: string | undefined;
  state: string;
  outputs?: unknown;
  error?: JobError | undefined;
  attempt?: number | undefined;
  startedAt?: string | undefined;
  finishedAt?: string | undefined;
}

/** A run as it stands. Times are ISO 8601 UTC. */
export interface RunStatus {
  runId: string;
  /** What is run. */
  name: string;
  kind: ServedKind;
  status: JobStatus;
  /** 1-based; more than 1 while it is tried again. */
  attempt: number;
  /** The attempt before failed, and the next has not begun. */
  retrying?: boolean | undefined;
  progress: Progress | null;
  /** Once the run has ended with one, failed runs too. */
  result?: ServedResult | undefined;
  error: JobError | null;
  /** Oldest first. */
  logs: readonly LogEntry[];
  steps?: readonly RunStep[] | undefined;
  startedAt: string;
  updatedAt: string;
  finishedAt: string | null;
}

/**
 * What is served. Errors of all methods: CliError, whose `code` and message go to the client; UsageError `unknown_entry` for a name that is not
 * there, UsageError `invalid_input` for input that does not fit, PermissionError for what a guard or a rule refuses.
 */
export interface Provider {
  /** What the server calls itself (MCP `Implementation`), and its `instructions`. */
  readonly about: { name: string; title: string; instructions?: string | undefined };

  /** Whether `register` may be asked at all; without it the tools for that are not listed. */
  readonly registers: boolean;

  /** Everything that can be run, hidden entries included, in the order to show. A file that cannot be loaded costs itself alone. */
  list(): Promise<readonly ServedEntry[]>;
  /** What could not be loaded and is missing in the list. `place`: file and line, short, for people. */
  problems?(): Promise<readonly ServedProblem[]>;
  /** Tells when the list has changed; returns how to stop that. */
  onListChanged(listener: () => void): () => void;

  /**
   * Runs to the end. Aborting cancels the run: then it rejects with the signal's reason. A run that failed is a result with `isError`. Nothing
   * runs when it rejects with a UsageError or PermissionError.
   */
  run(request: RunRequest, options: RunEvents & { signal: AbortSignal }): Promise<ServedResult>;

  /** Starts a run in the background; its record is on disk when this resolves. The id is the job's id, and the run outlives the client. */
  submit(request: RunRequest): Promise<{ runId: string }>;
  /** The run as it stands, at once; undefined for an id that is not known. */
  status(runId: string): Promise<RunStatus | undefined>;
  /**
   * Stays until the run has ended, whoever runs it, and resolves with how. Events tell of what happens meanwhile, `onChange` of a new status. The
   * signal ends the waiting alone (rejects with its reason). Error: UsageError for an unknown id.
   */
  follow(
    runId: string,
    options: RunEvents & { signal: AbortSignal; onChange?: ((status: RunStatus) => void) | undefined },
  ): Promise<RunStatus>;
  /** Asks for cancellation, and tells what came of it: the run may have ended otherwise, or go on. Error: UsageError for an unknown id. */
  cancel(runId: string): Promise<RunStatus>;
  /** The runs that are known, newest first, without results and logs; at most `limit`. */
  runs(limit: number): Promise<readonly RunStatus[]>;

  /**
   * Adds a definition (the document that `jobs define FILE` takes), or a workflow's. It is never code. Errors: UsageError with what is wrong with
   * the document, code `exists` where the name is taken; UnsupportedError where nothing can be registered.
   */
  register(kind: 'job' | 'workflow', document: Record<string, unknown>): Promise<ServedEntry>;
  /** Takes a registered one back. Errors: UsageError `unknown_entry`; UsageError for one that was not registered. */
  remove(kind: 'job' | 'workflow', name: string): Promise<void>;

  /** Lets go of everything: what runs in this process is ended and recorded so; what a keeper or server runs goes on. */
  close(): Promise<void>;
}
