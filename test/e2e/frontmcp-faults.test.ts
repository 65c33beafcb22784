/** Runs of a job server that goes away, forgets, refuses, or answers nonsense. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failure, type JobWork, jobWork, success } from '../support/frontmcp/work.ts';
import { errorOf } from '../support/instance.ts';
import { ptyTool, startOnPty } from '../support/pty.ts';

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
      stderr: expect.stringMatching(/\nerror: slow is lost: the server no longer knows the task: .*\n$/),
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
    const { stderr, ...result } = await foreground.done;
    expect(result).toMatchObject(outcome);
    expect(stderr).toMatch(/session.*; trying again \(the job is not affected\)\n/);
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

describe('whatever a server says of a run', () => {
  const ESCAPES = '\u001b[31mred\u001b]0;title\u0007\u202e';
  /** The run as the server tells it from now on. */
  const telling = (work: JobWork, run: object) =>
    work.falsify(({ name, arguments: args }) =>
      name === 'get_job_status' ? success({ runId: args?.['runId'], jobName: 'scalar', ...run }) : undefined,
    );

  it.each<[string, object, number]>([
    ['a result that is null', { state: 'completed', result: null }, 0],
    ['an empty string', { state: 'completed', result: '' }, 0],
    ['times of another world', { state: 'completed', startedAt: 1e300, completedAt: -1e300 }, 0],
    ['times that are none', { state: 'completed', startedAt: 'now', completedAt: {} }, 0],
    ['an attempt of -1', { state: 'completed', attempt: -1 }, 0],
    ['an attempt of 1e300', { state: 'completed', attempt: 1e300 }, 0],
    ['an attempt that is none', { state: 'completed', attempt: { toString: 1 } }, 0],
    ['logs that are no list', { state: 'completed', logs: { 0: 'x' } }, 0],
    ['logs that are no lines', { state: 'completed', logs: [7, null, { toString: 1 }, ESCAPES] }, 0],
    ['logs with a forged time', { state: 'completed', logs: [`[2026-${ESCAPES}Z] x`] }, 0],
    ['an error without words', { state: 'failed', error: {} }, 1],
    ['an error that is a string', { state: 'failed', error: ESCAPES }, 1],
    ['an error that is a list', { state: 'failed', error: [1] }, 1],
    ['no error', { state: 'failed' }, 1],
    ['an error with a name of nonsense', { state: 'failed', error: { message: ESCAPES, name: { a: 1 } } }, 1],
    ['a cancellation', { state: 'cancelled' }, 1],
    [
      'steps of nonsense',
      {
        state: 'failed',
        result: {
          workflowName: { toString: 1 },
          state: [ESCAPES],
          stepResults: {
            [ESCAPES]: { state: ESCAPES, outputs: ESCAPES },
            __proto: null,
            '': { state: 'failed' },
            none: 7,
            twisted: { state: { toString: 1 }, outputs: { a: ESCAPES } },
            bad: { state: 'failed', outputs: [ESCAPES] },
          },
        },
      },
      1,
    ],
    [
      'no steps',
      { state: 'completed', result: { workflowName: 'etl', state: 'completed', stepResults: {} } },
      0,
    ],
    ['steps in a list', { state: 'completed', result: { stepResults: [{ state: 'failed' }] } }, 0],
    ['steps for an error', { state: 'completed', result: { stepResults: { a: { state: 'failed' } } } }, 0],
    ['a forged run', { runId: 7, jobName: {}, state: 'completed', status: ESCAPES, message: ESCAPES }, 0],
  ])('%s is shown, and breaks nothing', async (_what, said, code) => {
    const work = await jobWork();
    const id = await work.submit('scalar');
    telling(work, said);
    const result = await work.run(`jobs wait ${id}`);
    expect(result).toMatchObject({ code });
    if (code === 1) expect(result.stderr).toMatch(/^error: scalar (failed|was canceled)/);
    const views = [result];
    for (const words of [
      'jobs show',
      'jobs show --json',
      'jobs logs',
      'jobs logs -f',
      'jobs watch',
      'jobs wait --json',
    ])
      views.push(await work.run(`${words} ${id}`));
    for (const { code, stderr } of views) {
      expect(code).toBeOneOf([0, 1]);
      expect(stderr).not.toMatch(/defect|TypeError|Cannot/);
    }
    expect((await work.shown(id)).attempt).toBe(1);
    expect(await work.run('jobs list')).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(!ptyTool())('acts on no terminal', async () => {
    const work = await jobWork();
    const steps = {
      [ESCAPES]: { state: ESCAPES, outputs: ESCAPES },
      b: { state: 'failed', outputs: [ESCAPES] },
    };
    const result = { workflowName: ESCAPES, state: ESCAPES, stepResults: steps };
    const logs = [ESCAPES, `[2026-01-01T00:00:00Z] ${ESCAPES}`, `[2026-${ESCAPES}Z] x`];
    for (const said of [
      { state: 'failed', result, logs },
      { state: 'failed', error: { message: ESCAPES, name: ESCAPES }, logs },
      { state: 'completed', result: ESCAPES, logs },
    ]) {
      const id = await work.submit('scalar');
      telling(work, said);
      for (const words of ['wait', 'show', 'logs']) {
        const { stdout } = await startOnPty(['work', 'jobs', words, id], { home: work.home }).done;
        expect(stdout).toContain('red');
        // What the server meant to do; colours of our own are another matter.
        for (const act of ['\u001b[31m', '\u001b]0', '\u0007', '\u202e']) expect(stdout).not.toContain(act);
      }
      work.falsify(undefined);
    }
  });

  it.each([
    [{ state: 'dreaming' }],
    [{ state: 'input_required' }],
    [{ state: 7 }],
    [{ state: '__proto__' }],
    [{}],
    [{ state: 'retrying', attempt: -3, logs: 'x' }],
  ])('%j is work in progress', async (said) => {
    const work = await jobWork();
    const id = await work.submit('scalar');
    telling(work, said);
    expect(await work.shown(id)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await work.run(`jobs wait ${id} --timeout 1`)).toMatchObject({ code: 124, stdout: '' });
    work.falsify(undefined);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(ok('42\n'));
  });

  it('an answer of many megabytes is an answer', async () => {
    const work = await jobWork();
    const id = await work.submit('large --kb 5000');
    const { code, stdout } = await work.run(`jobs wait ${id}`);
    expect({ code, length: stdout.length }).toEqual({
      code: 0,
      length: 5000 * 1024 + '{"text":""}\n'.length,
    });
    const files = readdirSync(join(work.home, 'instances', 'work', 'jobs', id));
    expect(files.some((name) => /^result\..*json$/.test(name))).toBe(true);
    expect(errorOf(await work.run(`jobs wait ${id}x --json`))).toMatchObject({ exit_code: 2 });
  });
});
