/** Whatever a job server says of a run: it is shown for what it is, and breaks nothing. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type JobWork, jobWork, success } from '../../support/frontmcp/work.ts';
import { errorOf } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });

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
