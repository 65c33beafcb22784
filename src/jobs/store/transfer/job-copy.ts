/** A job as one store gives it to another: all that is kept of it, whatever it is kept in. */
import type { Awaitable } from '../../ports.ts';
import type { CallRecord, LogEntry, StepFact, WorkflowPlan } from '../../record.ts';
import type { JobFacts } from '../job-files.ts';

export interface JobCopy {
  id: string;
  /** An end has its result in it. */
  facts: JobFacts;
  /** Of a workflow of this program. */
  plan: WorkflowPlan | undefined;
  /** The facts about its steps, of all rounds, oldest first. */
  steps: readonly StepFact[];
  calls: readonly CallRecord[];
  log: readonly LogEntry[];
  /** The jobs of its steps, of all rounds, where they have such: they are in no list, and come and go with the workflow. */
  stepJobs: readonly string[];
  /** The workflow that it is a step's job of. */
  of: string | undefined;
}

/** The end of a store that copies go through. */
export interface JobCopies {
  /** Everything of a job. Errors: UsageError for one that is not there, ConfigError for a record that is damaged or newer. */
  take(id: string): Awaitable<JobCopy>;
  /**
   * Keeps a job with those of its steps, under their ids and with their times; whole, or not at all. False where there is one of this id. Errors: those
   * of the store.
   */
  put(copy: JobCopy, stepJobs: readonly JobCopy[]): Awaitable<boolean>;
}
