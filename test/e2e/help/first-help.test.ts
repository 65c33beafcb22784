/** Help and hints for somebody who has no instance yet, and `help` of a linked command. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, startCommand } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, dataOf } from '../../support/instance.ts';
import { STDIO_SERVER } from '../../support/servers.ts';

const HELPS: [words: string[], usage: string][] = [
  [['jobs', '--help'], 'jobs'],
  [['--help', 'jobs'], 'jobs'],
  [['help', 'jobs'], 'jobs'],
  [['jobs', 'wait', '--help'], 'jobs wait'],
  [['jobs', 'wait', '-h'], 'jobs wait'],
  [['help', 'jobs', 'wait'], 'jobs wait'],
  [['jobs', 'answer', '--help'], 'jobs answer'],
  [['ls', '--help'], 'ls'],
  [['help', 'ls'], 'ls'],
  [['refresh', '--help'], 'refresh'],
  [['call', '--help'], 'call'],
  [['help', 'call'], 'call'],
];

it.each(HELPS)('%j is help before there is an instance', async (words, usage) => {
  const home = freshHome();
  const asked = await run(words, { home });
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(asked.stdout).toMatch(new RegExp(`^Usage: mcp2cli INSTANCE ${usage} `));
  // Nor does it need a configuration that can be read, or an active instance that is there.
  writeFileSync(join(home, 'config.json'), '{');
  expect(await run(words, { home })).toEqual(asked);
  writeFileSync(join(home, 'config.json'), '{"mcpServers": {}}');
  expect(await run(words, { home, env: { MCP2CLI_INSTANCE: 'gone' } })).toEqual(asked);
});

it('is about the active instance where there is one', async () => {
  const home = freshHome();
  await addInstance(home, ['--', process.execPath, STDIO_SERVER]);
  expect((await run(['jobs', 'wait', '--help'], { home })).stdout).toMatch(
    /^Usage: mcp2cli INSTANCE jobs wait/,
  );
  await run(['instances', 'use', 'work'], { home });
  for (const [words, usage] of HELPS) {
    const { code, stdout } = await run(words, { home });
    expect({ words, code }).toEqual({ words, code: 0 });
    expect(stdout).toMatch(new RegExp(`^Usage: mcp2cli work ${usage} `));
  }
  expect(dataOf<{ text: string }>(await run(['jobs', '--help', '--json'], { home }))).toBeDefined();
});

it('tells who has no instance how to get one', async () => {
  const home = freshHome();
  const steps = 'add one: mcp2cli instances add NAME URL; or start the demo server: mcp2cli demo start';
  for (const words of [
    ['ls'],
    ['jobs', 'list'],
    ['call', 'x'],
    ['deploy'],
    ['-i', 'work', 'ls'],
    ['link', 'work'],
    ['instances', 'use', 'work'],
    ['instances', 'show', 'work'],
    ['doctor', 'work'],
    ['keeper', 'stop', 'work'],
  ]) {
    const { code, stdout, stderr } = await run(words, { home });
    expect({ words, code, stdout, hint: stderr.split('\n')[1] }).toEqual({
      words,
      code: 2,
      stdout: '',
      hint: `hint: ${steps}`,
    });
  }
  const list = await run(['instances', 'list'], { home });
  expect(list).toMatchObject({ code: 0, stdout: '', stderr: `no instances yet; ${steps}\n` });
  await addInstance(home, ['http://127.0.0.1:9/mcp']);
  const other = await run(['ls'], { home });
  expect(other.stderr).toContain('make one active: mcp2cli instances use NAME');
});

it.skipIf(process.platform === 'win32')('help of a linked command is its --help', async () => {
  const home = freshHome();
  await addInstance(home, ['--', process.execPath, STDIO_SERVER]);
  const dir = freshDir('bin');
  await run(['link', 'work', '--dir', dir], { home });
  const work = (...words: string[]) => startCommand(join(dir, 'work'), words, { home }).done;
  const help = await work('--help');
  expect(help.stdout).toMatch(/^Usage: work COMMAND/);
  expect(await work('help')).toEqual(help);
  expect(await run(['-i', 'work', 'help'], { home })).toEqual(await run(['work', 'help'], { home }));
  expect((await work('help', 'jobs', 'wait')).stdout).toMatch(/^Usage: work jobs wait/);
  expect(await work('help', 'describe')).toEqual(await work('describe', '--help'));
  expect((await work('help', 'instances')).stdout).toMatch(/^Usage: mcp2cli instances/);
});
