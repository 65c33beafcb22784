/** A run of a workflow of job files: the graph is `workflows/`, each attempt and each function of a step is a thread's. */
import { PermissionError, UsageError } from '../../errors.ts';
import { RUN_META_KEY } from '../../jobs/job-end.ts';
import type { JobStore } from '../../jobs/ports.ts';
import { keptSteps } from '../../jobs/workflow/steps.ts';
import { setOwn } from '../../lib/json/json.ts';
import { stopAfter } from '../../lib/stop.ts';
import { stepResult, workflowResult } from '../../workflows/outcome.ts';
import { runWorkflow, StepFailure } from '../../workflows/run.ts';
import type { StepStates, StepStatus, Workflow } from '../../workflows/workflow.ts';
import type { LoadedFolder, LoadedJob, LoadedWorkflow } from '../files/loaded.ts';
import type { AuthInfo } from '../library/options.ts';
import type { ServedResult } from '../provider.ts';
import { attempt, type CallRequest } from './attempt.ts';
import type { EvaluateOrder } from './messages.ts';
import { checkGrants, type JobRunEvents, type RunnerDeps, runJob } from './run-job.ts';
import { planOfFile } from './workflow-plan.ts';

/** How long a function of a step may take, in milliseconds: it is to decide, and not to work. */
const EVALUATE_MS = 30_000;

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
  const evaluate = (order: Pick<EvaluateOrder, 'step' | 'what' | 'steps' | 'input'>, until: AbortSignal) =>
    evaluated(
      deps,
      { kind: 'evaluate', file: workflow.file, name: workflow.name, authInfo, ...order },
      until,
    );
  const input = await evaluate(
    { step: '', what: 'check', steps: '{}', input: JSON.stringify(run.input) },
    signal,
  );
  const inputText = JSON.stringify(input);
  const graph = graphOf(workflow, jobs);
  const { round, earlier } = await begun(store, workflow);
  const say = (text: string) => events.onLine(text, 'info', deps.clock.now().getTime());
  const stop = stopAfter(deps.clock, signal, undefined, '');
  try {
    const end = await runWorkflow(
      {
        clock: deps.clock,
        record: (fact) => store?.store.addStep(store.jobId, round, fact),
        onNote: say,
        onChange: (states) => events.onProgress?.(progressOf(graph, states)),
        evaluate: async (step, what, states, until) => {
          const declared = workflow.steps.find(({ id }) => id === step.id)?.input;
          if (what === 'input' && declared?.kind === 'values') return declared.values;
          if (what === 'input' && declared?.kind !== 'function') return {};
          return evaluate(
            { step: step.id, what, steps: JSON.stringify(resultsOf(states)), input: inputText },
            until,
          );
        },
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
          const limit = workflow.steps.find(({ id }) => id === step.id)?.timeout;
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
    stop.dispose();
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

/** Errors: UsageError `invalid_input`, PermissionError, what the function throws. */
async function evaluated({ pool }: RunnerDeps, order: EvaluateOrder, signal: AbortSignal): Promise<unknown> {
  const silent = { onLog() {}, onProgress() {}, call: () => Promise.reject(new Error('no calls here')) };
  const end = await attempt(order, EVALUATE_MS, { pool, ...silent }, signal);
  switch (end.kind) {
    case 'output':
      return JSON.parse(end.output);
    case 'invalid_input':
      throw new UsageError(`${order.name}: ${end.message}`, { code: 'invalid_input' });
    case 'refused':
      throw new PermissionError(`${order.name} is not permitted: ${end.message}`);
    case 'threw':
    case 'gone':
      throw new Error(end.error.message);
    default:
      throw new Error(end.message);
  }
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

/** The steps so far as functions of users see them: `outputs` is always there. */
function resultsOf(states: StepStates): Record<string, unknown> {
  const results = {};
  for (const [id, status] of states) setOwn(results, id, { outputs: {}, ...stepResult(status) });
  return results;
}

function progressOf({ steps }: Workflow, states: StepStates) {
  const over = [...states.values()].filter(({ state }) => state !== 'running').length;
  return { progress: over, total: steps.length };
}
