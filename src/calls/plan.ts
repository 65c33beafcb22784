/** Where a call runs. No I/O here; the compiler checks that (tsconfig.pure.json). */
import { UnsupportedError } from '../errors.ts';
import type { TaskMode } from '../jobs/ports.ts';
import type { RetryPolicy } from '../jobs/retry.ts';

/** Which connection a background call takes: the command's own, a keeper's where one runs, or a keeper's that is started for it. */
export type Via = 'own' | 'running keeper' | 'keeper';

export interface Plan {
  /** What the server makes of the call. */
  mode: TaskMode;
  via: Via;
  /** The keeper sees the call through, and the command does not wait for its end. */
  detach: boolean;
}

/** What may be tried again runs in this program, as if the server had no tasks: a task is run once. Error: UnsupportedError. */
export function modeFor(mode: TaskMode, { attempts }: Pick<RetryPolicy, 'attempts'>, tool: string): TaskMode {
  if (attempts === 1) return mode;
  if (mode.tasks === 'required')
    throw new UnsupportedError(`${tool} runs as a task of the server only, which --retries cannot repeat`, {
      hint: `run it once: --retries 1; in the configuration: tools.${tool}.retries`,
    });
  return { ...mode, tasks: 'none', certain: false };
}

/**
 * The plan of a background call. A keeper is needed where the task would die with this process (stdio), and for `detach` where the server
 * need not make a task of the call. Otherwise a keeper that runs is used unless the task is safe without: that spares starting the server.
 */
export function planBackground(
  mode: TaskMode,
  { detach, keepAlive }: { detach: boolean; keepAlive: boolean },
): Plan {
  const left = detach && !mode.certain;
  const isTask = mode.tasks !== 'none';
  if (isTask && mode.holdable && !left) return { mode, via: 'own', detach: left };
  const needed = left || keepAlive || (isTask && !mode.holdable);
  return { mode, via: needed ? 'keeper' : 'running keeper', detach: left };
}

/** Why the job had ended when its submission had. */
export function whySynchronous({ tasks }: TaskMode): string {
  return tasks === 'none'
    ? 'the server has no tasks for this tool; --detach returns at once'
    : 'the server answered at once';
}
