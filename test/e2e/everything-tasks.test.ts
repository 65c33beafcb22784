/** Tasks of the official "everything" server: every step in a process of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Handle, run, start } from '../support/cli.ts';
import { dataOf, homeAt } from '../support/instance.ts';
import { ptyTool, startOnPty } from '../support/pty.ts';
import { recordingProxy } from '../support/recording-proxy.ts';
import { type ChildServer, everythingHttp } from '../support/servers.ts';

let server: ChildServer;
beforeAll(async () => {
  server = await everythingHttp();
});
afterAll(() => server.close());

const RESEARCH = ['work', 'simulate-research-query', '--topic', 'python'];
const ASKING = [...RESEARCH, '--ambiguous'];

/** Submits in the background, in a process that is gone when this returns. */
async function submitted(home: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([...words, '--background', '--quiet'], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^job_[0-9a-z]{26}\n$/);
  return stdout.trim();
}

/** The person answers the form. */
async function answerWith(terminal: Handle, text: string): Promise<void> {
  await terminal.waitForStdout(
    /interpretation \(Clarification\).*one of programming, snake, comedy\r\n.*> /s,
  );
  terminal.write(`${text}\r`);
}

describe('simulate-research-query', () => {
  it('is submitted by one process and waited for by another, in a session that nobody ends', async () => {
    const proxy = await recordingProxy(server.url);
    const home = await homeAt(proxy.url);
    const submission = await run([...RESEARCH, '--background'], { home });
    expect(submission).toMatchObject({ code: 0, stderr: '' });
    const [, id, task] = /^Job submitted: (job_\w+) \(task: (\w+)\)\n$/.exec(submission.stdout) ?? [];

    const waited = await run(['work', '--json', 'jobs', 'wait', `${id}`], { home });
    expect(waited).toMatchObject({ code: 0, stderr: '' });
    expect(dataOf(waited)).toMatchObject({
      job_id: id,
      status: 'completed',
      backend: 'tasks-2025-11-25',
      remote_task_id: task,
      remote: { taskId: task, status: 'completed' },
      result: { content: [{ type: 'text', text: expect.stringContaining('# Research Report: python') }] },
    });

    expect(proxy.count('tools/call')).toBe(1);
    expect(proxy.count('DELETE')).toBe(0);
    // The waiter went on in the session of the submitter, without a handshake of its own.
    expect(proxy.count('initialize')).toBe(1);
    const polls = proxy.requests.filter(({ rpc }) => rpc === 'tasks/get');
    expect(polls.length).toBeGreaterThan(0);
    const sessions = new Set(proxy.requests.map(({ headers }) => headers['mcp-session-id']));
    sessions.delete(undefined);
    expect(sessions.size).toBe(1);
  });

  it('is canceled by a third process while a second one waits', async () => {
    const proxy = await recordingProxy(server.url);
    const home = await homeAt(proxy.url);
    const id = await submitted(home, RESEARCH);
    const waiter = start(['work', 'jobs', 'wait', id], { home });
    await proxy.seen(({ rpc }) => rpc === 'tasks/result');

    const cancel = await run(['work', 'jobs', 'cancel', id], { home });
    expect(cancel).toMatchObject({ code: 0, stderr: '' });
    expect(cancel.stdout).toMatch(/^status: canceled, remote status: cancelled\n/);
    const { code, stdout, stderr } = await waiter.done;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: simulate-research-query was canceled: .+\n$/);
    expect(proxy.count('DELETE')).toBe(0);
  });

  it('runs in the foreground as the task that it must be', async () => {
    const home = await homeAt(server.url);
    const { code, stdout, stderr } = await run(RESEARCH, { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^# Research Report: python\n/);
    // The same bytes as those of the job, which is on record too.
    expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toMatchObject({ code: 0, stdout });
  });
});

describe('with a question', () => {
  it('ends a wait without a terminal with 8; the question goes to the next waiter, who has one', async () => {
    const home = await homeAt(server.url);
    const id = await submitted(home, ASKING);
    const first = await run(['work', 'jobs', 'wait', id], { home });
    expect(first).toMatchObject({ code: 8, stdout: '' });
    expect(first.stderr).toMatch(new RegExp(`^error: ${id} waits for input: .*python.*\n`));
    expect(first.stderr).toContain(`\nhint: answer on a terminal with: mcp2cli work jobs wait ${id}\n`);

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
});
