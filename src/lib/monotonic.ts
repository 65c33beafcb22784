/**
 * Milliseconds on a clock that never jumps, from some moment in the past. `performance.now()` tells the same time, but the first use of that
 * global loads all of node:perf_hooks (docs/measurements.md).
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}
