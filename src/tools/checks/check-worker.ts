/** The thread of check-apart.ts: takes one task as JSON in pieces, answers with a verdict, and is ended. */
import { parentPort } from 'node:worker_threads';
import { parseJson } from '../../lib/json/exact-json.ts';
import { type CheckTask, problemsAtAnyCost } from './check.ts';
import type { Verdict } from './check-apart.ts';

const pieces: string[] = [];

parentPort?.on('message', (piece: string | null) => {
  if (piece !== null) pieces.push(piece);
  else void judge(pieces.join('')).then((verdict) => parentPort?.postMessage(verdict));
});

async function judge(text: string): Promise<Verdict> {
  try {
    return { problems: await problemsAtAnyCost(parseJson(text) as CheckTask) };
  } catch (error) {
    return { unusable: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}
