/** Runs of a job server that is a child process, or is reached through a keeper. */
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { frontmcpStdio } from '../../support/frontmcp/server.ts';
import { jobWork } from '../../support/frontmcp/work.ts';
import { dataOf, homeWith, submitted } from '../../support/instance.ts';
import { endKeepers, keepers } from '../../support/keeper.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

const BROKEN = `fails-in-the-middle: failed
├─ first: completed  {"message":"Hello first!"}
├─ second: failed
└─ third: skipped
`;

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
    // It may have failed before the command has returned, which then says so.
    const failing = await run(['work', 'fails-in-the-middle', '--background', '--quiet'], { home });
    const broken = failing.stdout.trim();
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
  expect(work.sent('execute_job')).toHaveLength(2);
});
