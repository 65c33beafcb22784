import { SignalReason } from '../../context.ts';
import { CliError, InterruptedError, TimeoutError, UnfinishedError, UnreachableError } from '../../errors.ts';

/** What ended a wait, with the way to come back to the job: the job itself goes on. */
export function detached(reason: unknown, resume: string): unknown {
  if (reason instanceof SignalReason)
    return new InterruptedError('stopped waiting; the job goes on', reason.exitCode, {
      hint: `come back with: ${resume}`,
    });
  const hint = `come back with: ${resume}`;
  if (reason instanceof TimeoutError) return new TimeoutError(reason.message, { hint, cause: reason });
  if (reason instanceof UnfinishedError)
    return new UnfinishedError(reason.code, reason.message, {
      hint: `answer on a terminal with: ${resume}`,
      cause: reason,
    });
  if (reason instanceof UnreachableError)
    return new UnreachableError(`${reason.message}; the job is not affected`, { hint, cause: reason });
  if (reason instanceof CliError && reason.code === 'auth')
    return new CliError(reason.code, reason.exitCode, `${reason.message}; the job is not affected`, {
      hint: reason.hint,
      cause: reason,
    });
  return reason;
}
