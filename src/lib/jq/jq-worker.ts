/** What a thread runs that evaluates expressions of jq: one document after the other. */
import { parentPort } from 'node:worker_threads';
import { JqError, loadJq, runJq } from './jq.ts';
import type { JqAnswer, JqTask } from './jq-thread.ts';

parentPort?.on('message', async ({ json, expression }: JqTask) => {
  await loadJq();
  let answer: JqAnswer;
  try {
    answer = { text: runJq(json, expression, ['-c']) };
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    answer = { problem: error.message };
  }
  parentPort?.postMessage(answer);
});
