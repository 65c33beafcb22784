/** Runs of a job server, from the submission to the end: what is sent, what is printed, what is told meanwhile. */
import { describe, expect, it } from 'vitest';
import { uuid } from '../../support/frontmcp/expected.ts';
import { type JobWork, jobWork } from '../../support/frontmcp/work.ts';
import { dataOf, errorOf } from '../../support/instance.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });

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
    // It never has the steps of a workflow.
    expect(work.sent('get_workflow_status')).toEqual([]);
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

it('what the server finds wrong with the input of a job that it does not list is told, in production too', async () => {
  const work = await jobWork({ production: true });
  const result = await work.run('call --job hidden --args {"word":7}');
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toMatch(/^error: hidden failed: \[\n/);
  expect(result.stderr).toContain('"Invalid input: expected string, received number"');
  expect((await work.shown()).error).toMatchObject({ code: 'tool_error', name: 'ZodError' });
});

describe('progress', () => {
  it('shows in the foreground, in watch and in the record', async () => {
    // A turn of the job lasts until it has been asked about.
    const turns: (() => void)[] = [];
    const work = await jobWork({ sleep: () => new Promise((resolve) => turns.push(resolve)) });
    work.falsify(({ name }) => {
      if (name === 'get_job_status') turns.shift()?.();
      return undefined;
    });
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
