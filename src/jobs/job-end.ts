/** How work ended, as the fact that is written. */
import { CliError, RpcError, UnreachableError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import { isObject } from '../lib/json/json.ts';
import { isErrorResult } from '../tools/tool.ts';
import type { Snapshot } from './ports.ts';
import type { JobEnd, JobError, Progress, TerminalStatus } from './record.ts';

/** The end that a terminal snapshot tells. */
export function endOfSnapshot(snapshot: Snapshot, clock: Clock): JobEnd {
  return {
    status: snapshot.status as TerminalStatus,
    ...(snapshot.result === undefined ? {} : { result: snapshot.result }),
    error: snapshot.error ?? null,
    ...(snapshot.remote === null ? {} : { remote: snapshot.remote }),
    ...(snapshot.progress === undefined ? {} : { progress: snapshot.progress }),
    ...(snapshot.attempt === undefined ? {} : { attempt: snapshot.attempt }),
    finished_at: clock.now().toISOString(),
  };
}

/** The end of a plain call that was answered with a CallToolResult. */
export function endOfResult(result: unknown, clock: Clock): JobEnd {
  const failed = isErrorResult(result);
  const { error, ...facts } = runFacts(result);
  return {
    status: failed ? 'failed' : 'completed',
    result,
    error: failed ? (error ?? { code: 'tool_error', message: 'the tool reported an error' }) : null,
    ...facts,
    finished_at: clock.now().toISOString(),
  };
}

/** What the server of one's own jobs says of a run beside its result, in `_meta`. */
export const RUN_META_KEY = 'mcp2cli/run';

/** What a result says so of its run: the attempt that it is of, how far it has come, and why it failed. */
export function runFacts(result: unknown): { attempt?: number; progress?: Progress; error?: JobError } {
  const meta = isObject(result) && isObject(result['_meta']) ? result['_meta'][RUN_META_KEY] : undefined;
  if (!isObject(meta)) return {};
  const { attempt, progress, error } = meta;
  const isProgress = isObject(progress) && typeof progress['progress'] === 'number';
  const isError =
    isObject(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string';
  return {
    ...(typeof attempt === 'number' ? { attempt } : {}),
    ...(isProgress ? { progress: progress as unknown as Progress } : {}),
    ...(isError
      ? { error: { ...error, code: String(error['code']), message: String(error['message']) } }
      : {}),
  };
}

/** A result that tells how far its run has come: what was told on the way may come later than the result, or not be heard at all. */
export function withProgress<T extends { _meta?: Record<string, unknown> | undefined }>(
  result: T,
  progress: Progress | null,
): T {
  if (progress === null) return result;
  const { _meta = {} } = result;
  const facts = isObject(_meta[RUN_META_KEY]) ? _meta[RUN_META_KEY] : {};
  return { ...result, _meta: { ..._meta, [RUN_META_KEY]: { ...facts, progress } } };
}

/**
 * The end of a call that was not answered. A reply that was lost after the request went out leaves the outcome open: `lost`, never a
 * second call, never a made-up failure.
 */
export function endOfFailure(error: unknown, clock: Clock): JobEnd {
  const at = clock.now().toISOString();
  if (error instanceof RpcError) return { status: 'failed', error: rpcFailure(error), finished_at: at };
  if (error instanceof UnreachableError && error.maybeSent)
    return {
      status: 'lost',
      error: {
        code: 'submission_unknown',
        message: `no answer to the call, the server may or may not have run it: ${error.message}`,
      },
      finished_at: at,
    };
  const code = error instanceof CliError ? error.code : 'internal';
  return { status: 'failed', error: { code, message: (error as Error).message }, finished_at: at };
}

/** A JSON-RPC error as the failure of the work that it answers. */
export function rpcFailure(error: RpcError): JobError {
  return {
    code: 'rpc_error',
    message: error.message,
    rpc_code: error.rpcCode,
    ...error.more,
  };
}

export function lost(code: string, message: string, clock: Pick<Clock, 'now'>): JobEnd {
  return { status: 'lost', error: { code, message }, finished_at: clock.now().toISOString() };
}

export function canceled(message: string, clock: Pick<Clock, 'now'>): JobEnd {
  return { status: 'canceled', error: { code: 'canceled', message }, finished_at: clock.now().toISOString() };
}
