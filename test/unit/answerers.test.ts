/** The person on the terminal: one question at a time, and none that nobody wants answered any more. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Printer } from '../../src/cli/output/printer.ts';
import { answererOf, terminalAnswerer } from '../../src/cli/prompts/answerer.ts';
import { SignalReason } from '../../src/context.ts';
import { QuestionWithdrawn } from '../../src/jobs/questions/pending-questions.ts';
import type { PendingInput } from '../../src/jobs/record.ts';

function stage() {
  const input = new PassThrough();
  const output = new PassThrough();
  let seen = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  const stream = {
    isTTY: false,
    columns: 80,
    write: (text: string) => void output.write(text),
    flush: async () => {},
    isClosed: false,
  };
  const printer = new Printer({
    stdout: stream,
    stderr: stream,
    format: 'human',
    quiet: false,
    verbose: false,
    appId: 'work',
  });
  const until = async (text: string) => {
    while (!seen.includes(text)) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    terminal: { input, output },
    printer,
    until,
    type: (text: string) => input.write(text),
    seen: () => seen,
  };
}

function question(message: string): PendingInput {
  return {
    request_id: message,
    method: 'elicitation/create',
    params: { message, requestedSchema: { type: 'object', properties: { x: { type: 'string' } } } },
    received_at: '',
  };
}

it('asks one after the other', async () => {
  const { terminal, printer, until, type, seen } = stage();
  const ask = terminalAnswerer(printer, terminal);
  const [first, second] = [ask(question('one?')), ask(question('two?'))];
  await until('> ');
  expect(seen()).not.toContain('two?');
  type('1\r');
  expect(await first).toEqual({ action: 'accept', content: { x: '1' } });
  await until('two?');
  type('!decline\r');
  expect(await second).toEqual({ action: 'decline' });
});

it('ends a prompt cleanly when the question is answered elsewhere, and goes on with the next', async () => {
  const { terminal, printer, until, type, seen } = stage();
  const ask = terminalAnswerer(printer, terminal);
  const gone = new AbortController();
  const never = new AbortController();
  const first = ask(question('one?'), gone.signal);
  const second = ask(question('two?'), never.signal);
  const third = ask(question('three?'));
  await until('> ');
  never.abort(new QuestionWithdrawn('answered elsewhere'));
  gone.abort(new QuestionWithdrawn('answered elsewhere'));
  await expect(first).rejects.toThrow('answered elsewhere');
  await expect(second).rejects.toThrow('answered elsewhere');
  expect(seen()).toContain('\n(answered elsewhere)\n');
  await until('three?');
  type('3\r');
  expect(await third).toEqual({ action: 'accept', content: { x: '3' } });
  expect(seen()).not.toContain('two?');
});

it('says nothing more when the person has interrupted it', async () => {
  const { terminal, printer, until, seen } = stage();
  const stop = new AbortController();
  const asked = terminalAnswerer(printer, terminal)(question('one?'), stop.signal);
  await until('> ');
  stop.abort(new SignalReason('SIGINT'));
  await expect(asked).rejects.toThrow('SIGINT');
  expect(seen()).not.toMatch(/\n\((?!an empty line)/);
});

it('a policy answers without the terminal, and only a person is asked for forms', async () => {
  const { terminal, printer, seen } = stage();
  expect(await answererOf('decline', printer, terminal)?.(question('one?'))).toEqual({ action: 'decline' });
  expect(seen()).toBe('declined by policy (--elicit decline): one?\n');
  expect(await answererOf('defaults', printer, terminal)?.(question('one?'))).toBeUndefined();
  expect(answererOf('ask', printer, undefined)).toBeUndefined();
  const sampling = { ...question('one?'), method: 'sampling/createMessage' };
  expect(await answererOf('ask', printer, terminal)?.(sampling)).toBeUndefined();
});
