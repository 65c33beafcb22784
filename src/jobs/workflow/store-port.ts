import type { HolderFacts } from '../../lib/disk/holder-facts.ts';
import type { JobRecord, StepFact, WorkflowPlan } from '../record.ts';

/** What a store of jobs keeps of workflows; a part of `JobStore` (ports.ts), which says how methods end. */
export interface WorkflowStore {
  /** What a workflow's run goes by; undefined for a job that is none. */
  readPlan(id: string): WorkflowPlan | undefined | Promise<WorkflowPlan | undefined>;
  /**
   * Keeps what this round of the run goes by, in place of what its record was made with, or an earlier round went by: a file may have changed
   * since. `round` and the error: as for `addStep`.
   */
  keepPlan(id: string, round: number, plan: WorkflowPlan): void | Promise<void>;
  /**
   * Adds a fact about a step; it is durable when this returns. `round`: how often the workflow had been resumed when this run of it began.
   * Error: UsageError, code `superseded`, when it was resumed since.
   */
  addStep(id: string, round: number, fact: StepFact): void | Promise<void>;
  /**
   * Opens a workflow that has ended again, for a holder that goes on with it. Of several at once one wins. Errors: UsageError for a job that
   * is no workflow, has completed or goes on; of a workflow that another process resumes right now its code is `being_resumed`.
   */
  resume(id: string, holder: HolderFacts): JobRecord | Promise<JobRecord>;
}
