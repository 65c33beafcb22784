/** `demo`: the server that comes with the program, in the foreground and in the background. */
import { expect, it } from 'vitest';
import { atTestEnd, run, start } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { dataOf, submitted } from '../../support/instance.ts';

const LONG = ['demo', 'deploy', '--version', '1', '--duration', '600'];

/** A home whose demo server, if one runs in the end, is stopped. */
function demoHome(): string {
  const home = freshHome();
  atTestEnd(async () => void (await run(['demo', 'stop'], { home })));
  return home;
}

const jobOf = async (home: string, id: string) =>
  dataOf<{ status: string; error: { code: string } | null }>(
    await run(['demo', 'jobs', 'show', id, '--json'], { home }),
  );

it('prints help without a command, and takes nothing away from a server that runs', async () => {
  const home = demoHome();
  await run(['demo', 'start'], { home });
  const before = await run(['demo', 'status'], { home });
  const bare = await run(['demo'], { home });
  expect(bare).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^Usage: mcp2cli demo /) });
  for (const command of ['run', 'start', 'stop', 'status', 'tour'])
    expect(bare.stderr).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
  expect(await run(['demo', 'status'], { home })).toEqual(before);

  const second = await run(['demo', 'run'], { home });
  expect(second).toMatchObject({ code: 2, stdout: '' });
  expect(second.stderr).toMatch(/^error: the demo server runs already: http.*\nhint: .*mcp2cli demo stop\n$/);
  expect(await run(['demo', 'status'], { home })).toEqual(before);
  expect(await run(['demo', 'echo', '--message', 'hi'], { home })).toMatchObject({ code: 0, stdout: 'hi\n' });
});

it('counts one in the foreground as the one that runs', async () => {
  const home = demoHome();
  const first = start(['demo', 'run'], { home });
  const [, url] = await first.waitForStdout(/Serving (\S+) as instance demo\n/);
  expect((await run(['demo', 'status'], { home })).stdout).toContain(`Serving ${url} `);
  expect(await run(['demo', 'run'], { home })).toMatchObject({ code: 2 });
  expect((await run(['demo', 'start'], { home })).stdout).toContain(`Already serving ${url} `);
  const id = await submitted(home, LONG);
  const stopped = await run(['demo', 'stop'], { home });
  expect(stopped).toMatchObject({ code: 0, stderr: `warning: a job ran and is lost: ${id} (deploy)\n` });
  expect(await first.done).toMatchObject({ code: 0 });
  expect(await run(['demo', 'status'], { home })).toMatchObject({ code: 1, stdout: 'Not running\n' });
});

it('leaves nothing behind on ^C', async () => {
  const home = demoHome();
  const first = start(['demo', 'run'], { home });
  await first.waitForStdout(/Serving /);
  first.signal('SIGINT');
  expect(await first.done).toMatchObject({ code: 0 });
  expect(await run(['instances', 'list'], { home })).toMatchObject({ code: 0, stdout: '' });
  expect(await run(['demo', 'status'], { home })).toMatchObject({ code: 1 });
});

it('warns of jobs that run, and says afterwards what became of all', async () => {
  const home = demoHome();
  await run(['demo', 'start'], { home });
  const done = await submitted(home, ['demo', 'deploy', '--version', '1', '--duration', '0']);
  const lost = await submitted(home, LONG);
  // It has ended, though nobody has looked, by the time that a later one has.
  await run(['demo', 'deploy', '--version', '2', '--duration', '0'], { home });
  const stopped = await run(['demo', 'stop', '--json'], { home });
  expect(stopped).toMatchObject({ code: 0 });
  expect(dataOf(stopped)).toEqual({ stopped: true, lost_jobs: [lost] });
  expect(JSON.parse(stopped.stderr)).toEqual({
    warning: { code: 'jobs_lost', message: `a job ran and is lost: ${lost} (deploy)` },
  });

  await run(['demo', 'start'], { home });
  expect(await jobOf(home, done)).toMatchObject({ status: 'completed', error: null });
  expect(await jobOf(home, lost)).toMatchObject({ status: 'lost', error: { code: 'server_gone' } });
  const waited = await run(['demo', 'jobs', 'wait', lost], { home });
  expect(waited).toMatchObject({ code: 1, stdout: '' });
  expect(waited.stderr).toContain('the demo server that ran it was stopped');
});

it('says the same of jobs whose server was killed', async () => {
  const home = demoHome();
  await run(['demo', 'start'], { home });
  const id = await submitted(home, LONG);
  const { pid } = dataOf<{ pid: number }>(await run(['demo', 'status', '--json'], { home }));
  process.kill(pid, 'SIGKILL');
  await run(['demo', 'start'], { home });
  expect(await jobOf(home, id)).toMatchObject({ status: 'lost', error: { code: 'server_gone' } });
});
