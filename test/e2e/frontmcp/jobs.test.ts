/** The jobs commands on runs of a job server: show, logs, cancel, and leaving. */
import { describe, expect, it } from 'vitest';
import { heldPauses } from '../../support/frontmcp/expected.ts';
import { jobWork } from '../../support/frontmcp/work.ts';
import { errorOf } from '../../support/instance.ts';

const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

describe('jobs show', () => {
  it('has the state, the attempt, the times and the error of a run', async () => {
    const work = await jobWork();
    const id = await work.submit('flaky --failures 9');
    await work.run(`jobs wait ${id}`);
    const { stdout } = await work.run(`jobs show ${id}`);
    expect(stdout).toMatch(/^status: failed, remote status: failed\n/);
    // The server does not count the last attempt of a run that failed.
    expect(stdout).toMatch(
      new RegExp(
        `\nattempt: 4\nstarted: ${TIME}\nended: ${TIME}\nerror: Attempt 5 failed \\(tool_error\\)\n`,
      ),
    );
    expect(await work.run(`jobs show ${id} --exit-status`)).toMatchObject({ code: 1 });
  });

  it('tells the attempts while they go on', async () => {
    const work = await jobWork({ speed: 0.05 });
    const id = await work.submit('flaky --failures 2');
    const job = await work.shown(id);
    expect(job).toMatchObject({ status: 'running', attempt: 1, remote: { state: 'retrying', attempt: 1 } });
    expect(await work.run(`jobs show ${id} --exit-status`)).toMatchObject({
      code: 8,
      stdout: expect.stringMatching(/^status: running, remote status: retrying\n(.*\n)*attempt: 1\n/),
    });
  });

  it('tells of the attempt that succeeded', async () => {
    const work = await jobWork();
    const id = await work.submit('flaky --failures 3');
    await work.run(`jobs wait ${id}`);
    expect(await work.shown(id)).toMatchObject({ status: 'completed', attempt: 4, remote: { attempt: 4 } });
  });

  it('has a run that is not begun as queued, and records an end that it sees', async () => {
    const held = heldPauses();
    const work = await jobWork({ pendingMs: 1, sleep: held.sleep });
    const id = await work.submit('greet --name Ada');
    expect(await work.shown(id)).toMatchObject({ status: 'queued', remote: { state: 'pending' } });
    expect(await work.run('jobs list --refresh')).toMatchObject({ code: 0 });
    await held.end();
    await expect.poll(async () => (await work.shown(id)).status).toBe('completed');
    expect(await work.stored(id)).toMatchObject({ status: 'completed', finished_at: expect.any(String) });
  });
});

describe('jobs logs', () => {
  const NONE = 'no log: such servers tell it when the run has completed, and never of one that failed\n';

  it('has what the server tells of a run, once it has completed', async () => {
    const work = await jobWork({ speed: 0.15 });
    const id = await work.submit('slow --ms 400');
    expect(await work.run(`jobs logs ${id}`)).toMatchObject({ code: 0, stdout: '', stderr: NONE });
    const following = work.start(`jobs logs -f ${id}`);
    const lines = [1, 2, 3, 4].map((turn) => `${TIME}  Turn ${turn} of 4\n`).join('');
    const all = { code: 0, stdout: expect.stringMatching(new RegExp(`^${lines}$`)), stderr: '' };
    expect(await following.done).toMatchObject(all);
    expect(await work.run(`jobs logs ${id}`)).toMatchObject(all);
    const { data } = await work.json(`jobs logs ${id}`);
    expect(data.entries).toHaveLength(4);
    expect(data.entries[0]).toEqual({ time: expect.stringMatching(TIME), text: 'Turn 1 of 4' });
  });

  it('has nothing of one that failed, or logged nothing, and says so', async () => {
    const work = await jobWork();
    await work.run('always-fails');
    for (const follow of ['', '-f '])
      expect(await work.run(`jobs logs ${follow}--latest`)).toMatchObject({
        code: 0,
        stdout: '',
        stderr: NONE,
      });
    await work.run('scalar');
    expect(await work.run('jobs logs --latest')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no log: the run logged nothing\n',
    });
  });

  it('are asked for where the run has ended meanwhile', async () => {
    const work = await jobWork();
    const id = await work.submit('greet --name Ada');
    expect(await work.run(`jobs logs ${id}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^${TIME}  Generating greeting for Ada\n$`)),
      stderr: '',
    });
    expect(await work.stored(id)).toMatchObject({ status: 'completed' });
  });
});

describe('nobody can cancel a run', () => {
  it('and jobs cancel says so, without a word to the server', async () => {
    const work = await jobWork({ speed: 1 });
    const id = await work.submit('slow --ms 600000');
    const { requests } = work.server.stats;
    const before = { ...requests };
    expect(await work.run(`jobs cancel ${id}`)).toMatchObject({
      code: 5,
      stdout: '',
      stderr:
        'error: the server has no cancel for its jobs\n' +
        'hint: the run goes on at the server: wait for it, or stop it by the means of the server itself (restarting it ends its runs)\n',
    });
    expect(requests).toEqual(before);
    expect(await work.shown(id)).toMatchObject({ status: 'running', cancel_requested_at: null });
    expect(errorOf(await work.run(`jobs cancel ${id} --json`))).toMatchObject({
      code: 'unsupported',
      exit_code: 5,
    });
  });

  it('but one that has ended needs none', async () => {
    const work = await jobWork();
    await work.run('scalar');
    expect(await work.run('jobs cancel --latest')).toMatchObject({
      code: 0,
      stderr: 'nothing to cancel: the job had ended (completed)\n',
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('so that %s in the foreground leaves it', async (signal, code) => {
    const work = await jobWork({ speed: 1 });
    const foreground = work.start('slow --ms 4000');
    await work.called('get_job_status');
    const [job] = await work.json('jobs list');
    foreground.signal(signal);
    expect(await foreground.done).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `(^|\\n)error: stopped waiting; the job goes on\nhint: come back with: mcp2cli work jobs wait ${job.job_id}\n$`,
        ),
      ),
    });
    expect(await work.stored(job.job_id)).toMatchObject({ status: 'running', cancel_requested_at: null });
    expect(await work.run(`jobs wait ${job.job_id}`)).toMatchObject({ code: 0, stdout: '{"ms":4000}\n' });
    expect(work.server.stats).toMatchObject({ executions: { slow: 1 }, cancelledCalls: 0 });
  });

  it('and the end of --timeout too', async () => {
    const work = await jobWork({ speed: 1 });
    const foreground = await work.run('slow --ms 6000 --timeout 3');
    const [job] = await work.json('jobs list');
    expect(foreground).toMatchObject({
      code: 124,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          '(^|\\n)error: the time ran out; the run cannot be cancelled, and goes on at the server\n' +
            `hint: come back with: mcp2cli work jobs wait ${job.job_id}\n$`,
        ),
      ),
    });
    expect(await work.run(`jobs wait ${job.job_id}`)).toMatchObject({ code: 0, stdout: '{"ms":6000}\n' });
    expect(work.server.stats.executions).toEqual({ slow: 1 });
  });
});
