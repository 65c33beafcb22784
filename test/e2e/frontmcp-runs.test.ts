/** Runs of a job server, from the submission to the end: what is sent, what is printed, what is told meanwhile. */
import { describe, expect, it } from 'vitest';
import { run, start } from '../support/cli.ts';
import { uuid } from '../support/frontmcp/expected.ts';
import { frontmcpStdio } from '../support/frontmcp/server.ts';
import { type JobWork, jobWork } from '../support/frontmcp/work.ts';
import { dataOf, errorOf, homeWith, submitted } from '../support/instance.ts';
import { endKeepers, keepers } from '../support/keeper.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

const BROKEN = `fails-in-the-middle: failed
├─ first: completed  {"message":"Hello first!"}
├─ second: failed
└─ third: skipped
`;

/** Everything that starts a run, as the server got it. */
const started = (work: JobWork) =>
  work
    .sent()
    .filter(({ name }) => name.startsWith('execute'))
    .map(({ name, arguments: args }) => [name, args]);

describe('a run in the foreground is one in the background that is waited for', () => {
  it.each([
    ['greet --name Ada', 0, '{"message":"Hello Ada!"}\n', ''],
    ['scalar', 0, '42\n', ''],
    ['nothing', 0, '', ''],
    ['large --kb 100', 0, `{"text":"${'x'.repeat(100 * 1024)}"}\n`, ''],
    ['flaky --failures 2', 0, '{"attempts":3}\n', ''],
    ['always-fails', 1, '', 'error: always-fails failed: The warehouse is closed\n'],
    ['flaky --failures 9', 1, '', 'error: flaky failed: Attempt 5 failed\n'],
    ['fails-in-the-middle', 1, BROKEN, 'error: fails-in-the-middle failed: step second failed\n'],
  ])('%s', async (words, code, stdout, stderr) => {
    // What went wrong is told in production too, which it is not of a run inline.
    const work = await jobWork({ production: true });
    const outcome = { code, stdout, stderr };
    expect(await work.run(words)).toMatchObject(outcome);
    const id = await work.submit(words);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(outcome);
    // Once more, from the record.
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(outcome);
    const [name] = words.split(' ');
    const tool = name === 'fails-in-the-middle' ? 'execute_workflow' : 'execute_job';
    expect(started(work)).toEqual(
      Array(2).fill([tool, { name, input: expect.any(Object), background: true }]),
    );
    expect(work.server.stats.executions).toEqual({ [name as string]: 2 });
    expect(work.sent().some((call) => 'task' in call)).toBe(false);
  });

  it('with the steps of a workflow, whichever ends first', async () => {
    const work = await jobWork();
    const steps = [
      'etl: completed',
      '├─ orders: completed  {"message":"Hello orders!"}',
      '├─ users: completed  {"ms":200}',
      '└─ load: completed  {"sentiment":"positive","keyPhrases":["Hello","orders!"],"confidence":0.9,"language":"en"}',
    ];
    expect(await work.run('etl')).toMatchObject(ok(`${steps.join('\n')}\n`));
    const shown = await work.run('jobs show --latest');
    expect(shown.stdout).toContain(`\nresult:\n${steps.join('\n')}\n`);
  });

  it('and gives documents of the same shapes', async () => {
    const work = await jobWork();
    const greeting = { message: 'Hello Ada!' };
    const answer = {
      content: [{ type: 'text', text: JSON.stringify(greeting) }],
      structuredContent: greeting,
    };
    expect(await work.json('greet --name Ada')).toEqual({
      app_id: 'work',
      command: 'greet',
      summary: 'done',
      data: answer,
    });
    const { data } = await work.json('greet --name Ada --background');
    expect(data).toMatchObject({ capability: 'greet', backend: 'frontmcp', remote_task_id: uuid });
    expect((await work.json(`jobs wait ${data.job_id}`)).data).toMatchObject({
      status: 'completed',
      attempt: 1,
      error: null,
      result: answer,
      remote: { runId: data.remote_task_id, jobName: 'greet', state: 'completed' },
    });
    expect((await work.json('scalar')).data).toEqual({ content: [{ type: 'text', text: '42' }] });
    expect((await work.json('nothing')).data).toEqual({ content: [] });
  });

  it('and of the same failures', async () => {
    const work = await jobWork();
    const broken = await work.run('fails-in-the-middle --json');
    expect(broken).toMatchObject({ code: 1 });
    const { data } = JSON.parse(broken.stdout);
    const steps = { second: { outputs: {}, state: 'failed' }, third: { outputs: {}, state: 'skipped' } };
    expect(data).toMatchObject({ isError: true, structuredContent: { state: 'failed', stepResults: steps } });
    expect(JSON.parse(data.content[0].text)).toEqual(data.structuredContent);

    const closed = await work.run('always-fails --json');
    expect(closed).toMatchObject({ code: 1, stdout: '' });
    expect(errorOf(closed)).toMatchObject({
      code: 'tool_error',
      message: 'The warehouse is closed',
      exit_code: 1,
    });
    const waited = await work.run('jobs wait --latest --json');
    expect(waited).toMatchObject({ code: 1 });
    const error = { code: 'tool_error', message: 'The warehouse is closed', name: 'RangeError' };
    expect(dataOf(waited)).toMatchObject({ status: 'failed', error });
  });
});

it('--ttl is not passed on to a server that has no place for it', async () => {
  const work = await jobWork();
  const submitted = await work.run('scalar --background --ttl 1h');
  expect(submitted).toMatchObject({
    code: 0,
    stderr: '--ttl is not passed on: this server decides by itself how long it keeps a task\n',
  });
  expect(JSON.stringify(work.sent('execute_job'))).not.toContain('ttl');
});

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
    const work = await jobWork({ pendingMs: 700, speed: 1 });
    const id = await work.submit('greet --name Ada');
    expect(await work.shown(id)).toMatchObject({ status: 'queued', remote: { state: 'pending' } });
    expect(await work.run('jobs list --refresh')).toMatchObject({ code: 0 });
    await expect.poll(async () => (await work.shown(id)).status, { timeout: 10_000 }).toBe('completed');
    expect(await work.stored(id)).toMatchObject({ status: 'completed', finished_at: expect.any(String) });
  });
});

describe('jobs logs', () => {
  const NONE = 'no log: such servers tell it when the run has completed, and never of one that failed\n';

  it('has what the server tells of a run, once it has completed', async () => {
    const work = await jobWork({ speed: 0.4 });
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
    const foreground = await work.run('slow --ms 4000 --timeout 2');
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
    expect(await work.run(`jobs wait ${job.job_id}`)).toMatchObject({ code: 0, stdout: '{"ms":4000}\n' });
    expect(work.server.stats.executions).toEqual({ slow: 1 });
  });
});

describe('progress', () => {
  it('shows in the foreground, in watch and in the record', async () => {
    const work = await jobWork({ speed: 1 });
    const foreground = await work.run('slow --ms 3000');
    expect(foreground).toMatchObject({ code: 0, stdout: '{"ms":3000}\n' });
    expect(foreground.stderr).toMatch(/^progress: \d\/4 \(\d+%\) Turn \d\n/);
    const id = await work.submit('slow --ms 4000');
    const watching = work.start(`jobs watch ${id}`);
    await watching.waitForStdout(/running {2}\d\/4 \(\d+%\) Turn \d\n/);
    expect(await work.stored(id)).toMatchObject({ progress: { total: 4, message: /^Turn/ } });
    expect(await watching.done).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^${id}  (queued|running)\n(.*\n)*\\{"ms":4000\\}\n$`)),
      stderr: '',
    });
    expect(await work.stored(id)).toMatchObject({ progress: { total: 4, message: expect.any(String) } });
  });
});

it('jobs watch --json tells every change, and the end last', async () => {
  const work = await jobWork({ speed: 0.5 });
  const id = await work.submit('etl');
  const { code, stdout } = await work.run(`jobs watch ${id} --json`);
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).data);
  expect({ code, first: documents[0].status }).toEqual({
    code: 0,
    first: expect.stringMatching(/queued|running/),
  });
  expect(documents.at(-1)).toMatchObject({
    status: 'completed',
    result: { structuredContent: { workflowName: 'etl', stepResults: { users: { state: 'completed' } } } },
  });
});

describe('over stdio', () => {
  async function stdio(options = {}) {
    const { command, args } = await frontmcpStdio({ speed: 20, ...options });
    const home = await homeWith(['--', command, ...args]);
    endKeepers(home);
    return home;
  }

  it('a run in the foreground is one of the child of this process', async () => {
    const home = await stdio();
    expect(await run(['work', 'greet', '--name', 'Ada'], { home })).toMatchObject(
      ok('{"message":"Hello Ada!"}\n'),
    );
    expect(await run(['work', 'fails-in-the-middle'], { home })).toMatchObject({ code: 1, stdout: BROKEN });
    expect(await run(['work', 'always-fails'], { home })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'error: always-fails failed: The warehouse is closed\n',
    });
    expect(await run(['work', 'nothing'], { home })).toMatchObject(ok(''));
    expect(await run(['work', 'greet', '--name', 'Ada'], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'logs', '--latest'], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Z {2}Generating greeting for Ada\n$/),
    });
    expect(await run(['work', 'jobs', 'show', '--latest'], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`\nattempt: 1\nstarted: ${TIME}\nended: ${TIME}\n`)),
    });
    expect(await keepers(home)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130, /\nerror: interrupted; job_\w+ is canceled: .*\n$/],
    ['SIGTERM', 143, /\nerror: interrupted; job_\w+ is canceled: .*\n$/],
  ] as const)('which ends with it (%s)', async (signal, code, stderr) => {
    const home = await stdio({ speed: 1 });
    const foreground = start(['work', 'slow', '--ms', '2000'], { home });
    await foreground.waitForStderr(/progress: 1\/4/);
    foreground.signal(signal);
    expect(await foreground.done).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(stderr) });
    const shown = dataOf(await run(['work', '--json', 'jobs', 'show', '--latest'], { home }));
    expect(shown).toMatchObject({ status: 'canceled' });
  });

  it('one in the background is held by the keeper, and waited for from elsewhere', async () => {
    const home = await stdio();
    const id = await submitted(home, ['work', 'greet', '--name', 'Ada']);
    const waited = await run(['work', 'jobs', 'wait', id], { home });
    expect(waited).toMatchObject(ok('{"message":"Hello Ada!"}\n'));
    expect(await run(['work', 'jobs', 'logs', id], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Z {2}Generating greeting for Ada\n$/),
    });
    const broken = await submitted(home, ['work', 'fails-in-the-middle']);
    expect(await run(['work', 'jobs', 'wait', broken], { home })).toMatchObject({ code: 1, stdout: BROKEN });
    const slow = await submitted(home, ['work', 'slow', '--ms', '6000000']);
    expect(await run(['work', 'jobs', 'cancel', slow], { home })).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/^error: the server has no cancel for its jobs\n/),
    });
    expect(await run(['work', 'jobs', 'wait', slow, '--timeout', '1'], { home })).toMatchObject({
      code: 124,
    });
    const shown = dataOf(await run(['work', '--json', 'jobs', 'show', slow], { home }));
    expect(shown).toMatchObject({ status: 'running', backend: 'frontmcp', holder: { keeper: true } });
  });

  it('through a keeper that runs already, the foreground and the lists too', async () => {
    const home = await stdio();
    await submitted(home, ['work', 'slow', '--ms', '6000000']);
    expect(await run(['work', 'greet', '--name', 'Ada'], { home })).toMatchObject(
      ok('{"message":"Hello Ada!"}\n'),
    );
    expect(await run(['work', 'fails-in-the-middle'], { home })).toMatchObject({ code: 1, stdout: BROKEN });
    expect(await run(['work', 'refresh'], { home })).toMatchObject(ok('4 tools, 11 jobs, 2 workflows\n'));
    expect(await run(['work', 'ls', '--label', 'team=data', '--tag', 'data'], { home })).toMatchObject(
      ok('etl  workflow  Extract twice, then load  #data\n'),
    );
  });
});

it('over HTTP through a keeper it is the same', async () => {
  const work = await jobWork();
  endKeepers(work.home);
  expect(await run(['instances', 'set', 'work', 'keepAlive', 'true'], { home: work.home })).toMatchObject({
    code: 0,
  });
  expect(await work.run('greet --name Ada')).toMatchObject(ok('{"message":"Hello Ada!"}\n'));
  expect(await work.run('fails-in-the-middle')).toMatchObject({ code: 1, stdout: BROKEN });
  const id = await work.submit('flaky --failures 1');
  expect(await work.run(`jobs wait ${id}`)).toMatchObject(ok('{"attempts":2}\n'));
  expect(started(work)).toHaveLength(3);
});
