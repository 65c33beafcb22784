/**
 * Preloaded into a keeper (NODE_OPTIONS=--import=...): measures how long its event loop was held up, and appends to LOOP_DELAY_FILE, each half a
 * second, a line with the longest time since the line before, in milliseconds. What counts is the main thread's time on the processor between two
 * turns: a busy machine that lets the process wait is no fault of the program. Other processes of the program are left alone.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const { LOOP_DELAY_FILE } = process.env;
const TURN_MS = 5;

/** Milliseconds that the main thread has used; of all threads where the system does not tell. */
function used() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }
}

if (isMainThread && LOOP_DELAY_FILE && process.argv[2] === 'keeper' && process.argv[3] === 'serve') {
  let last = { at: performance.now(), cpu: used() };
  let longest = 0;
  setInterval(() => {
    const now = { at: performance.now(), cpu: used() };
    longest = Math.max(longest, Math.min(now.at - last.at - TURN_MS, now.cpu - last.cpu));
    last = now;
  }, TURN_MS).unref();
  setInterval(() => {
    appendFileSync(LOOP_DELAY_FILE, `${JSON.stringify({ longest })}\n`);
    longest = 0;
  }, 500).unref();
}
