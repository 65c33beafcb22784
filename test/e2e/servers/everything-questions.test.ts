/** A task of the official "everything" server that asks for input: put to one process, answered by another. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Handle, run } from '../../support/cli.ts';
import { dataOf, homeAt, submitted } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { type ChildServer, everythingHttp } from '../../support/servers.ts';

let server: ChildServer;
beforeAll(async () => {
  server = await everythingHttp();
});
afterAll(() => server.close());

const ASKING = ['work', 'simulate-research-query', '--topic', 'python', '--ambiguous'];

/** The person answers the form. */
async function answerWith(terminal: Handle, text: string): Promise<void> {
  await terminal.waitForStdout(
    /interpretation \(Clarification\).*one of\r\n {4}programming {2}Python programming language\r\n.*comedy.*> /s,
  );
  terminal.write(`${text}\r`);
}

it('ends a wait without a terminal with 8; the question goes to the next waiter, who has one', async () => {
  const home = await homeAt(server.url);
  const id = await submitted(home, ASKING);
  const first = await run(['work', 'jobs', 'wait', id], { home });
  expect(first).toMatchObject({ code: 8, stdout: '' });
  expect(first.stderr).toMatch(new RegExp(`^error: ${id} waits for input: .*python.*\n`));
  expect(first.stderr).toContain(
    `\nhint: answer with: mcp2cli work jobs answer ${id} --interpretation programming; on a terminal: mcp2cli work jobs wait ${id}\n`,
  );

  const shown = await run(['work', 'jobs', 'show', id, '--exit-status'], { home });
  expect(shown.code).toBe(8);
  expect(shown.stdout).toMatch(/^status: input_required, remote status: input_required\n/);

  if (!ptyTool()) return;
  const second = startOnPty(['work', 'jobs', 'wait', id], { home });
  await answerWith(second, 'snake');
  const { code, stdout } = await second.done;
  expect(stdout).toContain('- **Clarification**: snake\r\n');
  expect(code).toBe(0);
});

it.skipIf(!ptyTool())('is answered on a terminal by another process than the submitter', async () => {
  const home = await homeAt(server.url);
  const id = await submitted(home, ASKING);
  const terminal = startOnPty(['work', 'jobs', 'wait', id], { home });
  await answerWith(terminal, 'comedy');
  const { code, stdout } = await terminal.done;
  expect(stdout).toContain('The server asks: The research query "python" could have multiple');
  expect(stdout).toContain('# Research Report: python (comedy)\r\n');
  expect(code).toBe(0);
  const again = await run(['work', 'jobs', 'wait', id], { home });
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('(comedy)') });
});

it('ends a foreground run without a terminal with 8, and the task goes on', async () => {
  const home = await homeAt(server.url);
  const { code, stdout, stderr } = await run([...ASKING, '--json'], { home });
  expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
  expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    error: {
      code: 'input_required',
      exit_code: 8,
      hint: expect.stringMatching(/mcp2cli work jobs wait job_/),
    },
  });
  const shown = await run(['work', '--json', 'jobs', 'show', '--latest'], { home });
  expect(dataOf(shown)).toMatchObject({ status: 'input_required', remote: { status: 'input_required' } });
});
