import type { App } from '../cli/app.ts';
import { localRunTerms, modeFor } from '../cli/global-flags/retry.ts';
import { printCallResult } from '../cli/output/outcome-view.ts';
import { SignalReason } from '../context.ts';
import { InterruptedError, TimeoutError, UnreachableError } from '../errors.ts';
import { attended } from '../jobs/questions/attend.ts';
import { type PreparedCall, progressOf, toolCall, withPause } from './call.ts';

/** Calls that become jobs; most do not, and are not held up by the loading of what jobs need. */
const jobs = () => import('./foreground-job.ts');

/** `<tool>`: waits for the answer and prints it. ^C and `--timeout` cancel the call at the server. */
export async function callInForeground(app: App, call: PreparedCall): Promise<number> {
  const stop = app.stop('the tool did not answer in time; the call was cancelled');
  const deps = await app.jobDeps();
  const live = await progressOf(app);
  try {
    await (await app.session()).catalogue(stop.signal);
    const link = await (await app.session()).open(stop.signal);
    const terms = localRunTerms(app.flags, call.tool, false);
    const { tasks } = modeFor(link.taskMode(toolCall(call)), terms, call.tool);
    if (tasks === 'required' || terms.retry.attempts > 1)
      return await (await jobs()).foregroundJob(app, withPause(deps, live), link, call, {
        stop,
        live,
        terms,
      });
    const submission = await attended(
      withPause(deps, live),
      link,
      { stop, onProgress: (progress) => live.update('', progress) },
      () => link.call(toolCall(call), { signal: stop.signal }).catch(openOutcome),
    );
    if (submission.kind === 'task')
      return await (await jobs()).followTask(app, withPause(deps, live), link, call, submission, stop, live);
    live.stop();
    return printCallResult(app, call.name, submission.result);
  } catch (error) {
    live.stop();
    if (error instanceof SignalReason)
      throw new InterruptedError('interrupted; the call was cancelled', error.exitCode);
    if (error instanceof TimeoutError)
      throw new TimeoutError(error.message, { hint: error.hint, cause: error });
    throw error;
  } finally {
    stop.dispose();
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
