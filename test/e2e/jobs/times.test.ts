/** One style of time: ages on a terminal, the exact time in a pipe. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { sharedStore } from '../../support/env.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { STDIO_SERVER } from '../../support/servers.ts';

const AGE = String.raw`\d+[smh] ago`;
const EXACT = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`;

describe.skipIf(!ptyTool())('times are ages on a terminal and exact in a pipe', () => {
  it('of a job', async () => {
    const home = await detached();
    await expectTimes(home, ['work', 'jobs', 'list'], '');
    await expectTimes(home, ['work', 'jobs', 'show', '--latest'], 'created: ');
    await expectTimes(home, ['work', 'jobs', 'show', '--latest'], 'updated: ');
  });

  // Calls that are detached from a store in Redis are made by workers.
  it.skipIf(sharedStore() !== undefined)('of a keeper, and of what it holds', async () => {
    const home = await detached();
    await expectTimes(home, ['keeper', 'status'], 'process \\d+  (since|started) ');
    await expectTimes(home, ['keeper', 'status'], 'slow  (since|started) ');
  });
});

/** A home with a job that nobody waits for. */
async function detached(): Promise<string> {
  const home = freshHome();
  endKeepers(home);
  await addInstance(home, ['--', process.execPath, STDIO_SERVER]);
  await run(['work', 'slow', '--ms', '600000', '--background', '--detach'], { home });
  return home;
}

/** Expects a time after `before`, a regular expression. */
async function expectTimes(home: string, words: readonly string[], before: string): Promise<void> {
  const person = await startOnPty([...words, '--no-color'], { home, columns: 160 }).done;
  expect(person.stdout).toMatch(new RegExp(before + AGE));
  expect(person.stdout).not.toMatch(new RegExp(EXACT));
  const pipe = await run(words, { home });
  expect(pipe.stdout).toMatch(new RegExp(before + EXACT));
  expect(pipe.stdout).not.toMatch(new RegExp(AGE));
}
