/** `link`: an instance as a command of its own. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, startCommand } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { dataOf, homeAt } from '../../support/instance.ts';
import { demoServer } from '../../support/servers.ts';

it.skipIf(process.platform === 'win32')('makes a launcher that works from anywhere', async () => {
  const { url } = await demoServer();
  const home = await homeAt(url);
  const dir = join(freshDir('it is'), "a 'bin'");
  const linked = await run(['link', 'work', '--dir', dir], { home });
  const launcher = join(dir, 'work');
  expect(linked).toMatchObject({ code: 0, stdout: `Linked work: ${launcher}\n` });
  expect(linked.stderr).toContain(`${dir} is not in your PATH`);
  expect(statSync(launcher).mode & 0o777).toBe(0o755);

  // From another folder and without MCP2CLI_HOME: the launcher knows where its instance lives.
  const elsewhere = { home: freshHome(), cwd: '/', env: { MCP2CLI_HOME: undefined } };
  const call = await startCommand(launcher, ['echo', '--message', "it's"], elsewhere).done;
  expect(call).toMatchObject({ code: 0, stdout: "it's\n", stderr: '' });
  const submitted = await startCommand(
    launcher,
    ['deploy', '--version', '2.0', '--duration', '0', '--background'],
    elsewhere,
  ).done;
  expect(submitted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Job submitted: job_/) });
  const list = await run(['work', 'jobs', 'list'], { home });
  expect(list.stdout).toMatch(/^job_\w+ {2}deploy /);

  // What it says is said in its own name.
  const help = await startCommand(launcher, ['deploy', '--help'], elsewhere).done;
  expect(help.stdout).toMatch(/^Usage: work deploy --version/);
  const wrong = await startCommand(launcher, ['deply'], elsewhere).done;
  expect(wrong).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('did you mean deploy'),
  });
  const version = await startCommand(launcher, ['deploy', '--version'], elsewhere).done;
  expect(version).toMatchObject({ code: 2, stdout: '' });
});

it.skipIf(process.platform === 'win32')('replaces a launcher of its own, never a foreign file', async () => {
  const home = await homeAt('http://127.0.0.1:9/mcp');
  const dir = freshDir('bin');
  const path = join(dir, 'work');
  writeFileSync(path, '#!/bin/sh\necho mine\n');
  const refused = await run(['link', 'work', '--dir', dir], { home });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(`error: ${path} exists and is not a launcher of mcp2cli`);
  expect(readFileSync(path, 'utf8')).toBe('#!/bin/sh\necho mine\n');

  const forced = await run(['link', 'work', '--dir', dir, '--force', '--json'], { home });
  expect(forced.code).toBe(0);
  expect(dataOf(forced)).toEqual({ name: 'work', path });
  const again = await run(['link', 'WORK', '--dir', dir], { home });
  expect(again).toMatchObject({ code: 0, stdout: `Linked work: ${path}\n` });

  const unknown = await run(['link', 'nope', '--dir', dir], { home });
  expect(unknown).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('no instance "nope"'),
  });
});
