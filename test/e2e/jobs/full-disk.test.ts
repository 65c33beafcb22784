/** A result that was received is not lost because the record cannot be written. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { tmpfs } from '../../support/disk.ts';
import { dataOf, submitted } from '../../support/instance.ts';
import { endKeepers, everythingCommand } from '../../support/keeper.ts';
import { homeEnded } from '../../support/processes.ts';
import { demoServer } from '../../support/servers.ts';

const ANSWER = 'Deployed version 2.0 to staging\n';
const FULL = /could not be recorded: .*the disk is full/;

/** A home on a small disk, and the way to fill it up. */
async function smallHome(context: TestContext, how: readonly string[]) {
  const home = join(tmpfs(context, '256k'), 'home');
  mkdirSync(home, { mode: 0o700 });
  expect(await run(['instances', 'add', 'work', ...how], { home })).toMatchObject({ code: 0 });
  expect(await run(['work', 'ls'], { home })).toMatchObject({ code: 0 });
  const ballast = join(home, 'ballast');
  const fill = () => {
    // Down to the last byte: a large block first, then what is left.
    for (let size = 256 * 1024; size >= 1; size = Math.floor(size / 2))
      try {
        for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Smaller.
      }
  };
  return { home, fill, free: () => rmSync(ballast) };
}

it('a wait prints it and ends with 74, show shows it, and with room again it is recorded', async (context) => {
  const server = await demoServer({ speed: 50 });
  const { home, fill, free } = await smallHome(context, ['--url', server.url]);
  const id = await submitted(home, ['work', 'deploy', '--version', '2.0']);
  await expect.poll(() => server.stats.tasksCreated).toBe(1);
  fill();
  const waited = await run(['work', 'jobs', 'wait', id], { home });
  expect(waited).toMatchObject({ code: 74, stdout: ANSWER, stderr: expect.stringMatching(FULL) });
  const json = await run(['work', '--json', 'jobs', 'wait', id], { home });
  expect(json).toMatchObject({ code: 74, stderr: expect.stringMatching(FULL) });
  expect(dataOf(json)).toMatchObject({ status: 'completed', result: { content: [{ text: ANSWER.trim() }] } });
  const shown = await run(['work', 'jobs', 'show', id], { home });
  expect(shown).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^status: completed, [\s\S]*result:\nDeployed version 2\.0/),
    stderr: expect.stringMatching(FULL),
  });
  free();
  expect(await run(['work', 'jobs', 'wait', id], { home })).toEqual({
    code: 0,
    signal: null,
    stdout: ANSWER,
    stderr: '',
  });
});

it('the local wrapper prints it too', async (context) => {
  const server = await demoServer({ dialect: 'plain', speed: 2 });
  const { home, fill } = await smallHome(context, ['--url', server.url]);
  const command = start(['work', 'deploy', '--version', '2.0', '--background'], { home });
  await command.waitForStderr(/progress: /);
  fill();
  const { code, stdout, stderr } = await command.done;
  expect(code).toBe(74);
  expect(stdout).toMatch(new RegExp(`^Job submitted: job_\\w+ \\(local\\)\\n${ANSWER}$`));
  expect(stderr).toMatch(FULL);
});

it('a keeper holds on to it until there is room', async (context) => {
  const { home, fill, free } = await smallHome(context, everythingCommand());
  endKeepers(home);
  const id = await submitted(home, ['work', 'simulate-research-query', '--topic', 'cats']);
  fill();
  const waiter = start(['work', 'jobs', 'wait', id, '--timeout', '7s'], { home });
  expect(await waiter.done).toMatchObject({ code: 124, stdout: '' });
  free();
  expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^# Research Report: cats\n/),
  });
  // The disk is taken away with the test.
  await run(['keeper', 'stop'], { home });
  await homeEnded(home);
});
