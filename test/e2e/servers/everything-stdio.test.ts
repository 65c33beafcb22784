/** The official "everything" server over stdio: a child process that must not outlive the command. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { homeWith } from '../../support/instance.ts';
import { everythingStdio } from '../../support/servers.ts';

/** Command lines of running processes that have `marker` in their arguments. */
function running(marker: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(marker) && !line.includes('ps -eo'));
}

/** A home with the server, recognisable among all processes by an argument that it ignores. */
async function everythingHome(marker: string): Promise<string> {
  const { command, args } = everythingStdio();
  return homeWith(['--', command, ...args, marker]);
}

it('lists and calls, and leaves no server behind', async () => {
  const marker = `marker-${process.pid}-plain`;
  const home = await everythingHome(marker);
  const listed = await run(['work', 'ls', '--kind', 'tool'], { home });
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^echo {2,}Echoes back the input string$/m);
  expect(running(marker)).toEqual([]);

  const called = await run(['work', 'echo', '--message', 'hi'], { home });
  expect(called).toMatchObject({ code: 0, stdout: 'Echo: hi\n', stderr: '' });
  expect(running(marker)).toEqual([]);
});

it('runs --background synchronously and says so; the job is like any other', async () => {
  const marker = `marker-${process.pid}-background`;
  const home = await everythingHome(marker);
  const { code, stdout, stderr } = await run(['work', 'echo', '--message', 'hi', '--background'], { home });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Job submitted: job_\w+ \(local\)\n$/);
  expect(stderr).toBe(
    'ran synchronously (the server has no tasks for this tool; --detach returns at once): the job is completed\n',
  );
  expect(running(marker)).toEqual([]);
  const waited = await run(['work', 'jobs', 'wait', '--latest'], { home });
  expect(waited).toMatchObject({ code: 0, stdout: 'Echo: hi\n', stderr: '' });
});

it('drives a tool that must be a task to its end inside a foreground command', async () => {
  const marker = `marker-${process.pid}-task`;
  const home = await everythingHome(marker);
  const words = ['work', 'simulate-research-query', '--topic', 'x'];
  const command = start(words, { home });
  // The marker tells: otherwise finding nothing afterwards would say nothing.
  await expect.poll(() => running(marker).length).toBeGreaterThan(0);
  const { code, stdout, stderr } = await command.done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^# Research Report: x\n/);
  expect(running(marker)).toEqual([]);
  // It leaves a job, so that a lost terminal loses nothing.
  const waited = await run(['work', 'jobs', 'wait', '--latest'], { home });
  expect(waited).toMatchObject({ code: 0, stdout, stderr: '' });
});
