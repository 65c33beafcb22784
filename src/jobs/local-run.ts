import { CliError, IoError } from '../errors.ts';
import type { JobDeps } from './deps.ts';
import { driveTask } from './drive.ts';
import { canceled, endOfFailure } from './ending.ts';
import { Observer } from './observing.ts';
import type { ServerLink, ToolCall } from './ports.ts';
import type { JobEnd, JobRecord } from './record.ts';
import { attended, CancelRequested, endedHere } from './run-call.ts';
import {
  failed,
  type SubmitOptions,
  type Submitted,
  settle,
  submitOptions,
  type TaskSubmission,
  watchForCancel,
} from './settling.ts';

/** The call runs in this process, in a job that other processes can see, wait for and cancel. */
export async function runLocally(
  deps: JobDeps,
  link: ServerLink,
  call: ToolCall,
  job: JobRecord,
  options: SubmitOptions,
): Promise<Submitted> {
  const { stop, events } = options;
  const observer = new Observer(deps, job, events);
  const watching = new AbortController();
  watchForCancel(
    deps,
    job.job_id,
    watching.signal,
    () => stop.abort(new CancelRequested('cancelled on request')),
    () => observer.tick(),
  );
  const mode = link.taskMode(call.name);
  try {
    observer.now({ status: 'running' });
    // A server over HTTP may still make a task of it: the offer costs nothing and the reply's shape decides. Over stdio a task dies
    // with this process, so only a tool that insists gets one, and it is driven to its end here.
    const asTask = mode.holdable || mode.tasks === 'required';
    const submission = await attended(
      deps,
      link,
      {
        stop,
        onProgress: (p) => observer.progress(p),
        onAnswered: events.onAnswered,
        onOpen: (open) =>
          observer.now({ pending_input: open, status: open.length > 0 ? 'input_required' : 'running' }),
      },
      () => (asTask ? link.submit(call, submitOptions(options)) : link.call(call, { signal: stop.signal })),
    );
    if (submission.kind === 'result' || mode.holdable || options.holds)
      return settle(deps, job, submission, options);
    return { job: await driveHere(deps, link, job, submission, options), synchronous: true };
  } catch (error) {
    if (error instanceof IoError) throw error;
    const end = endedHere(error) ? endedByUs(error, deps) : endOfFailure(error, deps.clock);
    return { ...failed(deps, job, error, end), synchronous: true };
  } finally {
    watching.abort(new Error('done'));
  }
}

/** A task that dies with this process: the record stays a local one, since no other process could reach the task. */
async function driveHere(
  deps: JobDeps,
  link: ServerLink,
  job: JobRecord,
  submission: TaskSubmission,
  { stop, events }: SubmitOptions,
): Promise<JobRecord> {
  const { fact } = submission;
  try {
    return await driveTask(
      deps,
      { ...job, backend: fact.backend, remote_task_id: fact.remote_task_id, remote: fact.remote },
      { stop, events, link },
    );
  } catch (error) {
    await link
      .backend(fact.backend)
      .cancel(fact.remote_task_id, { timeoutMs: 2_000 })
      .catch(() => {});
    throw error;
  }
}

/** A call that this process gave up: the server was told, and MCP has no confirmation for that. */
function endedByUs(error: unknown, deps: JobDeps): JobEnd {
  if (error instanceof CliError) return endOfFailure(error, deps.clock);
  return canceled((error as Error).message, deps.clock);
}
