/** A run of a document: a job like any other, whose steps are facts. */
import { CliError } from '../../errors.ts';
import { stopOnCancel } from '../../jobs/cancel-requests.ts';
import type { JobDeps, JobEvents } from '../../jobs/deps.ts';
import { endOfFailure } from '../../jobs/job-end.ts';
import { answeredAnywhere, tellsRefusal } from '../../jobs/questions/elsewhere.ts';
import type { JobRecord, PendingInput, StepFact, TaskFact } from '../../jobs/record.ts';
import { JobRecorder, recordEnd } from '../../jobs/recorder.ts';
import { keptSteps, stepsOver } from '../../jobs/workflow/steps.ts';
import { JqThread } from '../../lib/jq/jq-thread.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import type { Stop } from '../../lib/stop.ts';
import { workflowResult } from '../outcome.ts';
import { runWorkflow } from '../run.ts';
import type { StepStates, StepStatus } from '../workflow.ts';
import { callStep, canFollow, type StepLink } from './call-step.ts';
import { conditionHolds, type Jq, stepInput } from './expressions.ts';
import { type DocumentPlan, graphOf, type PlannedCall } from './plan.ts';

export interface PlanRun {
  deps: JobDeps;
  /** Its record, new or resumed. */
  job: JobRecord;
  plan: DocumentPlan;
  /** The workflow's input, secrets included. */
  input: JsonObject;
  steps: StepsHere | StepsElsewhere;
  stop: Stop;
  events: JobEvents;
}

/** The steps' calls are made by this process. */
export interface StepsHere {
  openLink(signal: AbortSignal): Promise<StepLink>;
}

/** The steps are jobs of their own, which others run: their attempts and the time of each are theirs, too. */
export interface StepsElsewhere {
  /** How long the run has had before this process went on with it, in milliseconds. */
  spentMs: number;
  /** Resolves with the outputs of a step. Error: StepFailure. */
  run(step: PlannedCall, input: JsonObject, signal: AbortSignal): Promise<unknown>;
  /** Puts a fact on record. Error: UsageError, code `superseded`, when another process goes on with the workflow. */
  record(fact: StepFact): Promise<void>;
  /** The run is over, and nothing goes on of which it has not seen the end. Error: as for `record`. */
  over(): Promise<void>;
}

/**
 * Runs a workflow to its end, and returns the record as it then stands. A run that was resumed goes on with the steps that its record leaves. Error:
 * UnrecordedEndError.
 */
export async function runPlan({ deps, job, plan, input, steps, stop, events }: PlanRun): Promise<JobRecord> {
  const round = job.resumed ?? 0;
  const recorder = new JobRecorder(deps, job, events);
  const watching = new AbortController();
  stopOnCancel(deps, job.job_id, watching.signal, stop, () => recorder.tick());
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const total = plan.steps.length;
  const open = new Map<string, PendingInput[]>();
  const { earlier, held } = before(job);
  const elsewhere = 'run' in steps ? steps : undefined;
  const graph = graphOf(
    elsewhere ? { ...plan, steps: plan.steps.map(({ retry: _, timeout_ms: __, ...step }) => step) } : plan,
  );
  const jqThread = new JqThread();
  try {
    recorder.now({ status: 'running', progress: { progress: earlier.size, total } });
    const end = await runWorkflow(
      {
        clock: deps.clock,
        evaluate: async ({ id }, what, states, signal) => {
          const step = byId.get(id) as PlannedCall;
          const jq: Jq = (json, expression) => jqThread.run(json, expression, signal);
          return what === 'condition'
            ? conditionHolds(jq, step.condition ?? 'true', input, states)
            : stepInput(jq, step.input, input, states);
        },
        runStep: ({ id }, given, { attempt, signal }) => {
          const step = byId.get(id) as PlannedCall;
          if (elsewhere) return elsewhere.run(step, given as JsonObject, signal);
          const { openLink } = steps as StepsHere;
          const task = held.get(id);
          held.delete(id);
          return callStep(
            {
              deps: answeredAnywhere(deps, job.job_id),
              job,
              step,
              tool: plan.tools[step.tool],
              openLink,
              events: tellsRefusal(deps, job.job_id, events),
              onTask: async (fact) =>
                deps.store.addStep(job.job_id, round, {
                  step: id,
                  state: 'running',
                  attempt,
                  task: fact,
                  at: fact.accepted_at,
                }),
              onOpen: async (questions) => {
                if (questions.length === 0 && !open.has(id)) return;
                if (questions.length > 0) open.set(id, questions);
                else open.delete(id);
                const all = [...open.values()].flat();
                recorder.now({ pending_input: all, status: all.length > 0 ? 'input_required' : 'running' });
                await recorder.written();
              },
            },
            given as JsonObject,
            signal,
            task,
          );
        },
        record: async (fact) =>
          elsewhere ? elsewhere.record(fact) : deps.store.addStep(job.job_id, round, fact),
        ...(elsewhere ? { spentMs: elsewhere.spentMs } : {}),
        onChange: (states) => recorder.progress({ progress: over(states), total, message: underWay(states) }),
        onNote: (text) => deps.store.log(job.job_id, text),
      },
      graph,
      earlier,
      stop,
    );
    await elsewhere?.over();
    return recordEnd(deps, job, {
      status: end.state,
      result: workflowResult(graph, end.states, end.state),
      error: end.error,
      progress: { progress: over(end.states), total },
      finished_at: deps.clock.now().toISOString(),
    });
  } catch (error) {
    // Somebody else goes on with it: what there is to tell is theirs.
    if (error instanceof CliError && error.code === 'superseded') return deps.store.read(job.job_id);
    return recordEnd(deps, job, endOfFailure(error, deps.clock));
  } finally {
    watching.abort(new Error('done'));
    await jqThread.close();
  }
}

/** What an earlier process leaves: the steps that are not run again, and the tasks of steps that were under way. */
function before({ steps = [] }: JobRecord): {
  earlier: Map<string, StepStatus>;
  held: Map<string, TaskFact>;
} {
  const earlier = keptSteps(steps).map(({ id, state, blocked, attempt, outputs, error }) => {
    return [id, { state, blocked, attempt, outputs, error } as StepStatus] as const;
  });
  const held = steps.flatMap(({ id, state, task }) =>
    (state === 'running' || state === 'lost') && task && canFollow(task) ? [[id, task] as const] : [],
  );
  return { earlier: new Map(earlier), held: new Map(held) };
}

function over(states: StepStates): number {
  return stepsOver([...states.values()]);
}

/** What runs at the moment. */
function underWay(states: StepStates): string {
  return [...states].flatMap(([id, { state }]) => (state === 'running' ? [id] : [])).join(', ');
}
