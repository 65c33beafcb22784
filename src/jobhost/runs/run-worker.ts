/** The thread that runs attempts, one at a time. It knows job files and the library; everything else is the host's. */
import { parentPort } from 'node:worker_threads';
import { JOB_HOST_INSTANCE, JOB_HOST_STORE } from '../../config/target/job-host.ts';
import { importJobFile, type JobFile } from '../files/import-file.ts';
import type { JobDefinition, WorkflowDefinition } from '../library/definitions.ts';
import { evaluateStep, execute, InvalidValueError, parseValue } from '../library/execute.ts';
import type { JobPort } from '../library/job-context.ts';
import type { JobOptions } from '../library/options.ts';
import {
  type EvaluateOrder,
  type FromWorker,
  type Order,
  type Outcome,
  type RunOrder,
  type Thrown,
  type ToWorker,
  thrownFrom,
} from './messages.ts';
import { WorkerLog } from './worker-log.ts';

const port = parentPort;
if (!port) throw new Error('this file is run as a thread');
// A program that a job starts is not the host of these jobs.
delete process.env[JOB_HOST_INSTANCE];
delete process.env[JOB_HOST_STORE];
const say = (message: FromWorker): void => port.postMessage(message);

/** The attempt that runs. */
let current: AbortController | undefined;
const calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
let lastCall = 0;

port.on('message', (message: ToWorker) => {
  if (message.kind === 'order') void obey(message.order, message.cacheDir);
  else if (message.kind === 'abort')
    current?.abort(
      new DOMException(message.message, message.why === 'timeout' ? 'TimeoutError' : 'AbortError'),
    );
  else {
    const waiting = calls.get(message.id);
    calls.delete(message.id);
    if (message.kind === 'called') waiting?.resolve(JSON.parse(message.value));
    else waiting?.reject(errorOf(message.error));
  }
});
say({ kind: 'ready' });

async function obey(order: Order, cacheDir: string): Promise<void> {
  const log = new WorkerLog((lines, left) => say({ kind: 'log', lines, left }));
  let before: string[] = [];
  let outcome: Outcome;
  try {
    const file = await importJobFile(order.file, { cacheDir });
    before = process.getActiveResourcesInfo();
    outcome = order.kind === 'run' ? await run(order, file, log) : await evaluate(order, file);
  } catch (error) {
    outcome = { kind: 'threw', error: thrownFrom(error), file: true };
  }
  current = undefined;
  log.flush();
  say({ kind: 'ended', outcome });
  // What the last turn of the loop has set off shows in the next one.
  setImmediate(() =>
    setImmediate(() => say({ kind: 'idle', clean: calls.size === 0 && nothingNew(before) })),
  );
}

async function run(order: RunOrder, file: JobFile, log: WorkerLog): Promise<Outcome> {
  const definition = definitionIn(file, order, 'job') as JobDefinition;
  const { options } = definition;
  let input: unknown;
  try {
    if (order.guarded) {
      const refused = await refusal(options, order);
      if (refused) return refused;
    }
    input = await parseValue(options.inputSchema, JSON.parse(order.input));
  } catch (error) {
    if (error instanceof InvalidValueError) return { kind: 'invalid_input', message: error.message };
    return { kind: 'threw', error: thrownFrom(error) };
  }
  const controller = new AbortController();
  current = controller;
  say({ kind: 'began' });
  let output: unknown;
  try {
    const container = await file.container();
    output = await execute(definition, input, portFor(order, controller.signal, log), container);
  } catch (error) {
    return { kind: 'threw', error: thrownFrom(error) };
  }
  try {
    // What the schema makes of it: defaults are filled in, fields that it does not have are left out.
    return asJson(await parseValue(options.outputSchema, output));
  } catch (error) {
    return { kind: 'invalid_output', message: thrownFrom(error).message };
  }
}

async function evaluate(order: EvaluateOrder, file: JobFile): Promise<Outcome> {
  const workflow = definitionIn(file, order, 'workflow') as WorkflowDefinition;
  const controller = new AbortController();
  current = controller;
  try {
    const { inputSchema } = workflow.options;
    const input: unknown = JSON.parse(order.input);
    say({ kind: 'began' });
    if (order.what !== 'check')
      return asJson(await evaluateStep(workflow, order.step, order.what, JSON.parse(order.steps), input));
    const refused = await refusal(workflow.options, order);
    // Defaults of the workflow's own input are filled in, once for all steps.
    return refused ?? asJson(inputSchema === undefined ? input : await parseValue(inputSchema, input));
  } catch (error) {
    if (error instanceof InvalidValueError) return { kind: 'invalid_input', message: error.message };
    return { kind: 'threw', error: thrownFrom(error) };
  }
}

function definitionIn({ found }: JobFile, { name, file }: Order, kind: 'job' | 'workflow') {
  const one = found.find(({ definition }) => definition.kind === kind && definition.options.name === name);
  if (one === undefined) throw new Error(`${file} has no ${kind} ${JSON.stringify(name)} any more`);
  return one.definition;
}

/** The guards of one's own. Roles and scopes are the host's to check. */
async function refusal(
  { permissions = [] }: Pick<JobOptions, 'permissions'>,
  { authInfo }: Pick<RunOrder, 'authInfo'>,
): Promise<Outcome | undefined> {
  for (const { action, custom } of permissions) {
    if (action !== 'execute' || custom === undefined) continue;
    try {
      if ((await custom(authInfo)) !== true)
        return { kind: 'refused', message: 'a guard of the job refuses it' };
    } catch (error) {
      return { kind: 'refused', message: `a guard of the job has failed: ${thrownFrom(error).message}` };
    }
  }
  return undefined;
}

function asJson(value: unknown): Outcome {
  try {
    return { kind: 'output', output: JSON.stringify(value ?? null) ?? 'null' };
  } catch (error) {
    return { kind: 'invalid_output', message: `it cannot be written as JSON: ${thrownFrom(error).message}` };
  }
}

function portFor({ runId, attempt, authInfo }: RunOrder, signal: AbortSignal, log: WorkerLog): JobPort {
  return {
    runId,
    attempt,
    signal,
    authInfo,
    log: (message, at) => log.add(message, at),
    async progress(progress, total, message) {
      say({ kind: 'progress', progress, total, message });
      return true;
    },
    mark: (stage) => log.add(`stage: ${stage}`, Date.now()),
    call: (instance, tool, args, { timeout, signal: own }) => {
      signal.throwIfAborted();
      own?.throwIfAborted();
      const id = ++lastCall;
      const ends = own ? AbortSignal.any([own, signal]) : signal;
      say({ kind: 'call', id, instance, tool, args: JSON.stringify(args ?? {}), timeoutMs: timeout });
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          if (!calls.delete(id)) return;
          say({ kind: 'giveUpCall', id });
          reject(ends.reason);
        };
        const over =
          <T>(then: (value: T) => void) =>
          (value: T) => {
            ends.removeEventListener('abort', giveUp);
            then(value);
          };
        ends.addEventListener('abort', giveUp, { once: true });
        calls.set(id, { resolve: over(resolve), reject: over(reject) });
      });
    },
  };
}

/** The error of a call, as the job sees it. */
function errorOf({ name, message, code }: Thrown): Error {
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
}

/** Whether there is no timer, socket, request or other thing that was not there before the run. */
function nothingNew(before: readonly string[]): boolean {
  const left = [...before];
  return process.getActiveResourcesInfo().every((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at >= 0 || one === 'Immediate' || one === 'CloseReq';
  });
}
