import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { failure, jobWork, success } from '../../support/frontmcp/work.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });

/** Answers the first `times` questions about a run by an HTTP status. */
const unavailable =
  (times = Number.POSITIVE_INFINITY) =>
  ({ name }: { name: string }, n: number) =>
    name === 'get_job_status' && n <= times ? { status: 502 } : undefined;

describe('a server that was restarted', () => {
  it.each([
    [
      false,
      /^error: slow is lost: the server no longer knows the task: get_job_status: Run ".*" not found\n$/,
    ],
    [
      true,
      /^error: slow is lost: the server no longer knows the task: get_job_status: Internal FrontMCP error\. .*\n$/,
    ],
  ])('without its store has lost the run (production: %s)', async (production, stderr) => {
    const work = await jobWork({ production, speed: 1 });
    const id = await work.submit('slow --ms 600000');
    const other = await work.submit('slow --ms 600000');
    await work.server.restart({ keepStore: false });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(stderr),
    });
    expect(await work.stored(id)).toMatchObject({ status: 'lost', error: { code: 'task_unknown' } });
    expect(await work.shown(other)).toMatchObject({ status: 'lost', error: { code: 'task_unknown' } });
    expect(work.server.stats.executions).toEqual({ slow: 2 });
  });

  it('while it is waited for, too', async () => {
    const work = await jobWork({ speed: 1 });
    const foreground = work.start('slow --ms 600000');
    await work.called('get_job_status');
    await work.server.restart({ keepStore: false });
    expect(await foreground.done).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/(^|\n)error: slow is lost: the server no longer knows the task: .*\n$/),
    });
    expect(work.server.stats.executions).toEqual({ slow: 1 });
  });

  it('with its store has it running for ever, and it is left alone', async () => {
    const work = await jobWork({ speed: 1 });
    const id = await work.submit('slow --ms 600000');
    await work.server.restart({ keepStore: true });
    expect(await work.run(`jobs wait ${id} --timeout 2`)).toMatchObject({
      code: 124,
      stdout: '',
      stderr:
        'error: the time ran out before the end; the job goes on\n' +
        `hint: come back with: mcp2cli work jobs wait ${id}\n`,
    });
    expect(await work.shown(id)).toMatchObject({ status: 'running', cancel_requested_at: null });
  });
});

describe('a session that is gone', () => {
  it('takes no run along: it is asked about in another', async () => {
    const work = await jobWork();
    const [shown, waited] = [await work.submit('greet --name Ada'), await work.submit('greet --name Bob')];
    await work.server.dropSessions();
    expect(await work.shown(shown)).toMatchObject({ status: 'completed' });
    expect(await work.run(`jobs wait ${waited}`)).toMatchObject(ok('{"message":"Hello Bob!"}\n'));
  });

  it('nor while it is waited for, by the one that started it or another', async () => {
    const work = await jobWork({ speed: 1 });
    const foreground = work.start('slow --ms 3000');
    await work.called('get_job_status');
    const waiting = work.start('jobs wait --latest');
    await work.called('get_job_status', 3);
    await work.server.dropSessions();
    const outcome = { code: 0, stdout: '{"ms":3000}\n' };
    expect(await waiting.done).toMatchObject(outcome);
    // A new session is opened without a word: the request was surely not taken.
    expect(await foreground.done).toMatchObject(outcome);
    expect(work.server.stats.executions).toEqual({ slow: 1 });
  });

  it('is kept as long as it is there: newer servers know a run in its own session only', async () => {
    const work = await jobWork();
    const { sessions } = work.server.stats;
    const id = await work.submit('greet --name Ada');
    await work.run(`jobs wait ${id}`);
    expect(work.server.stats.sessions - sessions).toBe(1);
  });
});

describe('questions that fail', () => {
  it('do not end a wait, in the foreground neither', async () => {
    const work = await jobWork();
    work.falsify(unavailable(2));
    const foreground = await work.run('greet --name Ada');
    expect(foreground).toMatchObject({ code: 0, stdout: '{"message":"Hello Ada!"}\n' });
    expect(foreground.stderr).toMatch(/^.*502.*; trying again \(the job is not affected\)\n$/);
    work.falsify(undefined);
    const id = await work.submit('scalar');
    work.falsify(unavailable(work.sent('get_job_status').length + 2));
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0, stdout: '42\n' });
    expect(work.server.stats.executions).toEqual({ greet: 1, scalar: 1 });
  });

  it('end it when they go on, and the job is not affected', async () => {
    const work = await jobWork({}, { MCP2CLI_RETRY_BUDGET: '1' });
    const id = await work.submit('scalar');
    work.falsify(unavailable());
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `error: .*; the job is not affected\nhint: come back with: mcp2cli work jobs wait ${id}\n$`,
        ),
      ),
    });
    work.falsify(undefined);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(ok('42\n'));
  });

  it.each([
    ['another run', () => success({ runId: 'another', jobName: 'scalar', state: 'completed', result: 7 })],
    [
      'a store that is down',
      () => failure('TOOL_EXECUTION_ERROR', 'Tool "get_job_status" execution failed: Redis'),
    ],
    ['no such tool', () => failure('TOOL_NOT_FOUND', 'Tool "get_job_status" not found')],
    ['no object', () => success(['completed'])],
    ['no JSON', () => ({ result: { content: [{ type: 'text', text: 'completed' }] } })],
    ['nothing', () => ({ result: {} })],
    ['strange content', () => ({ result: { content: [{ type: 'text', text: [{ toString: 1 }] }] } })],
    ['a list for a result', () => ({ result: [] })],
  ])('are those answered with %s', async (_what, answer) => {
    const work = await jobWork();
    const id = await work.submit('scalar');
    let false_ = 0;
    work.falsify(({ name }) => {
      if (!/^get.job.status$/.test(name)) return undefined;
      false_ += 1;
      return false_ <= 2 ? answer() : undefined;
    });
    const waited = await work.run(`jobs wait ${id}`);
    expect(waited).toMatchObject({ code: 0, stdout: '42\n' });
    expect(waited.stderr).toMatch(/; trying again \(the job is not affected\)\n$/);
  });

  it.each([
    ['SERVER_ERROR', 'Internal FrontMCP error. Please contact support with error ID: err_0123456789abcdef'],
    ['INVALID_INPUT', 'Run "X" not found'],
  ])('of a run that the server does not know are its end (%s)', async (code, text) => {
    const work = await jobWork();
    const id = await work.submit('scalar');
    work.falsify(() => failure(code, text));
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `error: scalar is lost: the server no longer knows the task: get_job_status: ${text}\n`,
    });
  });
});

describe('a submission', () => {
  it('that the server refuses is told in its words', async () => {
    const work = await jobWork();
    const text = 'Job or workflow "greet" not found or not permitted';
    work.falsify(({ name }) => (name === 'execute_job' ? failure('JOB_NOT_AUTHORIZED', text) : undefined));
    expect(await work.run('greet --name Ada')).toMatchObject({
      code: 1,
      stdout: `${text}\n`,
      stderr: 'error: greet failed\n',
    });
    const background = await work.run('greet --name Ada --background');
    expect(background).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
    });
    expect(await work.shown()).toMatchObject({
      status: 'failed',
      result: { content: [{ type: 'text', text }], isError: true, _meta: { code: 'JOB_NOT_AUTHORIZED' } },
    });
  });

  it.each([
    ['no runId', { state: 'pending' }],
    ['a runId that is a number', { runId: 7, state: 'pending' }],
    ['an empty runId', { runId: '', state: 'pending' }],
  ])('answered with %s has no result made up for it', async (_what, answer) => {
    const work = await jobWork();
    work.falsify(({ name }) => (name === 'execute_job' ? success(answer) : undefined));
    expect(await work.run('scalar')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: unexpected answer to execute_job: no runId, whether something runs is not known\nhint: recorded as job_\w+ \(failed\)/,
      ),
    });
    expect(work.sent('execute_job')).toHaveLength(1);
  });

  it.each([
    ['text alone', { content: [{ type: 'text', text: '{"runId":"RUN","state":"pending"}' }] }],
    ['its end at once', { structuredContent: { runId: 'RUN', state: 'completed', result: 7, logs: [] } }],
  ])('may be answered with %s', async (_what, result) => {
    const work = await jobWork();
    work.falsify(({ name, arguments: args }) => {
      if (name === 'execute_job') return { result };
      if (name !== 'get_job_status') return undefined;
      return success({ runId: args?.['runId'], state: 'completed', result: 7 });
    });
    expect(await work.run('scalar')).toMatchObject(ok('7\n'));
    expect(await work.shown()).toMatchObject({ remote_task_id: 'RUN', status: 'completed' });
  });

  it('that was killed between record and answer is lost, and not sent again', async () => {
    const work = await jobWork();
    // Refresh first: the list is not what is held up.
    await work.run('refresh');
    const intercept = work.server.intercept;
    work.server.intercept = async (request, response) => {
      const params = (request.body as { params?: { name?: string } } | undefined)?.params;
      if (params?.name !== 'execute_job') return (await intercept?.(request, response)) ?? false;
      submitter.signal('SIGKILL');
      await submitter.done;
      return false;
    };
    const submitter = work.start('greet --name Ada --background');
    expect(await submitter.done).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    work.server.intercept = intercept;
    const [job] = await work.json('jobs list');
    expect(job).toMatchObject({
      status: 'lost',
      remote_task_id: null,
      error: { code: 'submission_unknown' },
    });
    expect(await work.run('jobs wait --latest')).toMatchObject({ code: 1, stdout: '' });
    expect(work.server.stats.executions['greet'] ?? 0).toBeLessThanOrEqual(1);
    expect(work.sent('execute_job')).toEqual([]);
  });

  it('whose answer was cut off is lost, and not sent again', async () => {
    const work = await jobWork();
    work.falsify(({ name }) => (name === 'execute_job' ? { status: 502 } : undefined));
    const result = await work.run('greet --name Ada');
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(work.sent('execute_job')).toHaveLength(1);
    expect((await work.json('jobs list'))[0]).toMatchObject({
      status: 'lost',
      error: { code: 'submission_unknown' },
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that was given up by %s before the answer is lost, and says so', async (signal, code) => {
    const work = await jobWork();
    let held: ServerResponse | undefined;
    const intercept = work.server.intercept;
    work.server.intercept = async (request, response) => {
      const taken = (await intercept?.(request, response)) ?? false;
      if (taken || work.sent('execute_job').length === 0 || held) return taken;
      held = response;
      foreground.signal(signal);
      return true;
    };
    const foreground = work.start('scalar');
    expect(await foreground.done).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: interrupted; job_\w+ is lost: no answer to the submission was waited for/,
      ),
    });
    held?.end();
    expect(work.server.stats.executions).toEqual({});
  });

  it('whose run has a strange name is asked about by it', async () => {
    const work = await jobWork();
    const runId = '../../\u001b[31m\nstate: completed';
    work.falsify(({ name, arguments: args }) => {
      if (name === 'execute_job') return success({ runId, state: 'pending' });
      return name === 'get_job_status'
        ? success({ runId: args?.['runId'], state: 'completed', result: 7 })
        : undefined;
    });
    const submitted = await work.run('scalar --background');
    expect(submitted).toMatchObject({ code: 0, stderr: '' });
    expect(submitted.stdout.split('\n')).toHaveLength(2);
    expect(await work.run('jobs wait --latest')).toMatchObject(ok('7\n'));
    expect(work.sent('get_job_status')[0]?.arguments).toEqual({ runId });
  });

  it('whose waiter was killed goes on, and is waited for by another', async () => {
    const work = await jobWork({ speed: 1 });
    const foreground = work.start('slow --ms 2000');
    await work.called('get_job_status');
    foreground.signal('SIGKILL');
    await foreground.done;
    expect(await work.run('jobs wait --latest')).toMatchObject({ code: 0, stdout: '{"ms":2000}\n' });
    expect(work.server.stats.executions).toEqual({ slow: 1 });
  });
});
