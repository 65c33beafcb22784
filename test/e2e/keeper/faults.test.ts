/** What went wrong with a keeper once, or could: each thing that a hostile look at it brought up. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { atTestEnd, run, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { addInstance, dataOf, submitted } from '../../support/instance.ts';
import {
  configure,
  keeperHome,
  keepers,
  STDIO_COMMAND,
  TASKS_COMMAND,
  theKeeper,
} from '../../support/keeper.ts';
import { tasks2026Stdio } from '../../support/tasks-2026/server.ts';

const keeperDir = (home: string) => join(home, 'instances', 'work', 'keeper');

describe('idle times', () => {
  it.each(['30d', '1ms', '0'])('of %s are no harm to a call', async (idleTimeout) => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true, idleTimeout });
    for (let i = 0; i < 3; i++)
      expect(await run(['work', 'describe'], { home })).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a server that accepts late', () => {
  /** A job that the server has not accepted yet, and what makes it do so. */
  async function unaccepted(...words: string[]) {
    const dir = freshDir();
    const [count, told, done] = ['count', 'told', 'done'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const home = await keeperHome(['--env', `COUNT=${count}`, ...TASKS_COMMAND]);
    const submission = start(['work', 'task', ...words, '--until', done, '--accept', told, '--background'], {
      home,
    });
    await expect.poll(async () => (await run(['work', 'jobs', 'list'], { home })).stdout).toMatch(/ queued /);
    return {
      home,
      submission,
      accept: () => writeFileSync(told, ''),
      complete: () => writeFileSync(done, ''),
      /** What the server has been asked to do. */
      asked: () => readFileSync(count, 'utf8'),
      /** Cancels it, and resolves when that is on record; `ended` with how the command did. */
      async cancel() {
        const ended = run(['work', 'jobs', 'cancel', '--latest'], { home });
        const shown = () => run(['work', '--json', 'jobs', 'show', '--latest'], { home });
        await expect
          .poll(async () => dataOf(await shown())['cancel_requested_at'])
          .toEqual(expect.any(String));
        return { ended };
      },
    };
  }
  const DONE = { code: 0, stdout: 'done\n' };

  it('hears of a cancellation that was asked for before it accepted', async () => {
    const { home, submission, cancel, accept } = await unaccepted();
    const { ended } = await cancel();
    accept();
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^status: canceled, /) });
    expect((await submission.done).stdout).toMatch(/^Job submitted: /);
    expect((await theKeeper(home)).jobs).toEqual([]);
  });

  it('is seen through all the same when it does not cancel', async () => {
    const { home, submission, cancel, accept, complete, asked } = await unaccepted('--stubborn');
    const { ended } = await cancel();
    accept();
    await expect.poll(asked).toContain('cancel');
    complete();
    await ended;
    await submission.done;
    expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toMatchObject(DONE);
  });

  it('has its job seen through when the command is killed meanwhile', async () => {
    const { home, submission, accept, complete, asked } = await unaccepted();
    submission.signal('SIGKILL');
    await submission.done;
    accept();
    complete();
    expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toMatchObject(DONE);
    expect(asked()).toBe('task\n');
  });

  it('leaves the job named to a command that gives up', async () => {
    const home = await keeperHome(TASKS_COMMAND);
    const never = join(freshDir(), 'never');
    const words = ['work', '--json', '--timeout', '5s', 'task', '--accept', never, '--background'];
    const { code, stdout, stderr } = await run(words, { home });
    expect({ code, stdout }).toEqual({ code: 124, stdout: '' });
    expect(stderr).toMatch(/job_\w{26}/);
  });
});

describe('a server that asks before it accepts', () => {
  const ASKS = ['work', 'task', '--before', 'Really?'];

  it('does not hold up a command where nobody answers: the job waits, and is answered later', async () => {
    const home = await keeperHome(TASKS_COMMAND);
    const submission = await run([...ASKS, '--background'], { home });
    expect(submission).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Job submitted: job_\w+ /),
      stderr: expect.stringMatching(/Really\?[\s\S]*jobs answer/),
    });
    expect(await run(['work', 'jobs', 'answer', '--latest', '--yes'], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toMatchObject({
      code: 0,
      stdout: 'done: {"action":"accept","content":{"yes":true}}\n',
    });
  });

  it('ends a foreground call through a keeper with 8, saying what it asks', async () => {
    const home = await keeperHome(TASKS_COMMAND, { keepAlive: true });
    const { code, stdout, stderr } = await run(ASKS, { home });
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toMatch(/Really\?/);
  });

  it('can be cancelled', async () => {
    const home = await keeperHome(TASKS_COMMAND);
    await run([...ASKS, '--background'], { home });
    expect(await run(['work', 'jobs', 'cancel', '--latest'], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled/),
    });
    await expect.poll(async () => (await theKeeper(home)).jobs).toEqual([]);
  });
});

it('a wait for a task that cannot be asked about gives up as it would elsewhere', async () => {
  const home = await keeperHome(TASKS_COMMAND);
  const id = await submitted(home, ['work', 'task', '--ms', '60000', '--polls', 'fail']);
  const waited = await run(['work', 'jobs', 'wait', id], { home, env: { MCP2CLI_RETRY_BUDGET: '500ms' } });
  expect(waited).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('cannot tell') });
  expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({
    stdout: expect.stringMatching(new RegExp(`^${id} .* running `)),
  });
});

it('a question that cannot be answered by the sampling command stays open, and the job in the keeper', async () => {
  const { command, args } = await tasks2026Stdio({ pollIntervalMs: 500 });
  const home = await keeperHome(['--', command, ...args], {
    idleTimeout: '300ms',
    sampling: { command: '/bin/false', args: [] },
  });
  const id = await submitted(home, ['work', 'sample']);
  const log = async () => (await run(['keeper', 'logs', 'work'], { home })).stdout;
  await expect.poll(log).toMatch(/sampling.*\n[\s\S]*sampling/i);
  expect((await theKeeper(home)).jobs).toMatchObject([{ job_id: id }]);
  expect(await run(['work', 'jobs', 'cancel', id], { home })).toMatchObject({ code: 0 });
  expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 1 });
});

describe('time limits', () => {
  it('hold while a keeper hangs, and its command ends', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    await run(['work', 'describe'], { home });
    const { pid } = await theKeeper(home);
    process.kill(pid, 'SIGSTOP');
    atTestEnd(() => void process.kill(pid, 'SIGCONT'));
    const before = performance.now();
    const { code } = await run(['work', '--timeout', '1s', 'describe'], { home });
    expect(code).toBe(124);
    expect(performance.now() - before).toBeLessThan(30_000);
    process.kill(pid, 'SIGCONT');
  });
});

describe('keeper stop', () => {
  it('does not end a call that goes on, unless forced', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    const told = join(freshDir(), 'told');
    const call = start(['work', 'slow', '--until', told], { home });
    await expect.poll(async () => (await keepers(home))[0]?.commands).toBe(1);
    const refused = await run(['keeper', 'stop', 'work'], { home });
    expect(refused).toMatchObject({ code: 8, stderr: expect.stringContaining('a command that uses it') });
    writeFileSync(told, '');
    expect(await call.done).toMatchObject({ code: 0, stdout: 'slept\n' });
  });

  it('--all ends the others when one of them hangs', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    await addInstance(home, STDIO_COMMAND, 'other');
    configure(home, { keepAlive: true }, 'other');
    await run(['work', 'describe'], { home });
    await run(['other', 'describe'], { home });
    const hung = (await keepers(home)).find(({ instance }) => instance === 'other')?.pid ?? 0;
    process.kill(hung, 'SIGSTOP');
    expect(await run(['keeper', 'stop', '--all'], { home })).toMatchObject({ code: 3 });
    expect((await keepers(home)).map(({ instance }) => instance)).toEqual(['other']);
  });

  it('never signals a process that is not certainly the keeper', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    const innocent = spawn('sleep', ['300']);
    onTestFinished(() => void innocent.kill('SIGKILL'));
    const holder = { pid: innocent.pid, started: '1', boot_id: 'other', host: 'other.test' };
    const state = {
      schema_version: 1,
      id: 'feed',
      instance: 'work',
      holder,
      socket: '/tmp/none.sock',
      token: 'x',
    };
    mkdirSync(keeperDir(home), { recursive: true, mode: 0o700 });
    writeFileSync(
      join(keeperDir(home), 'feed.json'),
      JSON.stringify({ ...state, version: '0', started_at: new Date().toISOString() }),
    );
    // One of another machine: a call here starts its own.
    expect(await run(['work', 'describe'], { home })).toMatchObject({ code: 0, stderr: '' });
    await run(['keeper', 'stop', 'work', '--force'], { home });
    expect(innocent.exitCode).toBeNull();
    expect(innocent.signalCode).toBeNull();
  });
});

it('puts back what it is found by: its socket, its file', async () => {
  const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
  const pid = async () => (await run(['work', 'pid'], { home })).stdout;
  const first = await pid();
  const files = () => readdirSync(keeperDir(home)).sort();
  const before = files();
  for (const end of ['.sock', '.json']) {
    for (const name of before.filter((one) => one.endsWith(end))) rmSync(join(keeperDir(home), name));
    await expect.poll(files).toEqual(before);
    expect(await pid()).toBe(first);
  }
});

it('belongs to the PATH of its caller: with another, the command may be another', async () => {
  const home = await keeperHome(['--', 'server'], { keepAlive: true });
  const pathWith = (tag: string) => {
    const dir = freshDir();
    const script = `#!/bin/sh\nSTDIO_NOISE=${tag} exec "${process.execPath}" "${STDIO_COMMAND[2]}" ${tag}\n`;
    writeFileSync(join(dir, 'server'), script, { mode: 0o755 });
    return { PATH: `${dir}:${process.env['PATH']}` };
  };
  for (const tag of ['one', 'two']) {
    const { stdout } = await run(['work', 'describe'], { home, env: pathWith(tag) });
    expect(JSON.parse(stdout)).toMatchObject({ argv: [tag] });
  }
});

it('the first detached call does not run into the connection that read the catalogue', async () => {
  // A server that bears no second one of itself.
  const lock = join(freshDir(), 'lock');
  const code = `import { mkdirSync, rmSync } from 'node:fs';
    try { mkdirSync(${JSON.stringify(lock)}); } catch { console.error('another one runs'); process.exit(1); }
    process.on('exit', () => rmSync(${JSON.stringify(lock)}, { recursive: true }));
    process.on('SIGTERM', () => process.exit());
    await import(${JSON.stringify(STDIO_COMMAND[2])}); process.exit();`;
  const home = await keeperHome(['--', process.execPath, '--input-type=module', '-e', code]);
  expect(await run(['work', 'describe', '--detach'], { home })).toMatchObject({ code: 0, stderr: '' });
});
