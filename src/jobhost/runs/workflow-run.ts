/** A run of a workflow of job files: the graph is `workflows/`, each attempt and each function of a step is a thread's. */
import { PermissionError, UsageError } from '../../errors.ts';
import { RUN_META_KEY } from '../../jobs/job-end.ts';
import type { JobStore } from '../../jobs/ports.ts';
import { keptSteps } from '../../jobs/workflow/steps.ts';
import { stopAfter } from '../../lib/stop.ts';
import { workflowResult } from '../../workflows/outcome.ts';
import { runWorkflow, StepFailure } from '../../workflows/run.ts';
import type { StepStates, StepStatus, Workflow } from '../../workflows/workflow.ts';
import type { LoadedFolder, LoadedJob, LoadedStep, LoadedWorkflow } from '../files/loaded.ts';
import type { AuthInfo } from '../library/options.ts';
import type { ServedResult } from '../provider.ts';
import type { CallRequest } from './attempt.ts';
import { planOfFile } from './recorded-as.ts';
import { checkGrants, type JobRunEvents, type RunnerDeps, runJob } from './run-job.ts';
import { stepFunctions } from './step-functions.ts';

export interface FileWorkflowRun {
  workflow: LoadedWorkflow;
  folder: LoadedFolder;
  input: Record<string, unknown>;
  runId: string;
  authInfo: AuthInfo;
  call(request: CallRequest, signal: AbortSignal): Promise<string>;
  /** Where the facts about its steps go. */
  store: { store: JobStore; jobId: string } | undefined;
}

/**
 * Runs it to its end; steps that an earlier round has completed are not run again. Errors, before it has begun: UsageError `invalid_input`,
 * PermissionError; at any time: the signal's reason; UsageError `superseded` when somebody else goes on with it.
 */
export async function runFileWorkflow(
  deps: RunnerDeps,
  run: FileWorkflowRun,
  events: JobRunEvents,
  signal: AbortSignal,
): Promise<ServedResult> {
  const { workflow, folder, authInfo, runId, store } = run;
  checkGrants(workflow, authInfo);
  const jobs = new Map(folder.jobs.map((job) => [job.name, job]));
  const functions = await stepFunctions(deps, { workflow, given: run.input, authInfo }, signal);
  const declared = new Map(workflow.steps.map((step) => [step.id, step]));
  const graph = graphOf(workflow, jobs);
  const { round, earlier } = await begun(store, workflow);
  const say = (text: string) => events.onLine(text, 'info', deps.clock.now().getTime());
  using stop = stopAfter(deps.clock, signal, undefined, '');
  try {
    const end = await runWorkflow(
      {
        clock: deps.clock,
        record: (fact) => store?.store.addStep(store.jobId, round, fact),
        onNote: say,
        onChange: (states) => events.onProgress?.(progressOf(graph, states)),
        evaluate: ({ id }, what, states, until) =>
          functions.evaluate(declared.get(id) as LoadedStep, what, states, until),
        runStep: async (step, stepInput, { attempt: number, signal: until }) => {
          const job = jobs.get(step.jobName);
          if (!job) throw new StepFailure(noJob(step.jobName), { mayRetry: false });
          const told: JobRunEvents = {
            ...events,
            onProgress: undefined,
            onAttempt: undefined,
            onRetrying: undefined,
            onLine: (text, level, at) => events.onLine(`${step.id}: ${text}`, level, at),
          };
          const limit = declared.get(step.id)?.timeout;
          const only = { attempt: number, timeout: limit ?? job.timeout };
          const given = stepInput as Record<string, unknown>;
          const ended = await runJob(
            deps,
            { job, input: given, runId, authInfo, call: run.call, only },
            told,
            until,
          ).catch(asFailure);
          if (ended.kind === 'output') return ended.output;
          const { code, message } = ended.error;
          throw new StepFailure({ code, message }, { mayRetry: ended.isFinal !== true });
        },
      },
      graph,
      earlier,
      stop,
    );
    if (end.state === 'canceled') signal.throwIfAborted();
    const result = workflowResult(graph, end.states, end.state) as ServedResult;
    return end.error === null ? result : { ...result, _meta: { [RUN_META_KEY]: { error: end.error } } };
  } finally {
    await functions.close();
  }
}

/** What a step's input or guards are refused for comes by no other attempt. */
function asFailure(error: unknown): never {
  if (error instanceof UsageError || error instanceof PermissionError)
    throw new StepFailure({ code: error.code, message: error.message }, { mayRetry: false });
  throw error;
}

function noJob(name: string) {
  return { code: 'unknown_entry', message: `there is no job ${JSON.stringify(name)} in the folder` };
}

function graphOf(
  { name, steps, maxConcurrency, timeout }: LoadedWorkflow,
  jobs: ReadonlyMap<string, LoadedJob>,
): Workflow {
  return {
    name,
    maxConcurrency,
    timeoutMs: timeout,
    steps: steps.map((step) => {
      const job = jobs.get(step.jobName);
      const retry = step.retry ?? job?.retry;
      return {
        id: step.id,
        jobName: step.jobName,
        dependsOn: step.dependsOn,
        hasCondition: step.conditional,
        continueOnError: step.continueOnError,
        // The limit of an attempt is kept where its thread is: it counts from when the file is there.
        timeoutMs: undefined,
        retry,
      };
    }),
  };
}

/** Puts on record what the run goes by, the file as it is now, and finds what an earlier round has done. */
async function begun(
  facts: FileWorkflowRun['store'],
  workflow: LoadedWorkflow,
): Promise<{ round: number; earlier: StepStates }> {
  if (!facts) return { round: 0, earlier: new Map() };
  const { store, jobId } = facts;
  const round = (await store.read(jobId)).resumed ?? 0;
  await store.keepPlan(jobId, round, planOfFile(workflow));
  if (round === 0) return { round, earlier: new Map() };
  const kept = keptSteps((await store.read(jobId)).steps ?? []);
  return {
    round,
    earlier: new Map(
      kept.map(({ id, state, outputs, error, attempt: number }): [string, StepStatus] => [
        id,
        { state: state as StepStatus['state'], outputs, error, attempt: number },
      ]),
    ),
  };
}

function progressOf({ steps }: Workflow, states: StepStates) {
  const over = [...states.values()].filter(({ state }) => state !== 'running').length;
  return { progress: over, total: steps.length };
}
