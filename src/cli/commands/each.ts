/** `<tool> --each FILE`: a call for every line of NDJSON, over one connection. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import type { CallScope, PreparedCall } from '../../calls/call.ts';
import { callDirectly } from '../../calls/direct.ts';
import { callEach, EachStopped, type Tally } from '../../calls/each.ts';
import type { CallOptions } from '../../calls/options.ts';
import type { Range } from '../../config/settings/retry-limits.ts';
import { SignalReason } from '../../context.ts';
import { CliError, EXIT, InterruptedError, TimeoutError } from '../../errors.ts';
import type { JobDeps } from '../../jobs/deps.ts';
import type { ServerLink } from '../../jobs/ports.ts';
import type { JobRecord } from '../../jobs/record.ts';
import { type JsonObject, textOf } from '../../lib/json/json.ts';
import type { Log } from '../../lib/log.ts';
import { randomId } from '../../lib/random-id.ts';
import { lent, type Stop, stopAfter } from '../../lib/stop.ts';
import { counted } from '../../lib/text/counted.ts';
import { isErrorResult } from '../../tools/tool.ts';
import type { App } from '../app.ts';
import { eachLines } from '../arguments/each-lines.ts';
import { numberFlag } from '../global-flags/number.ts';
import { textFlag } from '../global-flags/values.ts';
import { liveProgress, SILENT } from '../output/live.ts';
import { errorBody } from '../output/printer.ts';

const PARALLEL: Range = { min: 1, max: 1_000, whole: true };

/** What a line of the output says. `status` is the job's, of a plain call `completed` or `failed`. */
interface Line {
  index: number;
  arguments: Record<string, unknown>;
  status: string;
  job_id?: string;
  result?: unknown;
  error?: unknown;
}

/** Makes a call of a line's own arguments. Errors: UsageError for what the tool does not take; PermissionError; the reason of `stop`. */
export type Prepare = (own: JsonObject, stop: Stop) => Promise<PreparedCall>;

/** Runs the calls. Exit 1 when one of them failed. Errors: UsageError, those of connecting, InterruptedError, TimeoutError. */
export async function runEach(app: App, options: CallOptions, prepare: Prepare): Promise<number> {
  const { flags, printer, context } = app;
  const parallel = numberFlag(flags, 'parallel', PARALLEL) ?? 1;
  const source = textFlag(flags, 'each') ?? '-';
  using stop = app.stop('the calls were not finished in time');
  // A line a call is on stdout: only a terminal needs the count.
  const live = printer.errTTY ? await liveProgress(printer, app.color, false) : SILENT;
  const batch = `batch:${randomId()}`;
  const { background } = options;
  const make = background ? inBackground : inForeground([]);
  const scope = app.jobDeps().then((deps) => scopeOf(app, deps));
  try {
    const tally = await callEach(
      eachLines(app, source, stop.signal),
      async (own, index) => {
        const line: Line = { index, arguments: own, status: 'failed' };
        // No `using`, here alone: what the build makes of it costs each call 1 kB of garbage.
        const one = stopAfter(context.clock, stop.signal, undefined, '');
        try {
          const call = await prepare(own, one);
          line.arguments = call.storedArguments;
          const here = { stop: () => lent(one) };
          if (flags.has('dry-run')) line.status = 'not sent';
          else Object.assign(line, await make({ ...(await scope), ...here }, tagged(call, batch), options));
        } catch (error) {
          if (stop.signal.aborted || !(error instanceof CliError)) throw error;
          Object.assign(line, failureOf(error));
        } finally {
          one.dispose();
        }
        const isGood = !line.error && (background || ['completed', 'not sent'].includes(line.status));
        return { line, failed: !isGood };
      },
      async (results, { done, failed }) => {
        boundYoungGeneration();
        live.pause();
        printer.line(...results.map(({ line }) => line));
        await context.stdout.flush();
        live.update('', { progress: done, message: failed > 0 ? `${failed} failed` : '' });
        return !context.stdout.isClosed;
      },
      { parallel, ordered: !flags.has('unordered'), failFast: flags.has('fail-fast'), signal: stop.signal },
    );
    live.stop();
    printer.note(background ? submittedText(tally, batch) : countText(tally));
    return tally.failed > 0 ? EXIT.failed : EXIT.ok;
  } catch (error) {
    throw error instanceof EachStopped ? stopped(error) : error;
  } finally {
    live.stop();
  }
}

/** The most that V8's young generation may take, in bytes. */
const YOUNG_BYTES = 8 * 1024 * 1024;
let isBounded = false;

/**
 * What a call makes is soon of no use. V8 would let its young generation grow to 64 MB and more for it; in one that stays small, much is taken for old
 * that is not, and collected with all the rest (docs/measurements.md).
 */
function boundYoungGeneration(): void {
  if (isBounded) return;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  isBounded = (young?.space_size ?? 0) >= YOUNG_BYTES;
  if (isBounded) setFlagsFromString('--semi-space-growth-factor=1');
}

type Make = (scope: CallScope, call: PreparedCall, options: CallOptions) => Promise<Partial<Line>>;

/** Calls over links of one connection, each of which takes one call after the other. */
function inForeground(free: ServerLink[]): Make {
  return async (scope, call, options) => {
    const link = free.pop() ?? (await (await scope.session()).open(scope.stop('').signal));
    const end = await callDirectly(scope, call, options, SILENT, link);
    // A link that has followed a task has memories of it.
    if (end.kind === 'job') return jobLine(end.job);
    free.push(link);
    return { status: isErrorResult(end.result) ? 'failed' : 'completed', result: end.result };
  };
}

const inBackground: Make = async (scope, call, options) => {
  const { callInBackground } = await import('../../calls/submit.ts');
  const { job, unrecorded } = await callInBackground(scope, call, options, SILENT);
  return { ...jobLine(job), ...(unrecorded ? { error: errorBody(unrecorded) } : {}) };
};

function jobLine({ job_id, status, result, error }: JobRecord): Partial<Line> {
  return {
    status,
    job_id,
    ...(result == null ? {} : { result }),
    ...(error && status !== 'completed' ? { error } : {}),
  };
}

/** What a call that did not come off says, with the job that has it on record. */
function failureOf(error: CliError): Partial<Line> {
  const id = textOf(error.details?.['job_id']);
  return { error: errorBody(error), ...(id === '' ? {} : { job_id: id }) };
}

/** Of many calls at once none asks a person, and what each has to say goes to --verbose. */
function scopeOf(app: App, deps: JobDeps): CallScope {
  const printer: Log = {
    note: (text) => app.printer.detail(text),
    detail: (text) => app.printer.detail(text),
    warn: (code, message) => app.printer.warn(code, message),
  };
  const unasked = { ...deps, ask: undefined };
  return app.scope({ printer, jobDeps: async () => unasked });
}

function tagged(call: PreparedCall, batch: string): PreparedCall {
  const { tags = [], labels = {}, ...metadata } = call.metadata ?? {};
  return { ...call, metadata: { ...metadata, labels, tags: [...tags, batch] } };
}

function countText({ done, failed }: Tally): string {
  const calls = counted(done, 'call');
  return failed === 0 ? `${calls} done` : `${calls} done, ${failed} of them failed`;
}

function submittedText({ done, failed }: Tally, batch: string): string {
  const refused = failed === 0 ? '' : `, ${counted(failed, 'call')} failed`;
  return `${counted(done - failed, 'job')} submitted${refused}${done > failed ? `; tag: ${batch}` : ''}`;
}

/** An error that also says how far the calls had come. */
function stopped({ reason, tally }: EachStopped): unknown {
  const so = `${countText(tally)}; what was under way is cancelled, the rest was not begun`;
  if (reason instanceof SignalReason) return new InterruptedError(`interrupted: ${so}`, reason.exitCode);
  if (reason instanceof TimeoutError) return new TimeoutError(`${reason.message}: ${so}`);
  return reason;
}
