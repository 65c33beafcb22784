/** One style of time: ages on a terminal, the exact time in a pipe. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { STDIO_SERVER } from '../../support/servers.ts';

const AGE = String.raw`\d+[smh] ago`;
const EXACT = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`;

describe.skipIf(!ptyTool())('times', () => {
  it('are ages on a terminal and exact in a pipe', async () => {
    const home = freshHome();
    endKeepers(home);
    await addInstance(home, ['--', process.execPath, STDIO_SERVER]);
    await run(['work', 'slow', '--ms', '600000', '--background', '--detach'], { home });
    const places: [words: string[], before: string][] = [
      [['work', 'jobs', 'list'], ''],
      [['work', 'jobs', 'show', '--latest'], 'created: '],
      [['work', 'jobs', 'show', '--latest'], 'updated: '],
      [['keeper', 'status'], 'process \\d+  (since|started) '],
      [['keeper', 'status'], 'slow  (since|started) '],
    ];
    for (const [words, before] of places) {
      const person = await startOnPty([...words, '--no-color'], { home, columns: 160 }).done;
      expect(person.stdout).toMatch(new RegExp(before + AGE));
      expect(person.stdout).not.toMatch(new RegExp(EXACT));
      const pipe = await run(words, { home });
      expect(pipe.stdout).toMatch(new RegExp(before + EXACT));
      expect(pipe.stdout).not.toMatch(new RegExp(AGE));
    }
  });
});
