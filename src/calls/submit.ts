import { UsageError } from '../errors.ts';
import type { CallQueue } from '../jobs/call-queue.ts';
import type { JobEvents } from '../jobs/deps.ts';
import type { ServerLink, TaskMode } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import { type UnrecordedEndError, unrecordedJob } from '../jobs/recorder.ts';
import { submitJob } from '../jobs/submit.ts';
import { localRun } from '../keeper/run-options.ts';
import { stopAfter } from '../lib/stop.ts';
import { taskMode } from '../mcp/dialects/task-mode.ts';
import {
  type CallScope,
  hostedPlan,
  type Live,
  type PreparedCall,
  submitOptions,
  toolCall,
  withJob,
  withPause,
} from './call.ts';
import type { CallOptions } from './options.ts';
import { modeFor, type Plan, planBackground } from './plan.ts';
import { submitToKeeper } from './submit-to-keeper.ts';

export interface BackgroundCall {
  job: JobRecord;
  mode: TaskMode;
  /** The job had ended when its submission had. */
  synchronous: boolean;
  /** The job's end is known, and could not be recorded. */
  unrecorded: UnrecordedEndError | undefined;
}

/** What the server makes of what others run: nothing, it does not know of it. */
const NOT_A_TASK: TaskMode = { tasks: 'none', certain: false, holdable: true, cancel: true };

/**
 * `<tool> --background`: the record, the request, the job id; the job's own end where it is known already. `onSynchronous` hears, before the call is
 * sent, that it runs to its end in this command: the server makes no task of it.
 */
export async function callInBackground(
  scope: CallScope,
  call: PreparedCall,
  options: CallOptions,
  live: Live,
  onSynchronous = () => {},
): Promise<BackgroundCall> {
  const { calls } = (await scope.jobDeps()).store;
  const forWorkers = calls && options.detach ? calls : undefined;
  if (call.plan) {
    const { checkWorkflowOptions, workflowInBackground } = await import('./workflow.ts');
    checkWorkflowOptions(call, options);
    if (forWorkers) return (await toWorkers(scope, forWorkers, call, options)) ?? refuseSecrets();
    return leftToOthers(await workflowInBackground(scope, call, call.plan, options));
  }
  if (forWorkers) return (await toWorkers(scope, forWorkers, call, options)) ?? refuseSecrets();
  using opening = scope.stop('the call was not finished in time');
  let stop = opening;
  let detach = () => {};
  try {
    const { link, plan, ...way } = await connect(scope, call, options, opening.signal);
    detach = way.detach;
    const mayLeave =
      calls && plan.mode.tasks === 'none' && (await (await workers()).hasWorkers(scope, calls));
    const left = mayLeave ? await toWorkers(scope, calls, call, options) : undefined;
    if (left) {
      await link.close({ keepSession: false });
      return left;
    }
    const { clock, interrupted } = scope.context;
    // Of a run in this program --timeout is the limit of each attempt.
    if (plan.mode.tasks === 'none') stop = stopAfter(clock, interrupted, undefined, '');
    if (plan.mode.tasks === 'none' && !plan.detach) onSynchronous();
    const deps = withPause(await scope.jobDeps(), live);
    const events: JobEvents = {
      onChange: (seen) => live.update(call.name, seen.progress),
      onNote: (text) => scope.printer.note(text),
    };
    const submit = link.keeper
      ? submitToKeeper(deps, link.keeper, call, options, plan, {
          stop,
          events,
          hosted: hostedPlan(scope, call),
        })
      : submitJob(deps, link, toolCall(call), {
          ...submitOptions(scope, call, options, stop, events),
          local: localRun(options.runOptions),
        });
    const inHand: UnrecordedEndError[] = [];
    const { job, synchronous, error } = await submit.catch((failure: unknown) => ({
      job: unrecordedJob(inHand)(failure),
      synchronous: true,
      error: undefined,
    }));
    // A submission whose answer was lost may be a task, too. One that came to nothing must not end the session of others.
    if (job.remote_task_id !== null || job.status === 'lost') await link.close({ keepSession: true });
    if (error) throw withJob(error, scope, job);
    return { job, mode: plan.mode, synchronous, unrecorded: inHand[0] };
  } finally {
    // `--each` makes a link for each line: what is left of one would hear all that comes for the others.
    detach();
    stop.dispose();
  }
}

const workers = () => import('./submit-to-workers.ts');

/** Workers make the call: the command returns with the record. Undefined, with nothing done, where its arguments may not wait in the store. */
async function toWorkers(
  scope: CallScope,
  calls: CallQueue,
  call: PreparedCall,
  options: CallOptions,
): Promise<BackgroundCall | undefined> {
  const job = await (await workers()).submitToWorkers(scope, calls, call, options);
  return job && leftToOthers(job);
}

function refuseSecrets(): never {
  throw new UsageError('arguments with secrets are not given to the store as they are', {
    code: 'secrets_need_key',
    hint: 'set MCP2CLI_STORE_KEY, here and for the workers, to seal them: openssl rand -base64 32',
  });
}

function leftToOthers(job: JobRecord): BackgroundCall {
  return { job, mode: NOT_A_TASK, synchronous: false, unrecorded: undefined };
}

/** Connects for a background call, and says what the server makes of it. */
async function connect(
  scope: CallScope,
  call: PreparedCall,
  { detach, ttlMs, runOptions }: CallOptions,
  signal: AbortSignal,
): Promise<{ link: ServerLink; plan: Plan; detach: () => void }> {
  const session = await scope.session();
  const { keepAlive } = scope.instance.settings;
  await session.catalogue(signal);
  const facts = (await session.facts()) ?? (await session.connection(signal)).facts;
  const offered = taskMode(facts, call.tool.execution?.taskSupport, call.viaTool);
  const plan = planBackground(modeFor(offered, runOptions.retry, call.tool.name), { detach, keepAlive });
  if ((facts.era === 'modern' || call.viaTool !== undefined) && ttlMs !== undefined)
    scope.printer.note('--ttl is not passed on: this server decides by itself how long it keeps a task');
  const kept = plan.via === 'own' ? undefined : await session.openKept(plan.via === 'keeper', signal);
  if (kept) return { link: kept, plan, detach() {} };
  const link = await session.openDirectly(signal);
  return { link, plan, detach: () => link.detach() };
}
