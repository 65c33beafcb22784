/** What the foreground and the background call have in common. */

import type { App } from '../cli/app.ts';
import { durationFlag } from '../cli/global-flags/values.ts';
import { type Live, liveProgress } from '../cli/output/live.ts';
import { SignalReason } from '../context.ts';
import { CliError, InterruptedError } from '../errors.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import type { ToolCall } from '../jobs/ports.ts';
import type { JobRecord, NewMarks } from '../jobs/record.ts';
import type { SubmitOptions } from '../jobs/settling.ts';
import type { Stop } from '../lib/stop.ts';
import type { ToolDefinition } from '../tools/tool.ts';

/** A tool's call, checked and ready. */
export interface PreparedCall {
  /** What was called, as people know it: a tool, a definition over one, a job of the server's. */
  name: string;
  tool: ToolDefinition;
  arguments: Record<string, unknown>;
  /** As the record may show them: secrets redacted. */
  storedArguments: Record<string, unknown>;
  /** The server's tool that runs it, where it is a job or a workflow of the server's own. */
  through?: string | undefined;
  /** Of the job, if the call becomes one. */
  marks?: NewMarks | undefined;
}

/** What is sent. */
export function toolCall({ tool, arguments: args, through }: PreparedCall): ToolCall {
  return { name: tool.name, arguments: args, through };
}

export function submitOptions(app: App, call: PreparedCall, stop: Stop, events: JobEvents): SubmitOptions {
  return {
    instance: app.instance.name,
    storedArguments: call.storedArguments,
    marks: call.marks,
    ttlMs: durationFlag(app.flags, 'ttl'),
    stop,
    events,
  };
}

/** A failed submission, with the job that tells about it. */
export function withJob(error: Error, app: App, job: JobRecord): Error {
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
      hint: `recorded as ${job.job_id} (${job.status}); see: ${app.command('jobs', 'show', job.job_id)}`,
      cause: error,
      details: { job_id: job.job_id, ...error.details },
    },
  );
}

export function progressOf(app: App): Promise<Live> {
  return liveProgress(app.printer, app.color, false);
}

/** The live line makes room for a question. */
export function withPause(deps: JobDeps, live: Live): JobDeps {
  const { ask } = deps;
  if (!ask) return deps;
  return {
    ...deps,
    ask: (question, signal) => {
      live.pause();
      return ask(question, signal);
    },
  };
}
