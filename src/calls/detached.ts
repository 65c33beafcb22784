import { SignalReason } from '../context.ts';
import { AuthError, InterruptedError, TimeoutError, UnfinishedError, UnreachableError } from '../errors.ts';
import type { JobRecord } from '../jobs/record.ts';
import type { CallScope } from './call.ts';

/** What ended a wait, with the way to come back to the job: the job itself goes on. `resume` is the command that comes back. */
export async function detached(reason: unknown, resume: string, scope: CallScope): Promise<unknown> {
  const hint = `come back with: ${resume}`;
  if (reason instanceof SignalReason)
    return new InterruptedError('stopped waiting; the job goes on', reason.exitCode, { hint });
  if (reason instanceof TimeoutError) return new TimeoutError(reason.message, { hint, cause: reason });
  if (reason instanceof UnfinishedError) {
    const { details } = reason;
    const job = details as Pick<JobRecord, 'job_id' | 'pending_input'> | undefined;
    // How a question is answered is worked out only when there is one.
    const how = job?.job_id === undefined ? hint : await scope.answerHint(job, resume);
    return new UnfinishedError(reason.code, reason.message, { hint: how, cause: reason, details });
  }
  if (reason instanceof UnreachableError)
    return new UnreachableError(`${reason.message}; the job is not affected`, { hint, cause: reason });
  if (reason instanceof AuthError)
    return new AuthError(`${reason.message}; the job is not affected`, {
      hint: reason.hint,
      login: reason.login,
      cause: reason,
    });
  return reason;
}
