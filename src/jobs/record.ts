/** What a job is, as data. No I/O here; the compiler checks that (tsconfig.pure.json). */

import type { HolderFacts } from '../lib/disk/holder-facts.ts';

export const SCHEMA_VERSION = 1;

export const JOB_STATUSES = [
  'queued',
  'running',
  'input_required',
  'completed',
  'failed',
  'canceled',
  'lost',
] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];
export type TerminalStatus = 'completed' | 'failed' | 'canceled' | 'lost';

/** The task dialects that a job can be driven by; `local` is the wrapper around a plain call. */
export type BackendName = 'tasks-2025-11-25' | 'tasks-2026-07-28' | 'meta-task' | 'frontmcp' | 'local';

/** Progress as MCP's `notifications/progress` has it. */
export interface Progress {
  progress: number;
  total?: number;
  message?: string;
}

export interface JobError {
  /** Stable, machine-readable: `tool_error`, `rpc_error`, `expired`, `holder_gone`, `submission_unknown`, ... */
  code: string;
  message: string;
  /** JSON-RPC code and data, and whatever else is known. */
  [extra: string]: unknown;
}

/** What is needed to reach the task again from another process. */
export interface SessionFacts {
  transport: 'http' | 'sse' | 'stdio';
  /** Hash of the target that the job was submitted to; another target under the same name is not this job's server. */
  target: string;
  protocol_version: string | null;
  session_id: string | null;
}

/** A question that a server put to a process which could not answer it; another process can answer under the same id. */
export interface PendingInput {
  /** JSON-RPC id of the server's request. */
  request_id: string | number;
  method: string;
  params: Record<string, unknown>;
  received_at: string;
  /** Other work goes on on the same connection, and the server does not say for which it asks. */
  shared?: boolean;
}

/** What a job is beside a call of its tool, and what people gave it to be found by; part of the record, each field only when it is set. */
export interface JobMetadata {
  /** What was run, where that is no tool of the server (then it is absent): `capability` is its name. */
  kind?: 'job' | 'workflow' | 'definition';
  /** The tool that a definition calls. */
  tool?: string;
  /** What a person calls the job; several may be called so. */
  name?: string;
  tags?: string[];
  labels?: Record<string, string>;
}

export interface NewJobMetadata extends JobMetadata {
  /** What the record has as its `capability`, where that is not the tool's name. */
  capability?: string;
}

export type StepState = 'pending' | 'running' | 'completed' | 'failed' | 'skipped' | 'canceled' | 'lost';

/**
 * What a run of a workflow goes by, kept with its record so that it can be resumed whatever becomes of the workflow's definition. What is
 * in it beside the steps is its runner's.
 */
export interface WorkflowPlan {
  name: string;
  steps: readonly PlannedStep[];
  [more: string]: unknown;
}

export interface PlannedStep {
  id: string;
  /** What it runs. */
  name: string;
  depends_on: readonly string[];
  [more: string]: unknown;
}

/** Something that has happened to a step; facts are added, and never changed. The latest one of a step counts. */
export interface StepFact {
  step: string;
  state: Exclude<StepState, 'pending'>;
  /** ISO 8601 UTC. */
  at: string;
  /** 1-based. */
  attempt?: number | undefined;
  /** The server has made a task of it. */
  task?: TaskFact;
  /** The job that it is of its own, where workers run it. */
  job_id?: string;
  /** Skipped for a step before it that has failed, not by its own condition. */
  blocked?: boolean | undefined;
  outputs?: unknown;
  error?: JobError;
}

/** A step of a workflow, as its facts have it. */
export interface StepRecord {
  id: string;
  name: string;
  depends_on: readonly string[];
  state: StepState;
  /** How often it was begun in the round that counts; 0: not yet. */
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  blocked?: boolean;
  task?: TaskFact;
  job_id?: string;
  outputs?: unknown;
  error: JobError | null;
}

/** A tool that a run has called. Without an outcome the call goes on, or its end was not seen. Times are ISO 8601 UTC. */
export interface CallRecord {
  /** Counts from 1 within the run of one process. */
  id: number;
  instance: string;
  tool: string;
  started_at: string;
  finished_at?: string;
  outcome?: 'completed' | 'failed' | 'canceled';
  /** The job that the call has become, in the other instance. */
  job_id?: string;
  error?: JobError;
}

/** The one record of a job, put together from the facts in its folder. Field order is the order of `--json`. */
export interface JobRecord extends JobMetadata {
  schema_version: number;
  job_id: string;
  instance: string;
  capability: string;
  arguments: Record<string, unknown>;
  status: JobStatus;
  backend: BackendName | null;
  remote_task_id: string | null;
  remote: Record<string, unknown> | null;
  session: SessionFacts | null;
  progress: Progress | null;
  attempt: number;
  /** The tool's CallToolResult, once there is one. Left out of lists. */
  result?: unknown;
  error: JobError | null;
  created_at: string;
  updated_at: string;
  /** When the status was last learned: a job that has not ended may have changed since. */
  observed_at: string;
  finished_at: string | null;
  cancel_requested_at: string | null;
  /** Milliseconds that the server asked to leave between polls, as received. */
  poll_interval_ms?: number | null;
  pending_input?: PendingInput[];
  /** The server cannot be asked about the task at present; whoever holds the job goes on trying. */
  trouble?: Trouble | null;
  holder?: HolderFacts | null;
  /** How often a workflow was resumed, where it was. */
  resumed?: number;
  /** Of a workflow that this program runs. Left out of lists. */
  steps?: StepRecord[];
  /** The tools that a job of one's own has called. Left out of lists. */
  calls?: CallRecord[];
}

/** What a creator knows before the request is sent. */
export interface NewJob {
  instance: string;
  capability: string;
  arguments: Record<string, unknown>;
  backend: BackendName | null;
  session: SessionFacts | null;
  holder: HolderFacts;
  metadata?: NewJobMetadata | undefined;
  /** Of a workflow that this program runs. */
  plan?: WorkflowPlan | undefined;
}

/** Written once, when the server has accepted the task and before anything is printed. */
export interface TaskFact {
  backend: BackendName;
  remote_task_id: string;
  session: SessionFacts;
  remote: Record<string, unknown> | null;
  poll_interval_ms?: number | null;
  /** The process whose end is the task's end (its server is a child of it); without it the task outlives us. */
  holder?: HolderFacts;
  accepted_at: string;
}

/** The last thing that was seen of a live job; replaced, never trusted over the end. */
export interface Observation {
  status?: 'queued' | 'running' | 'input_required';
  remote?: Record<string, unknown> | null;
  progress?: Progress | null;
  poll_interval_ms?: number | null;
  pending_input?: PendingInput[];
  trouble?: Trouble | null;
  attempt?: number;
}

/** Questions about a task that fail, one after the other. */
export interface Trouble {
  /** ISO 8601 UTC. */
  since: string;
  message: string;
  /** Milliseconds of the time since then that are pauses which the server asked for; the last may still be running. */
  asked_ms?: number;
}

/** The verdict: written once, and true for ever, unless the job is a workflow that somebody resumes. */
export interface JobEnd {
  status: TerminalStatus;
  result?: unknown;
  error: JobError | null;
  remote?: Record<string, unknown> | null;
  progress?: Progress | null;
  attempt?: number;
  finished_at: string;
}

/** A line of a job's log. */
export interface LogEntry {
  /** ISO 8601 UTC; null for a line that does not say. */
  time: string | null;
  text: string;
}

/** The metadata alone, of something that has more to it, such as a record. What is not set, or is empty, is left out. */
export function metadataOf({ kind, tool, name, tags, labels }: JobMetadata): JobMetadata {
  const metadata: JobMetadata = {};
  if (kind != null) metadata.kind = kind;
  if (tool != null) metadata.tool = tool;
  if (name != null) metadata.name = name;
  if (tags?.length) metadata.tags = tags;
  if (labels != null && Object.keys(labels).length > 0) metadata.labels = labels;
  return metadata;
}

/** Terminal is for ever. */
export function isTerminal(status: JobStatus): status is TerminalStatus {
  return status === 'completed' || status === 'failed' || status === 'canceled' || status === 'lost';
}

/**
 * A server's task status as a job status. Statuses that nobody has heard of are work in progress: the raw state is kept
 * beside it (wire.md, "as loose as the wild").
 */
export function statusFromRemote(remote: unknown): JobStatus {
  switch (remote) {
    case 'queued':
    case 'pending':
    case 'submitted':
      return 'queued';
    case 'input_required':
      return 'input_required';
    case 'completed':
      return 'completed';
    case 'failed':
      return 'failed';
    case 'canceled':
    case 'cancelled':
      return 'canceled';
    default:
      return 'running';
  }
}

/** The exit code that says how a finished job ended: 0 for completed, 1 for everything else. */
export function outcomeExitCode(status: TerminalStatus): 0 | 1 {
  return status === 'completed' ? 0 : 1;
}
