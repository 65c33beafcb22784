/** What a store refuses is kept until it takes it, by whoever stays for that. */
import type { JobDeps } from '../deps.ts';
import type { JobEnd, JobRecord } from '../record.ts';
import { takesNothing, UnrecordedEndError, UnrecordedTaskError } from '../recorder.ts';

/** The pause between two tries, in milliseconds. */
const PAUSE_MS = 2_000;

export interface UntilRecordedOptions {
  signal: AbortSignal;
  log: (text: string) => void;
  /** Hears of an end that is in hand. */
  onUnrecorded?: (end: JobEnd) => void;
}

/** The job that work ends with, once that is on record. Errors: those of the work that are not the store's; the signal's reason. */
export async function untilRecorded(
  { store, clock }: Pick<JobDeps, 'store' | 'clock'>,
  work: Promise<JobRecord>,
  { signal, log, onUnrecorded }: UntilRecordedOptions,
): Promise<JobRecord> {
  let put: () => Promise<JobRecord>;
  try {
    return await work;
  } catch (error) {
    if (error instanceof UnrecordedEndError) {
      onUnrecorded?.(error.end);
      put = async () => store.finish(error.job.job_id, error.end, error.job.resumed);
    } else if (error instanceof UnrecordedTaskError)
      put = async () => {
        await store.accept(error.jobId, error.fact);
        return store.read(error.jobId);
      };
    else throw error;
    log(`${error.message}; trying again until it can be`);
  }
  for (;;) {
    await clock.sleep(PAUSE_MS, signal);
    try {
      return await put();
    } catch (again) {
      if (!takesNothing(again)) throw again;
    }
  }
}
