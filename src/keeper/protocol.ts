/** What a command and a keeper say to each other. The parties may be of different versions: `hello` comes first and tells. */
import type { InstanceSettings } from '../config/settings/settings.ts';
import type { Target } from '../config/target/target.ts';
import type { BackendName, NewJobMetadata, SessionFacts, TaskFact, WorkflowPlan } from '../jobs/record.ts';
import type { ServerFacts } from '../mcp/connection/facts/server-facts.ts';
import type { LogLevel } from '../mcp/log-level.ts';
import type { LocalRunOptions } from './run-options.ts';
import type { WireError } from './wire-error.ts';

/** What a new keeper is told. Secrets stay out of argv and of the environment. */
export interface KeeperConfig {
  id: string;
  token: string;
  /** The data root. */
  root: string;
  name: string;
  adHoc: boolean;
  /** Unexpanded; variables are filled in from the keeper's environment, which is that of the command that started it. */
  identity: Target;
  settings: InstanceSettings;
  /** Where the command was typed: what a server without a folder of its own is started in. */
  cwd: string;
  fingerprint: string;
}

export interface HelloParams {
  token: string;
  /** Of the target with its variables filled in, and the settings; absent when only a job of the keeper's is meant. */
  fingerprint?: string;
  /** The caller's version. */
  version: string;
}

export interface HelloReply {
  /** Why the keeper cannot take this caller's work: it is of another version, its instance was changed, or it is ending. */
  stale: 'version' | 'config' | 'retiring' | null;
}

/** `open`: the keeper connects, unless it has, and tells about the server. */
export interface OpenReply {
  facts: ServerFacts;
  session: SessionFacts;
}

export interface CallParams {
  name: string;
  arguments: Record<string, unknown>;
  /** The tool's `execution.taskSupport`. */
  task_support: string | null;
  /** The tool that runs it, where `name` is a job or a workflow of the server. */
  viaTool?: string;
  /** Arguments that are repeated in headers. */
  mirrored?: Readonly<Record<string, string>>;
  /** The least severe log messages to hear of; `log` tells each. */
  log_level?: string;
}

/** `submit` tells `created` with the job's id before it answers, when the record is on disk. */
export interface SubmitParams extends CallParams {
  /** As the record may show them: secrets redacted. */
  stored_arguments: Record<string, unknown>;
  metadata: NewJobMetadata | null;
  ttl_ms: number | null;
  /** Answer when the record is there, rather than when the server has taken the call. */
  detach: boolean;
  elicit: InstanceSettings['elicit'] | null;
  /** How the run goes that is not a task of the server. */
  local: LocalRunOptions | null;
  /** What is run is a workflow of this program. */
  plan?: WorkflowPlan | null;
  /** The job of a workflow that is resumed; without it a new one is made. */
  resumes?: string | null;
}

export interface SubmitReply {
  job_id: string;
  /** The job ended with the server's first answer. */
  synchronous: boolean;
  error: WireError | null;
}

/** `adopt`: a job of the caller's, and the task that the keeper is to see through for it. */
export interface AdoptParams {
  job_id: string;
  fact: TaskFact;
}

export interface BackendParams {
  backend: BackendName;
  verb: 'poll' | 'result' | 'cancel' | 'answer';
  task_id: string;
  request_id?: string | number;
  answer?: { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, unknown> };
}

export interface RespondParams {
  /** The job whose question it is; absent for a question of the caller's own call. */
  job_id?: string;
  request_id: string | number;
  result: Record<string, unknown>;
}

/** `request`: a request to the server that only reads. */
export interface RequestParams {
  method: string;
  params: Record<string, unknown>;
}

/** `watch`: tells `ready` when the server has taken the subscription, and `changed` with the URI of each change. Answered when it ends. */
export interface WatchParams {
  uris: string[];
}

/** `log`: tells `ready` when the server has taken the level, and `log` with each message. Answered when it ends. */
export interface LogParams {
  level: LogLevel;
}

/** `status` */
export interface StatusReply {
  pid: number;
  version: string;
  started_at: string;
  retiring: boolean;
  jobs: { job_id: string; capability: string; since: string }[];
  /** Commands that use it at the moment, the asking one apart. */
  commands: number;
  /** The connection to the server is open. */
  connected: boolean;
}

/** `stop`: `force` ends running jobs, too. */
export interface StopReply {
  stopping: boolean;
  /** What runs, and how many commands use it: either keeps it from stopping. */
  jobs: number;
  commands: number;
}
