/** What runs in a keeper: tasks of stdio servers, and plain calls that nobody stays for, over any transport. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { BIN } from '../../support/env.ts';
import { dataOf, submitted } from '../../support/instance.ts';
import {
  configure,
  endKeepers,
  everythingCommand,
  keeperHome,
  keepers,
  STDIO_COMMAND,
  theKeeper,
} from '../../support/keeper.ts';
import { isAlive, serversOf } from '../../support/processes.ts';
import { ptyTool, startCommandOnPty } from '../../support/pty.ts';
import { watchedServer, workAt } from '../../support/work.ts';

const LONG = ['work', 'slow', '--ms', '600000'];
const SHORT = ['work', 'slow', '--ms', '1'];

describe('--detach, on a stdio server without tasks for the tool', () => {
  it('returns at once; progress, result and exit code are there for others', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    await run(['work', 'ls'], { home });
    const told = join(home, 'told');
    const id = await submitted(home, ['work', 'slow', '--until', told, '--detach']);
    const watcher = start(['work', 'jobs', 'watch', id], { home });
    await watcher.waitForStdout(/ running {2}1\/4 \(25%\)\n/);
    writeFileSync(told, '');
    const text = 'slept\n';
    expect(await watcher.done).toMatchObject({ code: 0, stdout: expect.stringMatching(`${text}$`) });
    expect(await run(['work', 'jobs', 'wait', id], { home })).toEqual({
      code: 0,
      signal: null,
      stdout: text,
      stderr: '',
    });
    const shown = await run(['work', '--json', 'jobs', 'show', id], { home });
    expect(dataOf(shown)).toMatchObject({ backend: 'local', status: 'completed', progress: { total: 4 } });
  });

  it('is the default where the instance says so, and --detach alone is enough', async () => {
    const home = await keeperHome(STDIO_COMMAND, { detach: true });
    const id = await submitted(home, LONG);
    expect(dataOf(await run(['work', '--json', 'jobs', 'show', id], { home }))).toMatchObject({
      status: 'running',
    });
    configure(home, { detach: undefined });
    const other = await run([...LONG, '--detach'], { home });
    expect(other).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
    });
  });

  it('is canceled by another process, at the server too', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const id = await submitted(home, [...LONG, '--detach']);
    const canceled = await run(['work', 'jobs', 'cancel', id], { home });
    expect(canceled).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled\n/),
      stderr: '',
    });
    expect((await theKeeper(home)).jobs).toEqual([]);
  });

  it('is lost when the server falls over, with its last words', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const told = join(home, 'told');
    const id = await submitted(home, ['work', 'die', '--until', told, '--detach']);
    writeFileSync(told, '');
    const waited = await run(['work', 'jobs', 'wait', id], { home });
    expect(waited).toMatchObject({ code: 1, stdout: '' });
    expect(waited.stderr).toMatch(/^error: die is lost: no answer to the call, .*about to fall over/s);
    const shown = await run(['work', '--json', 'jobs', 'show', id], { home });
    expect(dataOf(shown)).toMatchObject({ status: 'lost', error: { code: 'submission_unknown' } });
  });

  it('that cannot start its server is an error of the command, and leaves no job', async () => {
    const home = await keeperHome(['--', process.execPath, '-e', 'console.error("no way"); process.exit(3)']);
    const { code, stdout, stderr } = await run(['work', 'echo', '--detach'], { home });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: cannot reach work: the server process ended; its last words:\nno way\n/);
    expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ stdout: '' });
  });
});

describe('without --detach', () => {
  it('a tool without tasks runs while the command waits, in the keeper that runs; ^C cancels it', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    const done = await run([...SHORT, '--background'], { home });
    expect(done).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Job submitted: job_\w+ \(local\)\n$/),
      stderr: expect.stringMatching(
        /ran synchronously .*--detach returns at once\): the job is completed\n$/,
      ),
    });
    const command = start([...LONG, '--background'], { home });
    await command.waitForStderr(/progress: /);
    const [job] = (await theKeeper(home)).jobs;
    command.signal('SIGINT');
    expect(await command.done).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`interrupted; ${job?.job_id} is canceled`)),
    });
    expect((await theKeeper(home)).jobs).toEqual([]);
  });

  it('a foreground call through the keeper is cancelled with ^C, and with the death of its command', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const command = start(LONG, { home });
      await command.waitForStderr(/progress: /);
      expect(await theKeeper(home)).toMatchObject({ commands: 1 });
      command.signal(signal);
      await command.done;
      await expect.poll(async () => (await theKeeper(home)).commands).toBe(0);
    }
    // Calls leave no jobs.
    expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ stdout: '' });
  });
});

describe('over HTTP', () => {
  it('--detach runs the call of a server without tasks in a keeper: once, with progress, to its end', async () => {
    const server = await watchedServer({ dialect: 'plain', speed: 2 });
    const work = await workAt(server.url);
    endKeepers(work.home);
    const id = await work.submit('deploy --version 2.0 --detach');
    expect(await theKeeper(work.home)).toMatchObject({ connected: true, jobs: [{ job_id: id }] });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 0,
      stdout: 'Deployed version 2.0 to staging\n',
    });
    expect(server.stats.calls).toEqual({ deploy: 1 });
    const slow = await work.submit('deploy --version 3 --duration 600 --detach');
    expect(await work.run(`jobs cancel ${slow}`)).toMatchObject({ code: 0 });
    await expect.poll(() => server.stats.cancelledCalls).toBe(1);
    expect(server.stats.calls).toEqual({ deploy: 2 });
    // The catalogue's session, and one that served both.
    expect(server.stats.requests['initialize']).toBe(2);
  });

  it('--detach needs no keeper where the server makes a task of it', async () => {
    const server = await watchedServer({ speed: 20 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0 --detach');
    expect(await keepers(work.home)).toEqual([]);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0 });
  });

  it('a keeper that lay idle looks whether its session is still there before it uses it', async () => {
    const server = await watchedServer({ dialect: 'plain', speed: 20 });
    const work = await workAt(server.url);
    endKeepers(work.home);
    configure(work.home, { keepAlive: true });
    expect(await work.run('echo --message one')).toMatchObject({ code: 0, stdout: 'one\n' });
    await server.dropSessions();
    expect(await work.run('echo --message two')).toMatchObject({ code: 0, stdout: 'two\n' });
    expect(server.stats.calls).toEqual({ echo: 2 });
  });
});

describe('many at once', () => {
  it('a hundred jobs side by side on one stdio server, and a wait that slows nobody down', async () => {
    const home = await keeperHome(everythingCommand());
    const first = await submitted(home, ['work', 'simulate-research-query', '--topic', 'first']);
    const waiter = start(['work', 'jobs', 'wait', first], { home });
    const topics = Array.from({ length: 100 }, (_, i) => `topic ${i}`);
    const ids = new Map<string, string>();
    const next = topics.values();
    const submitter = async () => {
      for (const topic of next)
        ids.set(topic, await submitted(home, ['work', 'simulate-research-query', '--topic', topic]));
    };
    await Promise.all(Array.from({ length: 5 }, submitter));
    expect(new Set(ids.values()).size).toBe(100);
    expect(await waiter.done).toMatchObject({ code: 0 });
    const all = await run(['work', '--json', 'jobs', 'wait', ...ids.values()], { home });
    expect(all.code).toBe(0);
    const jobs =
      dataOf<{ job_id: string; arguments: { topic: string }; result: { content: { text: string }[] } }[]>(
        all,
      );
    for (const job of jobs) {
      expect(ids.get(job.arguments.topic)).toBe(job.job_id);
      expect(job.result.content[0]?.text).toContain(`# Research Report: ${job.arguments.topic}\n`);
    }
    expect(await keepers(home)).toHaveLength(1);
  });
});

describe.skipIf(!ptyTool())('on a terminal that closes', () => {
  it('the job goes on', async () => {
    const home = await keeperHome(everythingCommand(), { idleTimeout: '300ms' });
    await run(['work', 'ls'], { home });
    const line = `"$0" "$1" work simulate-research-query --topic cats --background; sleep 60`;
    const terminal = startCommandOnPty(['/bin/sh', '-c', line, process.execPath, BIN], { home });
    const [, id = ''] = await terminal.waitForStdout(/Job submitted: (job_\w+)/);
    // What holds the terminal goes, and with it everything that is attached to it.
    terminal.signal('SIGKILL');
    await terminal.done;
    const { pid } = await theKeeper(home);
    const kept = [pid, ...serversOf(home, pid)];
    expect(kept.length).toBeGreaterThan(1);
    expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^# Research Report: cats\n/),
    });
    await expect.poll(() => kept.filter(isAlive)).toEqual([]);
  });
});
