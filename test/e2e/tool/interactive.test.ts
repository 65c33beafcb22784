/** Arguments that are asked for on the terminal. */
import { describe, expect, it } from 'vitest';
import type { Handle } from '../../support/cli.ts';
import { run } from '../../support/cli.ts';
import { homeAt } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer } from '../../support/servers.ts';
import { watchedServer } from '../../support/work.ts';

/** Types a line once the terminal shows `prompt` with a place to type after it. */
async function type(terminal: Handle, prompt: RegExp, text: string): Promise<void> {
  await terminal.waitForStdout(new RegExp(`${prompt.source}[^>]*> `, 's'));
  terminal.write(`${text}\r`);
}

describe.skipIf(!ptyTool())('on a terminal', () => {
  it('a missing required flag is asked for, and again when it does not fit', async () => {
    const server = await watchedServer({ dialect: 'plain' });
    const home = await homeAt(server.url);
    const terminal = startOnPty(['work', 'add', '--a', '1'], { home, columns: 120 });
    await type(terminal, /--b: a number/, 'many');
    await type(terminal, /must be a number \(given "many"\)/, '2');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('runs: mcp2cli work add --a 1 --b 2\r\n');
    expect(code).toBe(0);
    expect(server.sent(/^tools\/call$/).map(({ params }) => params['arguments'])).toEqual([{ a: 1, b: 2 }]);
  });

  it('--interactive asks for everything that was not typed; an empty line leaves an optional one out', async () => {
    const server = await watchedServer({ dialect: 'plain', speed: 50 });
    const home = await homeAt(server.url);
    const terminal = startOnPty(['work', 'export', '--interactive'], { home, columns: 120 });
    await type(terminal, /--dataset: text/, 'full set');
    await type(terminal, /--format: one of: .*optional/, 'csv');
    await type(terminal, /--duration: .*optional/, '');
    const { code, stdout } = await terminal.done;
    expect(stdout).toMatch(/runs: mcp2cli work export --dataset 'full set' --format csv\r\n/);
    expect(code).toBe(0);
    expect(server.sent(/^tools\/call$/).map(({ params }) => params['arguments'])).toEqual([
      { dataset: 'full set', format: 'csv' },
    ]);
  });

  it('^D and ^C send nothing', async () => {
    const { url, stats } = await demoServer({ dialect: 'plain' });
    const home = await homeAt(url);
    for (const key of ['\x04', '\x03']) {
      const terminal = startOnPty(['work', 'echo'], { home });
      await terminal.waitForStdout(/--message: text[^>]*> /s);
      terminal.write(key);
      expect(await terminal.done).toMatchObject({ code: 130 });
    }
    expect(stats.calls).toEqual({});
  });

  it('nobody is asked who wants JSON or quiet', async () => {
    const { url } = await demoServer({ dialect: 'plain' });
    const home = await homeAt(url);
    for (const flag of ['--json', '--quiet'])
      expect(await startOnPty(['work', 'echo', flag], { home }).done).toMatchObject({ code: 2 });
  });
});

it('without a terminal nobody is asked, and --interactive says so', async () => {
  const { url } = await demoServer({ dialect: 'plain' });
  const home = await homeAt(url);
  expect(await run(['work', 'echo'], { home })).toMatchObject({
    code: 2,
    stderr: 'error: missing required --message\nhint: see: mcp2cli work echo --help\n',
  });
  expect(await run(['work', 'echo', '--interactive'], { home })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'error: --interactive needs a terminal to ask on\n',
  });
});
