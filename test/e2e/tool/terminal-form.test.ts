/** A server's question as a form on the terminal. */
import { describe, expect, it } from 'vitest';
import type { Handle } from '../../support/cli.ts';
import { run } from '../../support/cli.ts';
import { dataOf, homeAt, submitted } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer } from '../../support/servers.ts';

const PROVISION = ['work', 'provision', '--name', 'db1', '--duration', '0'];

/** Types a line once the terminal shows `prompt` with a place to type after it. */
async function type(terminal: Handle, prompt: RegExp, text: string): Promise<void> {
  await terminal.waitForStdout(new RegExp(`${prompt.source}[^>]*> `, 's'));
  terminal.write(`${text}\r`);
}

describe.skipIf(!ptyTool())('a form', () => {
  it('asks field by field, and again for what does not fit', async () => {
    const { url, stats } = await demoServer();
    const home = await homeAt(url);
    const terminal = startOnPty(PROVISION, { home, columns: 120 });
    await type(terminal, /region \(Region\): one of eu-west, us-east, ap-south/, 'mars');
    await type(terminal, /must be one of: eu-west, us-east, ap-south \(given "mars"\)/, 'us-east');
    await type(terminal, /size \(Size \(CPUs\)\): integer, optional \[2\]/, '1.5');
    await type(terminal, /must be an integer \(given "1\.5"\)/, '65');
    await type(terminal, /must be <= 64 \(given 65\)/, 'many');
    await type(terminal, /must be an integer \(given "many"\)/, '8');
    await type(terminal, /confirm \(Go ahead\) - This costs money: boolean \[false\]/, 'perhaps');
    await type(terminal, /must be true or false \(given "perhaps"\)/, 'y');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('The server asks: Where should db1 run?\r\n');
    expect(stdout).toMatch(/Provisioned db1 in us-east with 8 CPUs\r\n(\x1b\[\?25h)*$/);
    expect(code).toBe(0);
    expect(stats.calls).toEqual({ provision: 1 });
  });

  it('takes defaults for empty lines; a required field without one is asked again', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const terminal = startOnPty(PROVISION, { home });
    await type(terminal, /region/, '');
    await type(terminal, /a value is required/, 'eu-west');
    await type(terminal, /size/, '');
    await type(terminal, /confirm/, '');
    const { code, stdout } = await terminal.done;
    expect(stdout).toMatch(/Nothing provisioned: db1 was not confirmed\r\n(\x1b\[\?25h)*$/);
    expect(code).toBe(0);
  });

  it('is readable on a terminal that has not been told its size', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const terminal = startOnPty(PROVISION, { home, columns: 0, rows: 0 });
    await type(terminal, /\n {2}region \(Region\): one of eu-west, us-east, ap-south/, '!decline');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('The server asks: Where should db1 run?\r\n');
    expect(code).toBe(0);
  });

  it.each([
    ['!decline', 0, 'Nothing provisioned: db1 was declined'],
    ['!cancel', 1, 'Provisioning db1 was cancelled: nobody answered'],
  ])('takes %s for an answer', async (word, expected, said) => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const terminal = startOnPty(PROVISION, { home });
    await type(terminal, /region/, 'eu-west');
    await type(terminal, /size/, word);
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain(said);
    expect(code).toBe(expected);
  });

  it.each(['tasks-2025-11-25', 'meta-task'] as const)(
    '%s: ^C at the prompt ends the wait, not the job; the question is there for the next one',
    async (dialect) => {
      const { url, stats } = await demoServer({ dialect, pollIntervalMs: 50 });
      const home = await homeAt(url);
      const id = await submitted(home, PROVISION);
      const first = startOnPty(['work', 'jobs', 'wait', id], { home });
      await type(first, /region/, 'ap-south');
      await first.waitForStdout(/size[^>]*> /);
      first.write('\x03');
      const interrupted = await first.done;
      expect(interrupted.code).toBe(130);
      expect(interrupted.stdout).toContain('error: stopped waiting; the job goes on\r\n');
      expect(interrupted.stdout).toContain(`hint: come back with: mcp2cli work jobs wait ${id}\r\n`);

      const state = await run(['work', '--json', 'jobs', 'show', id], { home });
      expect(dataOf(state)).toMatchObject({ status: 'input_required', cancel_requested_at: null });

      const second = startOnPty(['work', 'jobs', 'watch', id], { home });
      await type(second, /region/, 'eu-west');
      await type(second, /size/, '');
      await type(second, /confirm/, 'yes');
      const { code, stdout } = await second.done;
      expect(stdout).toMatch(/Provisioned db1 in eu-west with 2 CPUs\r\n(\x1b\[\?25h)*$/);
      // Asked once, however many requests the question came by.
      expect(stdout.match(/The server asks/g)).toHaveLength(1);
      expect(code).toBe(0);
      expect(stats.calls).toEqual({ provision: 1 });
      expect(stats.cancelledTasks).toBe(0);
    },
  );

  it('^C at the prompt of a foreground call cancels the call', async () => {
    const { url, stats } = await demoServer({ dialect: 'plain' });
    const home = await homeAt(url);
    const terminal = startOnPty(PROVISION, { home });
    await terminal.waitForStdout(/region[^>]*> /);
    terminal.write('\x03');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('error: interrupted; the call was cancelled\r\n');
    expect(code).toBe(130);
    expect(stats.cancelledCalls).toBe(1);
  });
});
