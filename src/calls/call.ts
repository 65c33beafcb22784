/** What the foreground and the background call have in common. */

import { SignalReason } from '../context.ts';
import { CliError, InterruptedError } from '../errors.ts';
import type { InstanceScope } from '../instance/scope.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import type { ToolCall } from '../jobs/ports.ts';
import type { JobRecord, NewJobMetadata, Progress, WorkflowPlan } from '../jobs/record.ts';
import type { SubmitOptions } from '../jobs/submission.ts';
import { listedPlan } from '../jobs/workflow/listed-plan.ts';
import type { Stop } from '../lib/stop.ts';
import { markedValues } from '../tools/schema/header-marks.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import type { DocumentPlan } from '../workflows/documents/plan.ts';
import type { CallOptions } from './options.ts';

/** What a call needs of the command that makes it. */
export interface CallScope extends InstanceScope {
  jobDeps(): Promise<JobDeps>;
  /** What ends the command early; `timeoutMessage` says what was not done in time. */
  stop(timeoutMessage: string): Stop;
  /** How to go on with a job that asks something; `resume` is the command that comes back to it. */
  answerHint(job: Pick<JobRecord, 'job_id' | 'pending_input'>, resume: string): Promise<string>;
}

/** What is going on, shown while it goes on. */
export interface Live {
  update(text: string, progress: Progress | null): void;
  /** Takes the live line away, for a prompt or for the answer; `update` brings it back. */
  pause(): void;
  /** The same until `work` has ended, whatever news there is meanwhile: a question has the terminal to itself. */
  aside<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

/** A tool's call, checked and ready. */
export interface PreparedCall {
  /** What was called, as people know it: a tool, a definition over one, a job of the server's. */
  name: string;
  tool: ToolDefinition;
  arguments: Record<string, unknown>;
  /** As the record may show them: secrets redacted. */
  storedArguments: Record<string, unknown>;
  /** The server's tool that runs it, where it is a job or a workflow of the server's own. */
  viaTool?: string | undefined;
  /** The least severe log messages of the server to hear of. */
  logLevel?: string | undefined;
  /** It is a workflow of a document: what its run goes by. */
  plan?: DocumentPlan | undefined;
  /** Of the job, if the call becomes one. */
  metadata?: NewJobMetadata | undefined;
}

/** What is sent. What runs through another tool has other arguments than that one. */
export function toolCall({ tool, arguments: args, viaTool, logLevel }: PreparedCall): ToolCall {
  const mirrored = viaTool === undefined ? markedValues(tool.inputSchema, args) : {};
  return {
    name: tool.name,
    arguments: args,
    viaTool,
    ...(Object.keys(mirrored).length > 0 ? { mirrored } : {}),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}

/** Of a workflow of job files: what its run goes by, as our own host has listed it. */
export function hostedPlan({ instance }: CallScope, { tool }: PreparedCall): WorkflowPlan | undefined {
  const { identity } = instance;
  return identity.kind === 'stdio' && identity.jobs !== undefined ? listedPlan(tool) : undefined;
}

export function submitOptions(
  scope: CallScope,
  call: PreparedCall,
  { ttlMs }: CallOptions,
  stop: Stop,
  events: JobEvents,
): SubmitOptions {
  return {
    instance: scope.instance.name,
    storedArguments: call.storedArguments,
    metadata: call.metadata,
    plan: hostedPlan(scope, call),
    ttlMs,
    stop,
    events,
  };
}

/** A failed submission, with the job that tells about it. */
export function withJob(error: Error, scope: CallScope, job: JobRecord): Error {
  if (error instanceof SignalReason)
    return new InterruptedError(
      `interrupted; ${job.job_id} is ${job.status}: ${job.error?.message ?? ''}`,
      error.exitCode,
    );
  if (!(error instanceof CliError)) return error;
  return new CliError(
    error.code,
    error.exitCode,
    job.status === 'lost' ? (job.error?.message ?? error.message) : error.message,
    {
      hint: `recorded as ${job.job_id} (${job.status}); see: ${scope.command('jobs', 'show', job.job_id)}`,
      cause: error,
      details: { job_id: job.job_id, ...error.details },
    },
  );
}

/** The live line makes room for a question, and for a log message. */
export function withPause(deps: JobDeps, live: Live): JobDeps {
  const { ask, onLog } = deps;
  if (!ask && !onLog) return deps;
  return {
    ...deps,
    onLog:
      onLog &&
      ((message) => {
        live.pause();
        onLog(message);
      }),
    ask: ask && ((question, signal) => live.aside(() => ask(question, signal))),
  };
}
