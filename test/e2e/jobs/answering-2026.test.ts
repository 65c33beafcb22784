/** Answering on protocol 2026-07-28, where a task lists what it asks, and a call may ask before there is a task. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { errorOf } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { watchedTasks2026, workAt } from '../../support/work.ts';

async function at() {
  const server = await watchedTasks2026({ speed: 50 });
  return { server, work: await workAt(server.url) };
}

/** Resolves when the job asks. */
async function untilAsking(work: Awaited<ReturnType<typeof at>>['work'], id: string): Promise<void> {
  expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 8, stdout: '' });
}

describe('several questions at once', () => {
  it('are listed, and answered in parts', async () => {
    const { server, work } = await at();
    const id = await work.submit('ask');
    const waited = await work.run(`--json jobs wait ${id}`);
    expect(waited).toMatchObject({ code: 8, stdout: '' });
    expect(errorOf(waited)).toMatchObject({
      code: 'input_required',
      message: `${id} waits for input: What is your name? (and 1 more)`,
      hint: `see what is asked: mcp2cli work jobs answer ${id} --help; on a terminal: mcp2cli work jobs wait ${id}`,
      details: { job_id: id, pending_input: [{ request_id: 'name' }, { request_id: 'color' }] },
    });
    expect((await work.run(`jobs show ${id}`)).stdout).toContain(
      [
        '',
        'asks (name): What is your name?',
        '  --name <string>  Name',
        `  answer with: mcp2cli work jobs answer ${id} --request name --name text`,
        'asks (color): Which colour?',
        '  --color <red|green|blue>  Colour [default: blue]',
        `  answer with: mcp2cli work jobs answer ${id} --request color --color red`,
        '',
      ].join('\n'),
    );
    const help = await work.run(`jobs answer ${id} --help`);
    expect(help.stdout).toContain(`Usage: mcp2cli work jobs answer ${id} --request name --name <string>`);
    expect(help.stdout).toContain(`Usage: mcp2cli work jobs answer ${id} --request color [flags]`);

    const which = await work.run(`jobs answer ${id} --name Ada`);
    expect(which).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: ${id} asks 2 things:\n  name: What is your name?\n  color: Which colour?\nhint: say which one with --request KEY\n`,
    });
    expect(await work.run(`jobs answer ${id} --request size --name Ada`)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --request: no open question "size"; open:\n {2}name: /),
    });
    expect(await work.run(`jobs answer ${id} --request na --name=`)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --name: must have at least 1 character /),
    });
    expect(server.stats.requests['tasks/update']).toBeUndefined();

    expect(await work.run(`jobs answer ${id} --request na --name Ada`)).toMatchObject({
      code: 0,
      stdout: `answered ${id} (accept); the job is input_required, 1 question open\n`,
      stderr: '',
    });
    // The only one that is left needs no key; a form as it is proposed is accepted in so many words only.
    expect(await work.run(`jobs answer ${id}`)).toMatchObject({ code: 2, stdout: '' });
    expect(await work.run(`jobs answer ${id} --accept`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/ \(accept\); the job is (running|completed)\n$/),
    });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 0,
      stdout: 'name is Ada, color is blue\n',
      stderr: '',
    });
    expect(server.stats.requests['tasks/update']).toBe(2);
  });

  it.skipIf(!ptyTool())('are asked one after the other on a terminal', async () => {
    const { work } = await at();
    const terminal = startOnPty(['work', 'ask'], { home: work.home });
    await terminal.waitForStdout(/What is your name\?[^>]*name[^>]*> /);
    expect(terminal.stdout).not.toContain('Which colour?');
    terminal.write('Ada\r');
    await terminal.waitForStdout(/Which colour\?[^>]*one of red, green, blue, optional \[blue\][^>]*> /);
    terminal.write('red\r');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('name is Ada, color is red\r\n');
    expect(code).toBe(0);
  });

  it.skipIf(!ptyTool())('a prompt ends with a note when the question is answered elsewhere', async () => {
    const { work } = await at();
    const id = await work.submit('ask');
    const terminal = startOnPty(['work', 'jobs', 'wait', id], { home: work.home });
    await terminal.waitForStdout(/What is your name\?[^>]*> /);
    terminal.write('Gra');
    expect(await work.run(`jobs answer ${id} --request name --name Ada`)).toMatchObject({ code: 0 });
    await terminal.waitForStdout(/\r\n\(the question was answered elsewhere, or withdrawn\)\r\n/);
    await terminal.waitForStdout(/Which colour\?[^>]*> /);
    terminal.write('green\r');
    const { code, stdout } = await terminal.done;
    expect(stdout).toContain('name is Ada, color is green\r\n');
    expect(code).toBe(0);
  });

  it('--elicit defaults answers what it can, and leaves the rest', async () => {
    const { server, work } = await at();
    const id = await work.submit('ask');
    const waited = await work.run(`jobs wait ${id} --elicit defaults`);
    expect(waited).toMatchObject({
      code: 8,
      stdout: '',
      stderr: expect.stringContaining(
        `answered with the defaults by policy (--elicit defaults): Which colour?\nerror: ${id} waits for input: What is your name?\nhint: answer with: mcp2cli work jobs answer ${id} --name text;`,
      ),
    });
    expect(await work.run(`jobs answer ${id} --name Ada`)).toMatchObject({ code: 0 });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ stdout: 'name is Ada, color is blue\n' });
    expect(server.stats.requests['tasks/update']).toBe(2);
  });

  it('--elicit decline declines them all', async () => {
    const { work } = await at();
    expect(await work.run('ask --elicit decline')).toMatchObject({
      code: 0,
      stdout: 'name was declined, color was declined\n',
    });
  });
});

describe('a page', () => {
  const URL = 'https://example.com/confirm?order=7';

  it('is shown whole, and accepted in so many words', async () => {
    const { work } = await at();
    const id = await work.submit('ask-url');
    await untilAsking(work, id);
    const shown = await work.run(`jobs show ${id}`);
    expect(shown.stdout).toContain(
      `\nasks: Confirm in your browser: ${URL}\n  answer with: mcp2cli work jobs answer ${id} --accept\n`,
    );
    expect(await work.run(`jobs answer ${id} --accept --page 1`)).toMatchObject({ code: 2, stdout: '' });
    const answered = await work.run(`jobs answer ${id} --accept`);
    expect(answered).toMatchObject({ code: 0, stderr: `open it yourself: ${URL}\n` });
    expect(answered.stdout).toMatch(new RegExp(`^answered ${id} \\(accept\\); the job is `));
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0, stdout: 'The page was visited\n' });
  });

  it.each([
    ['--elicit decline', 0, 'visit was declined\n'],
    ['--elicit defaults', 8, ''],
  ])('%s', async (policy, code, stdout) => {
    const { work } = await at();
    expect(await work.run(`ask-url ${policy}`)).toMatchObject({ code, stdout });
  });

  it.skipIf(!ptyTool())('needs a yes on a terminal', async () => {
    const { work } = await at();
    const terminal = startOnPty(['work', 'ask-url'], { home: work.home });
    await terminal.waitForStdout(
      /open this page yourself: https:\/\/example\.com\/confirm\?order=7\r\n.*\[y\/n\] /s,
    );
    terminal.write('perhaps\r');
    await terminal.waitForStdout(/perhaps.*\[y\/n\] /s);
    terminal.write('y\r');
    expect(await terminal.done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The page was visited'),
    });
  });
});

describe('a question before there is a task', () => {
  it('is answered by policy', async () => {
    const { server, work } = await at();
    const declined = { code: 0, stdout: 'Nothing started: target was declined\n' };
    expect(await work.run('ask-first --elicit decline')).toMatchObject(declined);
    expect(await run(['instances', 'set', 'work', 'elicit', 'decline'], { home: work.home })).toMatchObject({
      code: 0,
    });
    expect(await work.run('ask-first')).toMatchObject(declined);
    expect(server.stats.tasksCreated).toBe(0);
  });

  it('is left by a policy that does not fit', async () => {
    const { work } = await at();
    const started = performance.now();
    expect(await work.run('ask-first --elicit defaults')).toMatchObject({
      code: 8,
      stdout: '',
      stderr: expect.stringContaining('nobody answers here: Where to?\n'),
    });
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});
