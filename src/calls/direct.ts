import { SignalReason } from '../context.ts';
import { InterruptedError, TimeoutError, UnreachableError } from '../errors.ts';
import type { ServerLink } from '../jobs/ports.ts';
import { withAnswers } from '../jobs/questions/attend.ts';
import type { JobRecord } from '../jobs/record.ts';
import { type CallScope, type Live, type PreparedCall, toolCall, withPause } from './call.ts';
import type { CallOptions } from './options.ts';
import { modeFor } from './plan.ts';

/** How a call ended: with the server's answer, or as a job. */
export type CallEnd = { kind: 'result'; result: unknown } | { kind: 'job'; job: JobRecord };

/** Calls that become jobs; most do not, and are not held up by the loading of what jobs need. */
const jobs = () => import('./foreground-job.ts');

/** `<tool>`: waits for the answer. ^C and `--timeout` cancel the call at the server. `opened`: a link that has no other call under way. */
export async function callDirectly(
  scope: CallScope,
  call: PreparedCall,
  options: CallOptions,
  live: Live,
  opened?: ServerLink,
): Promise<CallEnd> {
  if (call.plan) {
    const { workflowInForeground } = await import('./workflow.ts');
    return { kind: 'job', job: await workflowInForeground(scope, call, call.plan, options, live) };
  }
  using stop = scope.stop('the tool did not answer in time; the call was cancelled');
  const deps = withPause(await scope.jobDeps(), live);
  const { retry } = options.runOptions;
  try {
    await (await scope.session()).catalogue(stop.signal);
    const link = opened ?? (await (await scope.session()).open(stop.signal));
    const { tasks } = modeFor(link.taskMode(toolCall(call)), retry, call.tool.name);
    if (tasks === 'required' || retry.attempts > 1) {
      const { foregroundJob } = await jobs();
      return { kind: 'job', job: await foregroundJob(scope, deps, link, call, options, { stop, live }) };
    }
    const submission = await withAnswers(
      deps,
      link,
      { stop, onProgress: (progress) => live.update('', progress) },
      () => link.call(toolCall(call), { signal: stop.signal }).catch(openOutcome),
    );
    if (submission.kind === 'result') return submission;
    const { followToEnd } = await jobs();
    return { kind: 'job', job: await followToEnd(scope, deps, link, call, submission, { stop, live }) };
  } catch (error) {
    if (error instanceof SignalReason)
      throw new InterruptedError('interrupted; the call was cancelled', error.exitCode);
    if (error instanceof TimeoutError)
      throw new TimeoutError(error.message, { hint: error.hint, cause: error });
    throw error;
  }
}

/** A reply that was lost after the request went out: what became of the call is not known, and it is not sent again. */
function openOutcome(error: unknown): never {
  if (!(error instanceof UnreachableError) || !error.maybeSent) throw error;
  const message = `no answer to the call, the server may or may not have run it: ${error.message}`;
  throw new UnreachableError(message, {
    hint: error.hint,
    cause: error,
    maybeSent: true,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
  });
}
