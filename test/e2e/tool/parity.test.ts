/** `tool` and `tool --background` + `jobs wait` are two ways to the same answer: the same stdout, the same exit code. */
import { describe, expect, it } from 'vitest';
import { type Work, watchedServer, watchedTasks2026, workAt } from '../../support/work.ts';

const DIALECTS = ['tasks-2025-11-25', 'tasks-2026-07-28', 'meta-task', 'plain'] as const;

const serverOf = (dialect: (typeof DIALECTS)[number]) =>
  dialect === 'tasks-2026-07-28' ? watchedTasks2026({ speed: 50 }) : watchedServer({ dialect, speed: 50 });

/** Calls, and what both ways of making them come to. */
const CALLS = [
  { call: 'deploy --version 2.0', code: 0, stdout: 'Deployed version 2.0 to staging\n' },
  { call: 'export --dataset full --format csv', code: 0, stdout: /^Exported \d+ records of full as csv\n$/ },
  { call: 'batch-process --input data.csv', code: 0, stdout: 'Processed 800 rows of data.csv\n' },
  { call: 'picture', code: 0, stdout: /^A small picture\n\[image image\/png, \d+ B.*\]\n/ },
  { call: 'echo --message hello', code: 0, stdout: 'hello\n' },
  {
    call: 'flaky-import --source db',
    code: 1,
    stdout: 'Import from db failed: connection reset after 412 rows\n',
    stderr: /^error: flaky-import failed\n$/,
  },
  { call: 'protocol-error', code: 1, stdout: '', stderr: /^error: .*The demo failed on purpose\n$/ },
];

interface Way {
  code: number | null;
  stdout: string;
}

async function bothWays(
  work: Work,
  call: string,
): Promise<{ foreground: Way; wait: Way; stderrs: string[] }> {
  const foreground = await work.run(call);
  const submitted = await work.run(`${call} --background --quiet`);
  // A call that ran synchronously has its own outcome already.
  expect([0, foreground.code]).toContain(submitted.code);
  const wait = await work.run(`jobs wait ${submitted.stdout.trim()}`);
  return {
    foreground: { code: foreground.code, stdout: foreground.stdout },
    wait: { code: wait.code, stdout: wait.stdout },
    stderrs: [foreground.stderr.replace(/^progress: .*\n/gm, ''), wait.stderr],
  };
}

describe.each(DIALECTS)('against %s', (dialect) => {
  it.each(CALLS)('$call', async ({ call, code, stdout, stderr = /^$/ }) => {
    const server = await serverOf(dialect);
    const work = await workAt(server.url);
    const { foreground, wait, stderrs } = await bothWays(work, call);
    expect(wait).toEqual(foreground);
    expect(foreground.code).toBe(code);
    if (typeof stdout === 'string') expect(foreground.stdout).toBe(stdout);
    else expect(foreground.stdout).toMatch(stdout);
    for (const said of stderrs) expect(said).toMatch(stderr);
    // Two calls, two requests: waiting sends none.
    expect(server.stats.requests['tools/call']).toBe(2);
  });

  it('--json: data of the call is data.result of the wait', async () => {
    const work = await workAt((await serverOf(dialect)).url);
    const call = await work.json('deploy --version 2.0');
    const id = await work.submit('deploy --version 2.0');
    const wait = await work.json(`jobs wait ${id}`);
    // `_meta` names the task, which only one of the two has.
    const { _meta, ...result } = wait.data.result;
    expect(result).toEqual(call.data);
    expect(call).toMatchObject({
      app_id: 'work',
      command: 'deploy',
      data: { structuredContent: { version: '2.0' } },
    });
    expect(wait).toMatchObject({ app_id: 'work', command: 'jobs wait', data: { job_id: id } });
  });
});

it('without tasks --background runs the call at once, in a job of its own, and says so', async () => {
  const server = await watchedServer({ dialect: 'plain', speed: 50 });
  const work = await workAt(server.url);
  const { code, stdout, stderr } = await work.run('deploy --version 2.0 --background');
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
    stderr: expect.stringMatching(
      /^(progress: .*\n)*ran synchronously \(the server has no tasks .*\): .*completed\n$/,
    ),
  });
  const [job] = await work.json('jobs list');
  expect(job).toMatchObject({ status: 'completed', backend: 'local', remote_task_id: null, error: null });

  const shown = await work.run('jobs show --latest');
  expect(shown).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^status: completed\n/) });
  const watched = await work.run('jobs watch --latest');
  expect(watched).toMatchObject({ code: 0, stdout: 'Deployed version 2.0 to staging\n', stderr: '' });
  expect(server.stats.calls).toEqual({ deploy: 1 });
});

it('a failure without tasks is the outcome of the submission already', async () => {
  const work = await workAt((await watchedServer({ dialect: 'plain', speed: 50 })).url);
  const { code, stdout, stderr } = await work.run('flaky-import --source db --background');
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
    stderr: expect.stringMatching(/ran synchronously .*: the job is failed\nerror: flaky-import failed.*\n$/),
  });
});
