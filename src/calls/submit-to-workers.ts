/** A call for the workers of a shared store: it waits there with its record, and this command ends. */
import { STORE_KEY } from '../config/settings/store-address.ts';
import { targetHash } from '../config/target/target-hash.ts';
import type { CallQueue } from '../jobs/call-queue.ts';
import type { JobRecord } from '../jobs/record.ts';
import { PLAIN_RUN } from '../keeper/run-options.ts';
import { stringifyJson } from '../lib/json/exact-json.ts';
import type { CallScope, PreparedCall } from './call.ts';
import type { CallOptions } from './options.ts';
import { queuedCall } from './queued-call.ts';

/** Whether a worker of the instance's server lives. */
export async function hasWorkers(scope: CallScope, calls: CallQueue): Promise<boolean> {
  const target = targetHash(scope.instance.identity);
  return (await calls.state()).some((one) => one.target === target && one.workers.length > 0);
}

/** Goes on with a workflow that has ended, which workers have run. Errors: UsageError for a job that cannot be resumed, those of the store. */
export async function resumeForWorkers(
  { instance, context }: CallScope,
  calls: CallQueue,
  { job_id, capability: name, arguments: input }: JobRecord,
  { elicit }: Pick<CallOptions, 'elicit'>,
): Promise<JobRecord> {
  const { sealCall, storeKey } = await import('../jobs/store/redis/sealed-call.ts');
  const call = { name, tool: { name }, arguments: input, storedArguments: input };
  const queued = queuedCall(call, { ttlMs: undefined, elicit, runOptions: PLAIN_RUN });
  return calls.resume(
    job_id,
    targetHash(instance.identity),
    sealCall(queued, storeKey(context.env[STORE_KEY])),
  );
}

/**
 * Publishes the job with its call. Undefined, with nothing written, for arguments with secrets where there is no key to seal them. Errors: ConfigError for a
 * key that is none, those of the store.
 */
export async function submitToWorkers(
  scope: CallScope,
  calls: CallQueue,
  call: PreparedCall,
  options: CallOptions,
): Promise<JobRecord | undefined> {
  const { instance, context, printer } = scope;
  const { sealCall, storeKey } = await import('../jobs/store/redis/sealed-call.ts');
  const key = storeKey(context.env[STORE_KEY]);
  if (!key && stringifyJson(call.arguments) !== stringifyJson(call.storedArguments)) return undefined;
  const { job, alive } = await calls.submit({
    instance: instance.name,
    capability: call.metadata?.capability ?? call.tool.name,
    arguments: call.storedArguments,
    backend: call.plan ? 'local' : null,
    session: null,
    metadata: call.metadata,
    plan: call.plan,
    target: targetHash(instance.identity),
    call: sealCall(queuedCall(call, options), key),
    attempts: options.runOptions.retry.attempts,
  });
  if (alive === 0)
    printer.note(
      `no worker takes jobs of ${instance.name} now: ${job.job_id} waits for one (mcp2cli worker ${instance.name})`,
    );
  return job;
}
