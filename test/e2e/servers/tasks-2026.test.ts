/** Jobs on a server of protocol 2026-07-28, which decides call by call what becomes a task. */
import { describe, expect, it } from 'vitest';
import { inProcesses } from '../../support/cli.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { refuse, watchedTasks2026, workAt } from '../../support/work.ts';

async function at(options: Parameters<typeof watchedTasks2026>[0] = {}) {
  const server = await watchedTasks2026({ speed: 50, ...options });
  return { server, work: await workAt(server.url) };
}

describe('a job', () => {
  it('is submitted, listed, waited for and watched', async () => {
    const { server, work } = await at();
    const submitted = await work.run('deploy --version 2.0 --background');
    const [, id, task] = /^Job submitted: (job_\w+) \(task: (task_\w+)\)\n$/.exec(submitted.stdout) ?? [];
    expect(submitted).toMatchObject({ code: 0, stderr: '' });

    const answer = { code: 0, stdout: 'Deployed version 2.0 to staging\n', stderr: '' };
    const [one, other] = await inProcesses(() =>
      Promise.all([work.run(`jobs wait ${id}`), work.run('jobs wait --latest')]),
    );
    expect([one, other]).toMatchObject([answer, answer]);
    expect(await work.run(`jobs watch ${id}`)).toMatchObject(answer);
    const waited = await work.json(`jobs wait ${id}`);
    expect(waited.data).toMatchObject({
      job_id: id,
      status: 'completed',
      backend: 'tasks-2026-07-28',
      remote_task_id: task,
      remote: { taskId: task, status: 'completed' },
      session: { transport: 'http', protocol_version: '2026-07-28', session_id: null },
      result: { content: [{ text: 'Deployed version 2.0 to staging' }] },
    });
    expect((await work.run('jobs list')).stdout).toBe(
      `${id}  deploy  completed  ${task}  ${waited.data.created_at.replace(/\.\d+Z$/, 'Z')}\n`,
    );
    expect(server.stats).toMatchObject({ calls: { deploy: 1 }, tasksCreated: 1 });
  });

  it('is shown, and cancelled while somebody else watches', async () => {
    const { server, work } = await at();
    const id = await work.submit('forever');
    const watching = work.start(`jobs watch ${id}`);
    await watching.waitForStdout(new RegExp(`^${id}  running  Waiting for the end of time\n`, 'm'));
    expect(await work.run(`jobs show ${id}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^status: running, remote status: working\n(.*\n)*message: Waiting for the end of time\n/,
      ),
    });
    expect(await work.run(`jobs cancel ${id}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled, remote status: cancelled\n/),
      stderr: '',
    });
    const canceled = { code: 1, stderr: expect.stringMatching(/^error: forever was canceled: /) };
    expect(await watching.done).toMatchObject(canceled);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ ...canceled, stdout: '' });
    expect(server.stats.cancelledTasks).toBe(1);
  });

  it('that reports an error has failed, with the text as its answer', async () => {
    const { work } = await at();
    const id = await work.submit('flaky-import --source db');
    const { code, stdout } = await work.run(`--json jobs wait ${id}`);
    expect(code).toBe(1);
    const text = 'Import from db failed: connection reset after 412 rows';
    expect(JSON.parse(stdout).data).toMatchObject({
      status: 'failed',
      remote: { status: 'completed' },
      result: { isError: true, content: [{ text }] },
      error: { code: 'tool_error', message: text },
    });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 1,
      stdout: `${text}\n`,
      stderr: 'error: flaky-import failed\n',
    });
  });

  it('that fails as the protocol does has no answer, and the words of the error', async () => {
    const { work } = await at();
    const id = await work.submit('fail-rpc');
    const failed = { code: 1, stdout: '', stderr: 'error: fail-rpc failed: The disk is on fire\n' };
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(failed);
    expect(await work.run('fail-rpc')).toMatchObject(failed);
    expect(await work.stored(id)).toMatchObject({
      status: 'failed',
      error: { code: 'rpc_error', rpc_code: -32603, data: { disk: 'sda' } },
    });
  });

  it.each([
    ['plain', 0, 'completed', 'Done at once\n', ''],
    ['sync-fail', 1, 'failed', 'Failed at once\n', /error: sync-fail failed/],
    ['protocol-error', 1, 'failed', '', /error: protocol-error failed: .*failed on purpose\n$/],
  ])(
    'of a call that is answered at once is born finished: %s',
    async (tool, code, status, stdout, stderr) => {
      const { server, work } = await at();
      const submitted = await work.run(`${tool} --background`);
      expect(submitted).toMatchObject({
        code,
        stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
        stderr: expect.stringMatching(stderr),
      });
      expect((await work.json('jobs list'))[0]).toMatchObject({ status, remote_task_id: null });
      expect(await work.run('jobs wait --latest')).toMatchObject({ code, stdout });
      expect(server.stats.requests['tools/call']).toBe(1);
      expect(server.stats.tasksCreated).toBe(0);
    },
  );

  it('whose submission was not answered is lost, and nothing is sent again', async () => {
    const { server, work } = await at();
    server.answerWith(({ rpcMethod }, response) => {
      if (rpcMethod !== 'tools/call') return false;
      response.destroy();
      return true;
    });
    expect(await work.run('deploy --version 2.0 --background')).toMatchObject({ code: 3, stdout: '' });
    expect((await work.json('jobs list'))[0]).toMatchObject({
      status: 'lost',
      error: { code: 'submission_unknown' },
    });
    expect(server.sent(/^tools\/call$/)).toHaveLength(1);
  });

  it('outlives a poll that fails', async () => {
    const { server, work } = await at();
    const id = await work.submit('deploy --version 2.0');
    server.answerWith(refuse(503, { method: 'tasks/get', times: 1 }));
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 0,
      stdout: 'Deployed version 2.0 to staging\n',
      stderr: 'work answered HTTP 503 Service Unavailable; trying again (the job is not affected)\n',
    });
  });
});

describe('a call in the foreground that becomes a task', () => {
  it('is waited for, and leaves a job with the same answer', async () => {
    const { server, work } = await at();
    const called = await work.run('export --dataset full --format csv');
    expect(called).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Exported .*\n$/), stderr: '' });
    const [job] = await work.json('jobs list');
    expect(job).toMatchObject({ capability: 'export', status: 'completed', remote: { status: 'completed' } });
    expect((await work.run(`jobs wait ${job.job_id}`)).stdout).toBe(called.stdout);
    expect(server.stats.requests['tools/call']).toBe(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s cancels it at the server', async (signal, exit) => {
    const { server, work } = await at();
    const call = work.start('forever');
    await server.received('tasks/get');
    call.signal(signal);
    expect(await call.done).toMatchObject({
      code: exit,
      stdout: '',
      stderr: expect.stringMatching(/error: interrupted; the task is canceled\n$/),
    });
    expect(server.stats.cancelledTasks).toBe(1);
    expect((await work.json('jobs list'))[0]).toMatchObject({ status: 'canceled' });
  });

  it('so does --timeout', async () => {
    const { server, work } = await at();
    expect(await work.run('forever --timeout 3s')).toMatchObject({
      code: 124,
      stdout: '',
      stderr: expect.stringMatching(/error: the time ran out; the task is canceled\n$/),
    });
    expect(server.stats.cancelledTasks).toBe(1);
  });

  it('one that does not heed it goes on, and the person is told where', async () => {
    const { server, work } = await at();
    const call = work.start('stubborn --duration 200');
    await server.received('tasks/get');
    call.signal('SIGINT');
    const { code, stderr } = await call.done;
    const [job] = await work.json('jobs list');
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining(
        `whether the task was cancelled is not known\nhint: see: mcp2cli work jobs show ${job.job_id}\n`,
      ),
    });
    expect(job).toMatchObject({ status: 'running', cancel_requested_at: expect.any(String) });
  });
});

it('a cancellation is a request: a task that completes nevertheless has completed', async () => {
  const { server, work } = await at();
  const id = await work.submit('stubborn --duration 200');
  expect(await work.run(`jobs cancel ${id}`)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^status: running, remote status: working\n(.*\n)*cancel requested: /),
    stderr: `cancellation was requested; the server has not confirmed it yet. See: mcp2cli work jobs wait ${id}\n`,
  });
  expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0, stdout: 'Completed nevertheless\n' });
  expect(await work.stored(id)).toMatchObject({
    status: 'completed',
    cancel_requested_at: expect.any(String),
  });
  expect(server.stats.requests['tasks/cancel']).toBe(1);
});

describe('a task that the server does not know any more is lost', () => {
  it('whoever comes later, and whoever waits', async () => {
    const { server, work } = await at();
    const [first, second] = [await work.submit('forever'), await work.submit('forever')];
    const waiting = work.start(`jobs wait ${second}`);
    await server.received('tasks/get');
    expect(server.forgetTasks()).toBe(2);
    const lost = {
      code: 1,
      stdout: '',
      stderr: 'error: forever is lost: the server no longer knows the task: Task not found\n',
    };
    expect(await waiting.done).toMatchObject(lost);
    expect(await work.run(`jobs show ${first}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: lost, /),
    });
    expect(await work.run(`jobs wait ${first}`)).toMatchObject(lost);
    expect(await work.stored(second)).toMatchObject({ status: 'lost', error: { code: 'task_unknown' } });
  });

  it('so is one that has outlived the time the server keeps it', async () => {
    const { work } = await at({ ttlMs: 1_500 });
    const id = await work.submit('forever');
    expect((await work.stored(id)).remote).toMatchObject({ ttlMs: 1_500 });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: forever is lost: .*: Task (has expired|not found)\n$/),
    });
  });
});

describe('a question before there is a task', () => {
  it.each(['ask-first --background', 'ask-first', '--json ask-first'])(
    'ends the command where nobody can answer: %s',
    async (words) => {
      const { server, work } = await at();
      const { code, stdout, stderr } = await work.run(words);
      expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
      expect(stderr).toContain('Where to?');
      expect(server.stats).toMatchObject({ requests: { 'tools/call': 1 }, tasksCreated: 0 });
    },
  );

  it('leaves a job that failed for it, since nothing runs', async () => {
    const { work } = await at();
    await work.run('ask-first --background');
    expect(await work.json('jobs list')).toMatchObject([
      { status: 'failed', error: { code: 'input_required', message: expect.stringContaining('Where to?') } },
    ]);
  });

  it.skipIf(!ptyTool())('is put on a terminal; then the call goes on, as a task', async () => {
    const { server, work } = await at();
    const terminal = startOnPty(['work', 'ask-first'], { home: work.home });
    await terminal.waitForStdout(/Where to\?[^>]*target[^>]*> /);
    terminal.write('Rome\r');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('Arrived: target is Rome\r\n');
    expect(code).toBe(0);
    const calls = server.sent(/^tools\/call$/).map(({ params }) => params);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatchObject({
      name: calls[0]?.['name'],
      arguments: {},
      inputResponses: { target: { action: 'accept', content: { target: 'Rome' } } },
      requestState: expect.any(String),
    });
    expect(server.stats.tasksCreated).toBe(1);
  });
});
