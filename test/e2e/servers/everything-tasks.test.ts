/** Tasks of the official "everything" server: every step in a process of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { dataOf, homeAt, submitted } from '../../support/instance.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { type ChildServer, everythingHttp } from '../../support/servers.ts';

let server: ChildServer;
beforeAll(async () => {
  server = await everythingHttp();
});
afterAll(() => server.close());

const RESEARCH = ['work', 'simulate-research-query', '--topic', 'python'];

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
