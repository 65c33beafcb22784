/** What a person at a terminal sees. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { BIN } from '../../support/env.ts';
import { homeAt, submitted } from '../../support/instance.ts';
import { ptyTool, startCommandOnPty, startOnPty } from '../../support/pty.ts';
import { demoServer } from '../../support/servers.ts';

const COLOR = /\x1b\[\d+m/;
const DEPLOY = ['work', 'deploy', '--version', '2.0', '--duration'];

describe.skipIf(!ptyTool())('on a terminal', () => {
  it('draws progress on stderr while the answer goes where stdout goes', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const answer = join(home, 'answer.txt');
    const line = `exec '${process.execPath}' '${BIN}' work countdown --from 4 --seconds 1 > '${answer}'`;
    const { code, stdout: seen } = await startCommandOnPty(['sh', '-c', line], { home }).done;
    expect(code).toBe(0);
    expect(readFileSync(answer, 'utf8')).toBe('Lift-off\n');
    expect(seen).toContain('[######------------------] 25% 3');
    expect(seen).toContain('[##################------] 75% 1');
    expect(seen).not.toContain('Lift-off');
    // The bar is repainted in place, and gone in the end: no line of it is left.
    expect(seen).not.toContain('\n');
    expect(seen).toMatch(/\x1b\[1G\x1b\[0K[^#]*$/);
  });

  it('shows nothing but the answer when there is no progress to show, or with --quiet', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    await run(['work', 'ls'], { home });
    const echo = await startOnPty(['work', 'echo', '--message', 'hi'], { home }).done;
    expect(echo).toMatchObject({ code: 0, stdout: 'hi\r\n' });
    const words = ['work', '--quiet', 'countdown', '--from', '3', '--seconds', '0.3'];
    expect(await startOnPty(words, { home }).done).toMatchObject({ code: 0, stdout: 'Lift-off\r\n' });
  });

  it('lists jobs as a table, in colour unless that is not wanted', async () => {
    const { url } = await demoServer({ speed: 50 });
    const home = await homeAt(url);
    const id = await submitted(home, [...DEPLOY, '1']);
    await run(['work', 'jobs', 'wait', id], { home });
    const list = ['work', 'jobs', 'list'];
    const colored = await startOnPty(list, { home }).done;
    expect(colored.code).toBe(0);
    expect(colored.stdout).toContain('\x1b[32mcompleted\x1b[39m');

    const wishes = [
      startOnPty(list, { home, env: { NO_COLOR: '1' } }),
      startOnPty([...list, '--no-color'], { home }),
      startOnPty(['--no-color', ...list], { home }),
      startOnPty(list, { home, env: { TERM: 'dumb' } }),
    ];
    for (const { code, stdout } of await Promise.all(wishes.map(({ done }) => done))) {
      expect(code).toBe(0);
      expect(stdout).not.toMatch(COLOR);
      const [heading, row, rest] = stdout.split('\r\n');
      expect(heading).toMatch(/^JOB {5}TOOL {4}STATUS {5}TOOK +CREATED +ARGUMENTS$/);
      expect(row).toMatch(
        new RegExp(`^${id.slice(-6)}  deploy  completed  \\d+s +\\d+s ago +version=2\\.0 duration=1$`),
      );
      expect(rest).toBe('');
      expect(heading?.indexOf('STATUS')).toBe(row?.indexOf('completed'));
    }
    const empty = await startOnPty(['work', 'jobs', 'list', '--status', 'lost'], { home }).done;
    expect(empty).toMatchObject({ code: 0, stdout: 'no jobs\r\n' });
  });

  it('watches a job: a live line, then the result', async () => {
    const { url } = await demoServer({ pollIntervalMs: 100 });
    const home = await homeAt(url);
    const id = await submitted(home, [...DEPLOY, '2']);
    const { code, stdout } = await startOnPty(['work', 'jobs', 'watch', id], { home, columns: 120 }).done;
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`running \\d+s .*\\(deploy ${id}\\)`));
    // The live line is taken away before the result stands there, alone on its line.
    expect(stdout).toMatch(
      /\x1b\[1G\x1b\[0K(\x1b\[\?25h)*Deployed version 2\.0 to staging\r\n(\x1b\[\?25h)*$/,
    );
    expect(stdout.match(/\n/g)).toHaveLength(1);
  });

  it('makes control characters of a server visible; in a pipe they stay what they are', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const hostile = '\x1b]0;owned\x07 red \x1b[31m \u202e back \u200b \x9b31m \r over';
    const words = ['work', 'echo', '--message', hostile];
    const seen = await startOnPty(words, { home }).done;
    expect(seen).toMatchObject({
      code: 0,
      stdout: '\\u001b]0;owned\\u0007 red \\u001b[31m \\u202e back \\u200b \\u009b31m \\u000d over\r\n',
    });
    expect(await run(words, { home })).toMatchObject({ code: 0, stdout: `${hostile}\n`, stderr: '' });

    const json = await startOnPty([...words, '--json'], { home, columns: 300 }).done;
    expect(json.code).toBe(0);
    expect(json.stdout).not.toMatch(/[\x1b\x07\u202e\u200b\x9b]/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      data: { content: [{ type: 'text', text: hostile }] },
    });
  });
});
