/** Answering what a task asks, from another shell: the official "everything" server, which tells its questions to whoever waits, and the demo's dialects. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { sharedStore } from '../../support/env.ts';
import { dataOf, errorOf, homeAt, submitted } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { type ChildServer, demoServer, everythingHttp } from '../../support/servers.ts';

let everything: ChildServer;
beforeAll(async () => {
  everything = await everythingHttp();
});
afterAll(() => everything.close());

const ASKING = ['work', 'simulate-research-query', '--topic', 'python', '--ambiguous'];
const QUESTION =
  'The research query "python" could have multiple interpretations. Please clarify what you\'re looking for:';

/** A home with a job that waits for input. */
async function asking() {
  const home = await homeAt(everything.url);
  const id = await submitted(home, ASKING);
  const work = (...words: string[]) => run(['work', ...words], { home });
  await work('jobs', 'wait', id);
  return { home, id, work };
}

describe('jobs answer', () => {
  it('says what is asked, refuses what does not fit, and brings the answer', async () => {
    const { id, work } = await asking();
    const line = `mcp2cli work jobs answer ${id} --interpretation programming`;
    const help = await work('jobs', 'answer', id, '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(
      new RegExp(
        `^Usage: mcp2cli work jobs answer ${id} --interpretation <programming\\|snake\\|comedy>\n\n`,
      ),
    );
    expect(help.stdout).toContain(`\nExample:\n  ${line}\n`);
    for (const flag of ['--accept', '--decline', '--cancel', '--args JSON', '--request KEY'])
      expect(help.stdout).toContain(`      ${flag} `);

    // The question is on record from now on.
    const shown = await work('jobs', 'show', id);
    expect(shown.stdout).toContain(`\nasks: ${QUESTION}\n  --interpretation <programming|snake|comedy>\n`);
    expect(shown.stdout).toMatch(/comedy:\s+Monty Python comedy group/);
    expect(shown.stdout).toContain(`\n  answer with: ${line}\n`);
    const waited = await work('jobs', 'wait', id);
    expect(waited).toMatchObject({
      code: 8,
      stdout: '',
      stderr: `error: ${id} waits for input: ${QUESTION}\nhint: answer with: ${line}; on a terminal: mcp2cli work jobs wait ${id}\n`,
    });

    const nothing = await work('jobs', 'answer', id);
    expect(nothing).toMatchObject({ code: 2, stdout: '' });
    expect(nothing.stderr).toContain(`asks: ${QUESTION}\n`);
    expect(nothing.stderr).toContain(`\nerror: no answer was given to ${id}\n`);
    expect(
      await work('jobs', 'answer', id, '--interpretation', 'snak', '--interpretaton', 'x'),
    ).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: 2 problems:\n  unknown flag --interpretaton (did you mean --interpretation?)\n  --interpretation: must be one of: programming, snake, comedy (given "snak"; did you mean snake?)\nhint: see: mcp2cli work jobs answer ${id} --help\n`,
    });
    expect(await work('jobs', 'answer', '--interpretation', 'snak', id)).toMatchObject({ code: 2 });
    expect(await work('jobs', 'answer', id, '--interpretation', 'snak')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: --interpretation: must be one of: programming, snake, comedy (given "snak"; did you mean snake?)\nhint: see: mcp2cli work jobs answer ${id} --help\n`,
    });
    expect(await work('jobs', 'answer', id, '--decline', '--interpretation', 'snake')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--decline takes no fields'),
    });

    const answered = await work('jobs', 'answer', id, '--interpretation', 'snake', '--json');
    expect(answered).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(answered.stdout)).toMatchObject({
      app_id: 'work',
      command: 'jobs answer',
      data: { job_id: id, pending_input: [] },
    });
    expect(['running', 'completed']).toContain(dataOf(answered)['status']);
    const result = await work('jobs', 'wait', id);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('- **Clarification**: snake\n');

    const late = await work('jobs', 'answer', id, '--interpretation', 'snake');
    expect(late).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: ${id} asks nothing: it is completed\n`,
    });
    expect(errorOf(await work('--json', 'jobs', 'answer', id, '--decline'))).toMatchObject({
      code: 'nothing_to_answer',
      exit_code: 2,
    });
  });

  it.each([
    [['--decline'], 'decline', 'User declined - using default interpretation'],
    [['--cancel'], 'cancel', 'User cancelled - using default interpretation'],
    [['--args', '{"interpretation": "comedy"}'], 'accept', 'comedy'],
  ])('%j', async (words, action, said) => {
    const { id, work } = await asking();
    const answered = await work('jobs', 'answer', '--latest', ...words);
    expect(answered).toMatchObject({ code: 0, stderr: '' });
    expect(answered.stdout).toMatch(
      new RegExp(`^answered ${id} \\(${action}\\); the job is (running|completed)\n$`),
    );
    expect((await work('jobs', 'wait', id)).stdout).toContain(`- **Clarification**: ${said}\n`);
  });

  it('is no answer for a job that runs, for none, or for one that another command runs', async () => {
    const { url } = await demoServer({ dialect: 'meta-task' });
    const home = await homeAt(url);
    const work = (...words: string[]) => run(['work', ...words], { home });
    expect(await work('jobs', 'answer', '--latest', '--decline')).toMatchObject({
      code: 2,
      stderr: 'error: there are no jobs yet\n',
    });
    const id = await submitted(home, ['work', 'deploy', '--version', '2', '--duration', '30']);
    expect(await work('jobs', 'answer', id, '--decline')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^error: ${id} asks nothing: it is (queued|running)\n$`)),
    });
    expect(await work('jobs', 'answer')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: which job\?/),
    });
    expect(await work('jobs', 'answer', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: mcp2cli work jobs answer \[ID\] \[flags\] \[--FIELD value\]/),
    });
    expect(await work('jobs', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\n {2}answer .*--FIELD value/),
    });
  });

  it.each(['tasks-2025-11-25', 'meta-task'] as const)(
    '%s: fields of every type, defaults filled in, all problems at once',
    async (dialect) => {
      const { url, stats } = await demoServer({ dialect, pollIntervalMs: 50 });
      const home = await homeAt(url);
      const id = await submitted(home, ['work', 'provision', '--name', 'db1', '--duration', '0']);
      const work = (...words: string[]) => run(['work', ...words], { home });
      await work('jobs', 'wait', id);
      expect(await work('jobs', 'answer', id, '--size', '65', '--confirm')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(
          'error: 2 problems:\n  missing required --region\n  --size: must be <= 64 (given 65)\n',
        ),
      });
      expect(await work('jobs', 'answer', id, '--accept')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('missing required --region'),
      });
      expect(await work('jobs', 'answer', id, '--region', 'us-east', '--confirm')).toMatchObject({
        code: 0,
      });
      expect(await work('jobs', 'wait', id)).toMatchObject({
        code: 0,
        stdout: 'Provisioned db1 in us-east with 2 CPUs\n',
      });
      expect(stats.calls).toEqual({ provision: 1 });
    },
  );

  it.skipIf(!ptyTool())(
    'without an answer in the line asks on the terminal, and does not wait for the end',
    async () => {
      const { url } = await demoServer({ pollIntervalMs: 50 });
      const home = await homeAt(url);
      const id = await submitted(home, ['work', 'provision', '--name', 'db1', '--duration', '4']);
      expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 8 });
      const terminal = startOnPty(['work', 'jobs', 'answer', id], { home });
      for (const [prompt, text] of [
        ['region', 'eu-west'],
        ['size', '4'],
        ['confirm', 'y'],
      ] as const) {
        await terminal.waitForStdout(new RegExp(`${prompt}[^>]*> `, 's'));
        terminal.write(`${text}\r`);
      }
      const { code, stdout } = await terminal.done;
      expect(stdout).toContain(`answered ${id} (accept); the job is running\r\n`);
      expect(code).toBe(0);
    },
  );
});

// In a store that machines share it is answered from anywhere (keeper/other-machines.test.ts).
it.skipIf(!ptyTool() || sharedStore() !== undefined)(
  'a job that another command runs is answered where that command asks',
  async () => {
    const { url, stats } = await demoServer({ dialect: 'plain' });
    const home = await homeAt(url);
    const words = ['work', 'provision', '--name', 'db1', '--duration', '0', '--background'];
    const terminal = startOnPty(words, { home });
    await terminal.waitForStdout(/region[^>]*> /);
    const shown = await run(['work', 'jobs', 'show', '--latest'], { home });
    expect(shown.stdout).toContain('\nasks: Where should db1 run?\n');
    const answer = await run(['work', 'jobs', 'answer', '--latest', '--decline', '--json'], { home });
    expect(answer).toMatchObject({ code: 5, stdout: '' });
    expect(errorOf(answer)).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/^job_\w+ is run by another command \(process \d+\)$/),
    });
    terminal.write('!decline\r');
    expect(await terminal.done).toMatchObject({ code: 0 });
    expect(stats.calls).toEqual({ provision: 1 });
  },
);

it.skipIf(!ptyTool())('^C at the prompt of jobs answer leaves the question open', async () => {
  const { url } = await demoServer({ pollIntervalMs: 50 });
  const home = await homeAt(url);
  const id = await submitted(home, ['work', 'provision', '--name', 'db1', '--duration', '0']);
  expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 8 });
  const terminal = startOnPty(['work', 'jobs', 'answer', id], { home });
  await terminal.waitForStdout(/region[^>]*> /);
  terminal.write('\x03');
  const { code, stdout } = await terminal.done;
  expect(stdout).toContain('error: interrupted; what is open stays open\r\n');
  expect(code).toBe(130);
  expect(await run(['work', 'jobs', 'answer', id, '--decline'], { home })).toMatchObject({ code: 0 });
  expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({
    code: 0,
    stdout: 'Nothing provisioned: db1 was declined\n',
  });
});

describe('--elicit', () => {
  const FORM = ['work', 'trigger-elicitation-request'];

  it.each([
    [[], 'ask'],
    [['--elicit', 'ask'], 'ask'],
    [['--elicit', 'defaults'], 'a required field has no default'],
  ])('%j without a terminal: exit 8 at once, saying what was asked (%s)', async (policy) => {
    const home = await homeAt(everything.url);
    await run(['work', 'ls'], { home });
    const started = performance.now();
    const called = await run([...FORM, ...policy], { home });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(called).toMatchObject({ code: 8, stdout: '' });
    expect(called.stderr).toBe(
      'error: the server asks for input and nobody answers here: Please provide inputs for the following fields:\n' +
        'hint: the call was cancelled; run it on a terminal to answer, or say how to: --elicit decline|defaults\n',
    );
    const json = await run([...FORM, ...policy, '--json'], { home });
    expect(json).toMatchObject({ code: 8, stdout: '' });
    expect(errorOf(json)).toMatchObject({
      code: 'input_required',
      exit_code: 8,
      details: { pending_input: [{ method: 'elicitation/create' }] },
    });
  });

  it('decline: a form, a page, and a task', async () => {
    const home = await homeAt(everything.url);
    const declined = (asked: string) => `declined by policy (--elicit decline): ${asked}\n`;
    const form = await run([...FORM, '--elicit', 'decline'], { home });
    expect(form).toMatchObject({
      code: 0,
      stderr: declined('Please provide inputs for the following fields:'),
    });
    expect(form.stdout).toContain('"action": "decline"');

    expect(await run(['instances', 'set', 'work', 'elicit', 'decline'], { home })).toMatchObject({ code: 0 });
    const url = 'https://example.com/authorise?state=1';
    const page = await run(['work', 'trigger-url-elicitation', '--url', url, '--message', 'Log in'], {
      home,
    });
    expect(page).toMatchObject({ code: 0, stderr: declined(`Log in: ${url}`) });
    expect(page.stdout).toContain('"action": "decline"');
    const task = await run(ASKING, { home });
    expect(task).toMatchObject({ code: 0, stderr: declined(QUESTION) });
    expect(task.stdout).toContain('User declined - using default interpretation');

    // The flag wins over the setting.
    expect(await run([...FORM, '--elicit', 'ask'], { home })).toMatchObject({ code: 8 });
  });

  it('defaults: what is left open is on record, for whoever answers', async () => {
    const home = await homeAt(everything.url);
    const id = await submitted(home, ASKING);
    const waited = await run(['work', 'jobs', 'wait', id, '--elicit', 'defaults'], { home });
    expect(waited).toMatchObject({ code: 8, stdout: '' });
    expect(waited.stderr).toContain(
      `hint: answer with: mcp2cli work jobs answer ${id} --interpretation programming;`,
    );
    expect(await run(['work', 'jobs', 'answer', id, '--interpretation', 'comedy'], { home })).toMatchObject({
      code: 0,
    });
    const watched = await run(['work', 'jobs', 'watch', id, '--elicit', 'defaults'], { home });
    expect(watched.stdout).toContain('- **Clarification**: comedy\n');
    expect(watched.code).toBe(0);
  });

  it('a page is shown whole where nobody answers', async () => {
    const home = await homeAt(everything.url);
    const url = `https://example.com/${'x'.repeat(300)}`;
    const asked = await run(['work', 'trigger-url-elicitation', '--url', url, '--elicit', 'defaults'], {
      home,
    });
    expect(asked).toMatchObject({ code: 8, stdout: '' });
    expect(asked.stderr).toContain(`: ${url}\n`);
    const refused = await run(['work', 'trigger-url-elicitation', '--url', url, '--error-path'], { home });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error: the server wants a page to be opened first: https:\/\/\S+ \(.*\)\n/,
    );
  });

  it('is one of three', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    expect(await run(['--elicit', 'never', 'work', 'jobs', 'wait', '--latest'], { home })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: --elicit: not a policy: "never"\nhint: one of ask, decline, defaults\n',
    });
    expect(await run(['work', 'jobs', 'list', '--elicit', 'ask'], { home })).toMatchObject({ code: 2 });
  });
});

describe.skipIf(!ptyTool())('a prompt', () => {
  it.each(['tasks-2025-11-25', 'meta-task'] as const)(
    '%s: ends with a note when another shell answers, and the wait goes on',
    async (dialect) => {
      const { url, stats } = await demoServer({ dialect, pollIntervalMs: 50 });
      const home = await homeAt(url);
      const id = await submitted(home, ['work', 'provision', '--name', 'db1', '--duration', '6']);
      const terminal = startOnPty(['work', 'jobs', 'wait', id], { home });
      await terminal.waitForStdout(/region[^>]*> /);
      terminal.write('eu-');
      const answer = ['work', 'jobs', 'answer', id, '--region', 'ap-south', '--confirm'];
      expect(await run(answer, { home })).toMatchObject({
        code: 0,
        stdout: `answered ${id} (accept); the job is running\n`,
      });
      await terminal.waitForStdout(/eu-\r\n\(the question was answered elsewhere, or withdrawn\)\r\n/);
      const { code, stdout } = await terminal.done;
      expect(stdout).toMatch(/Provisioned db1 in ap-south with 2 CPUs\r\n/);
      expect(code).toBe(0);
      expect(stats.calls).toEqual({ provision: 1 });
    },
  );

  it('for every kind of field, with choices by their titles', async () => {
    const home = await homeAt(everything.url);
    const terminal = startOnPty(['work', 'trigger-elicitation-request'], { home, columns: 240 });
    const type = async (prompt: RegExp, text: string) => {
      await terminal.waitForStdout(new RegExp(`${prompt.source}[^>]*> `, 's'));
      terminal.write(`${text}\r`);
    };
    await type(/name \(String\) - Your full, legal name: string/, 'Ada');
    await type(/check \(Boolean\) - .*: boolean, optional/, 'yes');
    await type(/firstLine .*: string, optional \[It was a dark and stormy night\.\]/, '');
    await type(/email .*: string, email, optional/, 'nobody');
    await type(/not an e-mail address/, 'ada@example.com');
    await type(/homepage .*: string, uri, optional/, '');
    await type(/birthdate .*: string, date, optional/, '1815-13-10');
    await type(/not a date, such as 2026-01-31/, '1815-12-10');
    await type(/integer .*: integer, optional \[42\]/, '');
    await type(/number .*: number, optional \[3\.14\]/, '2.5');
    await type(/one of Monica, Rachel, Joey, Chandler, Ross, Phoebe, optional \[Monica\]/, 'ross');
    await type(
      /1 to 3, comma-separated, of Guitar, Piano, Violin, Drums, Bass, optional \[Guitar\]/,
      'Guitar, Harp',
    );
    await type(
      /must be one of: Guitar, Piano, Violin, Drums, Bass \(given "Harp"\)/,
      'Guitar, Piano, Violin, Bass',
    );
    await type(/must have at most 3 items \(given 4\)/, 'Piano,bass');
    await type(
      /one of, optional \[hero-1\]\r\n {4}hero-1 {2}Superman\r\n {4}hero-2 {2}Green Lantern/,
      'wonder woman',
    );
    await type(/fish-1 {2}Tuna\r\n {4}fish-2 {2}Salmon/, 'fish-2, Trout');
    await type(/pet-1 {2}Cats\r\n {4}pet-2 {2}Dogs/, '');
    const { code, stdout } = await terminal.done;
    expect(code).toBe(0);
    const [, raw = ''] = /Raw result: (\{.*\})/s.exec(stdout.replaceAll('\r\n', '\n')) ?? [];
    expect(JSON.parse(raw)).toEqual({
      action: 'accept',
      content: {
        name: 'Ada',
        check: true,
        firstLine: 'It was a dark and stormy night.',
        email: 'ada@example.com',
        birthdate: '1815-12-10',
        integer: 42,
        number: 2.5,
        untitledSingleSelectEnum: 'Ross',
        untitledMultipleSelectEnum: ['Piano', 'Bass'],
        titledSingleSelectEnum: 'hero-3',
        titledMultipleSelectEnum: ['fish-2', 'fish-3'],
        legacyTitledEnum: 'pet-1',
      },
    });
  });
});
