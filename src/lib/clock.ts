/** The parts of AbortSignal that pure code may know about. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
}

export interface Clock {
  /** Wall clock, for time stamps only. */
  now(): Date;
  /** Milliseconds on a clock that never jumps; durations are measured with it. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignalLike): Promise<void>;
}
