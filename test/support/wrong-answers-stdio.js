// A stdio server that gives one wrong answer: node wrong-answers-stdio.js METHOD ANSWER. CALLS names a file that gets a line for each tools/call,
// ASKED one for what is answered wrongly.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { rightResult, WRONG_ANSWERS } from './wrong-answers.js';

const [, , wrongMethod, name] = process.argv;
const { CALLS, ASKED } = process.env;
const wrong = WRONG_ANSWERS[name];
const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (method === 'tools/call' && CALLS) appendFileSync(CALLS, 'called\n');
  if (id === undefined || method === undefined) continue;
  // It blocks until the task has ended.
  if (method === 'tasks/result' && wrongMethod !== method) continue;
  const right = rightResult(method, params, wrongMethod === 'tasks/result');
  if (method === wrongMethod && ASKED) appendFileSync(ASKED, 'asked\n');
  if (method === wrongMethod) void answerWrongly(id, right ?? {});
  else if (right) void write(`${JSON.stringify({ jsonrpc: '2.0', id, result: right })}\n`);
  else
    void write(
      `${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })}\n`,
    );
}

async function answerWrongly(id, right) {
  const texts = wrong.say(id, right);
  for (const [i, text] of texts.entries())
    await write(wrong.cut && i === texts.length - 1 ? text : `${text}\n`);
  if (wrong.every) setInterval(() => wrong.every().forEach((text) => void write(`${text}\n`)), 5);
  if (wrong.after === 'end') process.exit(0);
  if (wrong.after === 'reset') process.kill(process.pid, 'SIGKILL');
}
