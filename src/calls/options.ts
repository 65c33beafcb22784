import type { ElicitPolicy } from '../config/settings/settings.ts';
import type { LocalRunOptions } from '../keeper/run-options.ts';

/** How a call is made, as flags and settings say. */
export interface CallOptions {
  /** Nobody waits for the call's end; `--detach` implies it. */
  background: boolean;
  /** How long the server keeps a task, in milliseconds. */
  ttlMs: number | undefined;
  /** The command ends at once, whatever the server makes of the call. */
  detach: boolean;
  /** What is done with the server's questions. */
  elicit: ElicitPolicy;
  /** Of a run in this program. */
  runOptions: LocalRunOptions;
}
