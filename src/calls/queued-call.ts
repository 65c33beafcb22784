/** A call as it waits with its job for a worker: all that a worker needs beside its own configuration and login. */
import type { ElicitPolicy } from '../config/settings/settings.ts';
import type { ToolCall } from '../jobs/ports.ts';
import type { LocalRunOptions } from '../keeper/run-options.ts';
import type { JsonObject } from '../lib/json/json.ts';
import { type PreparedCall, toolCall } from './call.ts';
import type { CallOptions } from './options.ts';

export interface QueuedCall {
  call: ToolCall;
  /** The tool's `execution.taskSupport`. */
  task_support: string | null;
  /** How long the server should keep a task, in milliseconds. */
  ttl_ms: number | null;
  /** What is done with the server's questions. */
  elicit: ElicitPolicy;
  /** How it goes where the server makes no task of it. */
  run: LocalRunOptions;
}

export function queuedCall(
  call: PreparedCall,
  { ttlMs, elicit, runOptions }: Pick<CallOptions, 'ttlMs' | 'elicit' | 'runOptions'>,
): QueuedCall & JsonObject {
  return {
    call: toolCall(call),
    task_support: call.tool.execution?.taskSupport ?? null,
    ttl_ms: ttlMs ?? null,
    elicit,
    run: runOptions,
  };
}
