/** What the job service needs from the rest of the program. Declared by the consumer; store, backends and context implement it. */
import type { SharedDefinitions } from '../definitions/shared-port.ts';
import type { AbortSignalLike } from '../lib/clock.ts';
import type { CallQueue } from './call-queue.ts';
import type { AnswerBox } from './questions/answer-box.ts';
import type {
  BackendName,
  CallRecord,
  JobEnd,
  JobError,
  JobRecord,
  JobStatus,
  LogEntry,
  NewJob,
  NewJobMetadata,
  Observation,
  PendingInput,
  Progress,
  SessionFacts,
  TaskFact,
  WorkflowPlan,
} from './record.ts';
import type { WorkflowStore } from './workflow/store-port.ts';

/** One normalised look at a task; wire shapes stop at the backend. */
export interface Snapshot {
  status: JobStatus;
  /** The state as the server sent it. */
  remote: Record<string, unknown> | null;
  /** The server's own status word, for people. */
  remoteStatus: string | null;
  message?: string;
  progress?: Progress;
  /** Milliseconds, as received: the polling policy bounds it. */
  pollIntervalMs?: number;
  /** What the server asks at the moment, all of it, where the dialect tells that with the state. */
  questions?: PendingInput[];
  /** Which attempt this is, by the server's count, where it tries again by itself. */
  attempt?: number;
  /** CallToolResult, when the task is terminal and the dialect delivers it with the state. */
  result?: unknown;
  error?: JobError;
}

export interface BackendCallOptions {
  signal?: AbortSignalLike | undefined;
  /** Milliseconds; without it the request has no limit of its own. */
  timeoutMs?: number;
}

/**
 * One task dialect. Errors: UnreachableError when the server cannot be reached, SessionGoneError or `TaskUnknownError` when
 * the task can no longer be reached, ProtocolError for an answer about another task.
 */
export interface Backend {
  readonly name: BackendName;
  /** `result` is a request that blocks at the server, and may bring questions; otherwise polls tell everything. */
  readonly blocks: boolean;
  /** The task's state at once. */
  poll(taskId: string, options?: BackendCallOptions): Promise<Snapshot>;
  /** Blocks until the task is terminal and returns its end, result included. `known`: a terminal state seen before, which counts. */
  result(taskId: string, options?: BackendCallOptions & { known?: Snapshot }): Promise<Snapshot>;
  /** Asks for cancellation; the snapshot is what the server made of it. */
  cancel(taskId: string, options?: BackendCallOptions): Promise<Snapshot>;
  /** Delivers the answer to one question. Safe to repeat. Error: UnsupportedError where the dialect has no questions. */
  answer(
    taskId: string,
    requestId: string | number,
    answer: InputResponse,
    options?: BackendCallOptions,
  ): Promise<void>;
}

/** A call of a tool, ready to be sent. */
export interface ToolCall {
  name: string;
  arguments: Record<string, unknown>;
  /** The tool of the server that runs it, where `name` is no tool but a job or a workflow of the server (FrontMCP). */
  viaTool?: string | undefined;
  /** Arguments that the tool wants in headers, too, by the headers' names (`x-mcp-header`); a link that has no such headers ignores them. */
  mirrored?: Readonly<Record<string, string>> | undefined;
  /** The record that the call is made for; a server of this program's own adds to it what the run does. No other server hears of it. */
  job?: string | undefined;
  /** The least severe log messages to hear of (`LinkEvents.onLog`); none without it. */
  logLevel?: string | undefined;
}

/** A log message of a server (`notifications/message`), as it came. */
export type LogMessage = { level: unknown; logger?: unknown; data: unknown };

/** What the server made of a call that offered to become a task: the reply's shape decides. */
export type Submission =
  | { kind: 'task'; fact: Omit<TaskFact, 'accepted_at'>; snapshot: Snapshot }
  | { kind: 'result'; result: unknown };

/** What a server says while one works with it. */
export interface LinkEvents {
  /** MCP progress of the work on this link. */
  onProgress?: (progress: Progress) => void;
  /** A log message, where the call asked for such. */
  onLog?: ((message: LogMessage) => void) | undefined;
  /** A task's state changed, says a notification; the next poll tells how. */
  onStatusHint?: () => void;
  /**
   * A question to the person. The answer is sent with `respond`, from whichever process can give one. `asResult`: it was the server's answer to
   * the call, so that nothing runs there until the call is sent again with the answer.
   */
  onQuestion?: (question: PendingInput, asResult?: boolean) => void;
  /** A question is no longer open: answered for other work, or taken back by the server. */
  onWithdrawn?: (requestId: string | number) => void;
}

/** An open way to one server. */
export interface ServerLink {
  /** How a tool of the server runs when the caller would like a task, or must have one. */
  readonly taskMode: (call: Pick<ToolCall, 'name' | 'viaTool'>) => TaskMode;
  readonly session: SessionFacts;
  /**
   * Sends `tools/call` once, without asking for a task; a server that decides by itself may make one of it all the same. Aborting the
   * signal cancels the call at the server. Errors: RpcError for a protocol error, UnreachableError (`maybeSent` when the outcome is open).
   */
  call(call: ToolCall, options: BackendCallOptions): Promise<Submission>;
  /** Sends `tools/call` once, offering to make it a task. `ttlMs`: how long the server should keep it. */
  submit(call: ToolCall, options: BackendCallOptions & { ttlMs?: number | undefined }): Promise<Submission>;
  /** The dialect that drives a task of this server. */
  backend(name: BackendName): Backend;
  /** The link leads through a keeper, which can take work over. */
  readonly keeper?: KeeperJobs | undefined;
  observe(events: LinkEvents): void;
  respond(requestId: string | number, result: Record<string, unknown>): Promise<void>;
  /**
   * Listens for what a server says of a task by itself, until the signal ends that: the stream of a session that was resumed, on which
   * servers may put their questions, or a subscription to the task's changes. Best effort: polls tell everything, only later.
   */
  listen(taskId: string, signal: AbortSignalLike): Promise<void>;
  /** `keepSession`: tasks live in it; otherwise the server is told that the session is over. */
  close(options: { keepSession: boolean }): Promise<void>;
}

/** What a keeper does for a command that will not stay. */
export interface KeeperJobs {
  /**
   * Starts a job in the keeper. `detach`: resolves as soon as the record is on disk, otherwise when the server has taken the call. Errors
   * before there is a record, and UnreachableError when the keeper ends meanwhile.
   */
  submit(
    call: ToolCall,
    options: {
      storedArguments: Record<string, unknown>;
      metadata?: NewJobMetadata | undefined;
      ttlMs?: number | undefined;
      detach: boolean;
      elicit?: 'ask' | 'decline' | 'defaults' | undefined;
      /** How a run goes that is not a task of the server, as the keeper understands it. */
      runOptions?: unknown;
      /** What is run is a workflow of this program: the call has its name and its input. Who runs it, the plan tells. */
      plan?: WorkflowPlan | undefined;
      /** The job of a workflow that is resumed. */
      resumes?: string | undefined;
      signal?: AbortSignalLike | undefined;
      /** The record is on disk. */
      onCreated?: ((jobId: string) => void) | undefined;
    },
  ): Promise<{ jobId: string; synchronous: boolean; error?: Error }>;
  /** Hands over a job whose task was made through this link: the keeper records the task. */
  adopt(jobId: string, fact: TaskFact): Promise<void>;
  /** Answers a question of one of the keeper's jobs. */
  respond(jobId: string, requestId: string | number, result: Record<string, unknown>): Promise<void>;
}

/**
 * How a tool can run: `none` there are no tasks for it, `offer` it may become one, `required` it must be one. `holdable` is false where
 * the task dies with the process that started it (stdio).
 */
export interface TaskMode {
  tasks: 'none' | 'offer' | 'required';
  /** The server makes a task of every call that asks for one. */
  certain: boolean;
  holdable: boolean;
  /** The server has a cancel for tasks. */
  cancel: boolean;
}

/** Opens links. A job's link leads to the session that its task belongs to. */
export interface LinkOpener {
  open(signal?: AbortSignalLike): Promise<ServerLink>;
  reopen(job: JobRecord, signal?: AbortSignalLike): Promise<ServerLink>;
}

/** An answer to a question, as MCP's ElicitResult has it. */
export interface Answer {
  action: 'accept' | 'decline' | 'cancel';
  content?: Record<string, unknown>;
}

/** What goes back to the server for a question: an ElicitResult, a ListRootsResult or a CreateMessageResult. */
export type InputResponse = Answer | { readonly [member: string]: unknown };

/** Somebody who can be asked. Resolves with undefined to leave the question to somebody else. */
export type Answerer = (question: PendingInput, signal?: AbortSignalLike) => Promise<Answer | undefined>;

/** Answers questions that are not for a person (roots, sampling). */
export interface AutomaticAnswers {
  /** The answer, on its way; undefined for a question that is not for this to answer. What it rejects with ends the work. */
  answer(question: PendingInput, signal: AbortSignalLike): Promise<InputResponse> | undefined;
  /** A request that the server put by another way than a question is being answered. */
  readonly busy: boolean;
}

export interface StoreProblem {
  job_id: string;
  path: string;
  /** `damaged`: not what was written; `newer`: written by a newer version of the program. */
  code: 'damaged' | 'newer';
  message: string;
}

/** Which jobs a list is of; all that is said must hold. */
export interface JobFilter {
  /** The newest so many of those that the rest leaves. */
  limit?: number;
  /** Any of them; none: whatever it is. */
  statuses?: readonly JobStatus[];
  /** Any of them. */
  tags?: readonly string[];
  /** All of them, each with its value. */
  labels?: Readonly<Record<string, string>>;
  /** Of any of these: a tool, a definition, a job of the server, by its exact name, or the tool that a definition calls. */
  tools?: readonly string[];
  /** Created then or later, epoch milliseconds. */
  since?: number;
  /** Called so by whoever made it. */
  name?: string;
}

export interface JobListing {
  /** Newest first, without results. */
  jobs: JobRecord[];
  /** Records that could not be read; each is left as it is. */
  problems: StoreProblem[];
}

/** Settled at once by what is on this machine, later by what is not: callers await it either way. */
export type Awaitable<T> = T | Promise<T>;

export interface RemoveOptions {
  onRemoved: (part: Removal) => void;
  signal: AbortSignalLike;
}

export interface Removal {
  /** The ids that this call removed; what another process removed is not among them. */
  removed: string[];
  /** Freed, as whoever keeps them counts. */
  bytes: number;
}

/**
 * Where jobs live. What a method has written is kept when it returns, or when what it returns resolves: files are synchronous (measured: 5 to 8
 * times faster here), a store on another machine is not. Errors, thrown or rejected with: UsageError for an unknown or ambiguous id, ConfigError
 * for a damaged or newer record, IoError when the disk refuses.
 */
export interface JobStore extends WorkflowStore {
  /** Publishes a new record, status `queued`. It is kept, whole, when this returns. */
  create(job: NewJob): Awaitable<JobRecord>;
  /** Records the remote handle. Once per job. */
  accept(id: string, fact: TaskFact): Awaitable<void>;
  /** Replaces the last observation. Losing one to a concurrent writer does no harm. */
  observe(id: string, seen: Observation): Awaitable<void>;
  /** Records that cancellation was asked for; the first time counts. */
  requestCancel(id: string): Awaitable<void>;
  /** Whether anybody asked for cancellation; cheap, for a holder that looks often. */
  cancelRequested(id: string): Awaitable<boolean>;
  /** Whether the job has an end on record, or no record any more; cheap, for a holder that looks often. */
  hasEnded(id: string): Awaitable<boolean>;
  /** Adds a line to the job's log. Best effort: a log that cannot be written ends nothing. */
  log(id: string, text: string): Awaitable<void>;
  /** The job's log, oldest first; empty when there is none. */
  readLog(id: string): Awaitable<LogEntry[]>;
  /**
   * Publishes the end. If somebody else finished first, theirs counts: the returned record tells. `round`: as for `addStep`; the end of an earlier
   * round than the present one counts nothing. `line` is added to the job's log before.
   */
  finish(id: string, end: JobEnd, round?: number, line?: string): Awaitable<JobRecord>;
  /** Adds what is known of a call that the run makes; the later line of an id counts. Best effort, as the log. */
  addCall(id: string, call: CallRecord): Awaitable<void>;
  /** The whole record, result and steps included. */
  read(id: string): Awaitable<JobRecord>;
  list(filter?: JobFilter): Awaitable<JobListing>;
  /** Full id for an id or a unique prefix of one (with or without `job_`). */
  resolve(idOrPrefix: string): Awaitable<string>;
  /** The newest id by creation, or undefined when there is none. */
  latest(): Awaitable<string | undefined>;
  /** Whether the process that holds a job is proved to live. Of one that cannot be looked at, the person may know more. */
  isProvedHeld(job: JobRecord): Awaitable<boolean>;
  /**
   * Removes the jobs of these ids, as far as they are there, whole and ended when their turn comes. Each part is given to `onRemoved` when it is
   * gone, and `signal` is asked in between. Errors: the signal's reason, those of the store; what was told before is removed.
   */
  remove(ids: readonly string[], options: RemoveOptions): Promise<void>;
  /** Bytes that removing these jobs would free. */
  removableBytes(ids: readonly string[]): Awaitable<number>;
  /**
   * Hears of what is written of one job, where the store can tell. The function that it returns resolves when something may have been written since
   * it resolved last, at once the first time; it rejects with the signal's reason. Without it whoever waits looks again after a pause.
   */
  changes?(id: string): (signal: AbortSignalLike) => Promise<void>;
  /** Calls that wait here for workers on any machine, where the store is one that machines share. */
  readonly calls?: CallQueue;
  /** Answers from any machine to what jobs ask, where the store is one that machines share. */
  readonly answers?: AnswerBox;
  /** The definitions of the instance, where the store is one that machines share. */
  readonly definitions?: SharedDefinitions;
  /** Lets go of what it holds open. What was written stays. */
  close(): Awaitable<void>;
}
