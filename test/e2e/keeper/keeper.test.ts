/** The background process that holds a stdio server: that it is there when needed, one of it, and that nothing is left of it. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProcesses, run, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf, submitted } from '../../support/instance.ts';
import {
  configure,
  endKeepers,
  everythingCommand,
  keeperHome,
  keepers,
  STDIO_COMMAND,
  TASKS_COMMAND,
  theKeeper,
} from '../../support/keeper.ts';
import { homeEnded, isAlive, serversOf } from '../../support/processes.ts';

const RESEARCH = ['work', 'simulate-research-query', '--topic', 'cats'];
/** Tasks of a small server: one that ends soon, and one that lasts until it is cancelled. */
const SHORT = ['work', 'task'];
const LONG = ['work', 'task', '--ms', '3600000'];
const keeperDir = (home: string) => join(home, 'instances', 'work', 'keeper');

describe('a background job on a stdio server', () => {
  it('outlives the command, is waited for by another, and leaves no process behind', async () => {
    const home = await keeperHome(everythingCommand(), { idleTimeout: '300ms' });
    await run(['work', 'ls'], { home });
    const submission = await run([...RESEARCH, '--background'], { home });
    const returned = Date.now();
    expect(submission).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Job submitted: job_\w{26} \(task: \w{32}\)\n$/),
      stderr: '',
    });
    const { pid } = await theKeeper(home);
    expect(serversOf(home, pid).length).toBeGreaterThan(0);
    const waited = await run(['work', 'jobs', 'wait', '--latest'], { home });
    expect(waited).toMatchObject({ code: 0, stderr: '' });
    expect(waited.stdout).toMatch(/^# Research Report: cats\n/);
    const shown = dataOf(await run(['work', '--json', 'jobs', 'show', '--latest'], { home }));
    expect(Date.parse(String(shown['finished_at']))).toBeGreaterThan(returned);
    await homeEnded(home);
    expect(await keepers(home)).toEqual([]);
    expect(readdirSync(keeperDir(home))).toEqual(['keeper.log']);
    // The record is there for ever, without a keeper.
    expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toEqual(waited);
    expect(await keepers(home)).toEqual([]);
  });

  it('is lost with a keeper that is killed; its server goes too, and the next submission works', async () => {
    const home = await keeperHome(TASKS_COMMAND, { idleTimeout: '300ms' });
    const id = await submitted(home, LONG);
    const waiter = start(['work', 'jobs', 'wait', id], { home });
    const { pid } = await theKeeper(home);
    process.kill(pid, 'SIGKILL');
    const shown = await run(['work', '--json', 'jobs', 'show', id], { home });
    expect(dataOf(shown)).toMatchObject({ status: 'lost', error: { code: 'keeper_gone' } });
    expect(await waiter.done).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/is lost: the keeper that ran it is gone .*\n$/),
    });
    await homeEnded(home);
    const next = await submitted(home, SHORT);
    expect(await run(['work', 'jobs', 'wait', next], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'list', '--status', 'lost'], { home })).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`^${id} .*\\n$`)),
    });
  });

  it('is lost, and says so, when its keeper is told to end', async () => {
    const home = await keeperHome(TASKS_COMMAND);
    const id = await submitted(home, LONG);
    const refused = await run(['keeper', 'stop', 'work'], { home });
    expect(refused).toMatchObject({ code: 8, stdout: '' });
    expect(refused.stderr).toMatch(/^error: not stopped: work has 1 running job\nhint: .*--force/);
    expect(await run(['keeper', 'stop', 'work', '--force'], { home })).toMatchObject({ code: 0 });
    await homeEnded(home);
    const shown = await run(['work', '--json', 'jobs', 'show', id], { home });
    expect(dataOf(shown)).toMatchObject({ status: 'lost', error: { code: 'keeper_stopped' } });
  });

  it('is lost when its server ends, and says what it came to', async () => {
    const home = await keeperHome(TASKS_COMMAND);
    const id = await submitted(home, LONG);
    const { pid } = await theKeeper(home);
    const [server = 0] = serversOf(home, pid);
    process.kill(server, 'SIGKILL');
    expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is lost: .*the server process ended/),
    });
    // Nothing was restarted by itself; new work starts the server anew, in the same keeper.
    expect(await theKeeper(home)).toMatchObject({ pid, connected: false });
    const next = await submitted(home, SHORT);
    expect(await run(['work', 'jobs', 'wait', next], { home })).toMatchObject({ code: 0 });
    expect(await theKeeper(home)).toMatchObject({ pid });
  });

  it('is canceled at the server by another process', async () => {
    const home = await keeperHome(TASKS_COMMAND);
    const id = await submitted(home, LONG);
    const canceled = await run(['work', 'jobs', 'cancel', id], { home });
    expect(canceled).toMatchObject({ code: 0, stderr: '' });
    expect(canceled.stdout).toMatch(/^status: canceled, remote status: cancelled\n/);
    expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('a keeper', () => {
  it('serves calls, so that the server is started once; without a keeper each call starts its own', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    const pidOf = async () => Number((await run(['work', 'pid'], { home })).stdout);
    const first = await pidOf();
    expect([await pidOf(), await pidOf()]).toEqual([first, first]);
    const { pid } = await theKeeper(home);
    expect(serversOf(home, pid)).toContain(first);
    await run(['keeper', 'stop'], { home });
    configure(home, { keepAlive: false });
    const own = await pidOf();
    expect(await pidOf()).not.toBe(own);
    expect(await keepers(home)).toEqual([]);
  });

  it('is one, however many processes need one at the same moment', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    const all = await inProcesses(() =>
      Promise.all(Array.from({ length: 20 }, () => run(['work', 'pid'], { home }))),
    );
    expect(all.map(({ code }) => code)).toEqual(all.map(() => 0));
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
    expect(await keepers(home)).toHaveLength(1);
    const log = await run(['keeper', 'logs', 'work'], { home });
    expect(log.stdout.match(/ keeper started /g)).toHaveLength(1);
  });

  it('ends a server that will not end, also when it is killed itself', async () => {
    for (const end of ['idle', 'kill'] as const) {
      const how = ['--env', 'STDIO_STUBBORN=1', ...STDIO_COMMAND];
      const home = await keeperHome(how, { keepAlive: true, idleTimeout: end === 'idle' ? '200ms' : '1h' });
      await run(['work', 'describe'], { home });
      const [{ pid } = { pid: 0 }] = await keepers(home);
      if (end === 'kill') process.kill(pid, 'SIGKILL');
      if (pid > 0) await homeEnded(home);
    }
  });

  it('of a changed instance is replaced once its jobs are done, and both kinds of jobs are reached meanwhile', async () => {
    const home = await keeperHome(TASKS_COMMAND, { idleTimeout: '1h' });
    const id = await submitted(home, LONG);
    const old = await theKeeper(home);
    configure(home, { env: { SOMETHING: 'else' } });
    const next = await submitted(home, SHORT);
    const both = await keepers(home);
    expect(both.map(({ pid, retiring }) => [pid === old.pid, retiring]).sort()).toEqual([
      [false, false],
      [true, true],
    ]);
    // The job of the old one is asked about, and ended, there.
    expect(await run(['work', 'jobs', 'show', next], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'cancel', id], { home })).toMatchObject({
      stdout: expect.stringMatching(/^status: canceled, /),
    });
    await expect.poll(() => isAlive(old.pid)).toBe(false);
    expect(await run(['work', 'jobs', 'wait', next], { home })).toMatchObject({ code: 0 });
    expect((await keepers(home)).map(({ pid }) => pid)).not.toContain(old.pid);
  });

  it('of an instance that is removed ends with its last job; a purge does not take running jobs', async () => {
    const home = await keeperHome(TASKS_COMMAND, { idleTimeout: '1h' });
    const told = join(home, 'told');
    const id = await submitted(home, ['work', 'task', '--until', told]);
    const purged = await run(['instances', 'remove', 'work', '--purge'], { home });
    expect(purged).toMatchObject({ code: 8, stdout: '' });
    expect(purged.stderr).toMatch(/^error: not removed: work has 1 running job in its keeper\n/);
    expect(await run(['instances', 'remove', 'work'], { home })).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^its keeper goes on until its running jobs are done \(1\)\n/),
    });
    writeFileSync(told, '');
    await homeEnded(home);
    await run(['instances', 'add', 'work', ...TASKS_COMMAND], { home });
    expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 0 });
  });

  it('lets in nobody but its user, and only with the token', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    await run(['work', 'describe'], { home });
    const dir = keeperDir(home);
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(dir)).toBe('700');
    for (const name of readdirSync(dir)) expect(`${name} ${mode(join(dir, name))}`).toBe(`${name} 600`);
    const socket = readdirSync(dir).find((name) => name.endsWith('.sock')) ?? '';
    for (const line of ['{"id":1,"method":"status","params":{}}', helloWith('wrong'), 'no JSON', '{}'])
      expect(await says(join(dir, socket), line)).not.toMatch(/"result":\{/);
    // Who has the token, but is of another version, is told so before anything else.
    const state = JSON.parse(readFileSync(join(dir, socket.replace(/sock$/, 'json')), 'utf8'));
    expect(await says(join(dir, socket), helloWith(state.token))).toBe(
      '{"id":1,"result":{"stale":"version"}}\n',
    );
    // Nothing of that has done it any harm.
    expect(await theKeeper(home)).toMatchObject({ answers: true });
  });

  it('works below a data root that is too deep for a socket', async () => {
    const home = join(freshDir(), 'x'.repeat(60), 'y'.repeat(60));
    endKeepers(home);
    const at = { home, cwd: '/' };
    await run(['instances', 'add', 'work', ...STDIO_COMMAND], at);
    configure(home, { keepAlive: true });
    expect(await run(['work', 'describe'], at)).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['keeper', 'status', '-q'], at)).toMatchObject({
      stdout: expect.stringMatching(/^work {2}idle {2}process \d+ /),
    });
  });

  it('keeps what the server says on stderr, in a log that does not grow without end', async () => {
    const home = await keeperHome(['--env', 'STDIO_NOISE=hello\n\x1b[2Jgone', ...STDIO_COMMAND], {
      keepAlive: true,
    });
    await run(['work', 'describe'], { home });
    const log = async () => (await run(['keeper', 'logs', 'work'], { home })).stdout;
    expect(await log()).toMatch(/Z keeper started \(process \d+/);
    await expect.poll(log).toMatch(/Z server hello\n/);
    const [entry] = (await run(['keeper', 'logs', 'work', '--tail', '1', '--json'], { home })).stdout.split(
      '\n',
    );
    expect(JSON.parse(entry ?? '')).toMatchObject({ source: expect.stringMatching(/^(keeper|server)$/) });
    for (let round = 0; round < 4; round++) await run(['work', 'flood', '--lines', '4000'], { home });
    const files = ['keeper.log.1', 'keeper.log'].map((name) => join(keeperDir(home), name));
    // What a server says comes beside its answers.
    await expect.poll(() => files.every((file) => existsSync(file))).toBe(true);
    await run(['keeper', 'stop', 'work'], { home });
    for (const file of files) expect(statSync(file).size).toBeLessThan(1_500_000);
    // What was still on its way from the server may come after the keeper's own last words.
    expect(files.map((file) => readFileSync(file, 'utf8')).join('')).toMatch(/ending: /);
  });

  it('that hangs is told about, and ended by force', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    await run(['work', 'describe'], { home });
    const { pid } = await theKeeper(home);
    process.kill(pid, 'SIGSTOP');
    const called = await run(['work', '--json', 'describe'], { home });
    expect(called).toMatchObject({ code: 3, stdout: '' });
    expect(errorOf(called)).toMatchObject({
      message: `the keeper of work (process ${pid}) does not answer`,
      hint: expect.stringContaining('mcp2cli keeper stop work --force'),
    });
    expect(await run(['keeper', 'status', 'work'], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('does not answer'),
    });
    // One that hangs only after it was greeted is not waited for either.
    process.kill(pid, 'SIGCONT');
    const command = start(['work', 'hang', '--timeout', '3s'], { home });
    await expect.poll(async () => (await theKeeper(home)).commands).toBe(1);
    process.kill(pid, 'SIGSTOP');
    expect(await command.done).toMatchObject({ code: 124, stdout: '' });
    expect(await run(['keeper', 'stop', 'work', '--force'], { home })).toMatchObject({
      code: 0,
    });
    await homeEnded(home);
    expect(await run(['work', 'describe'], { home })).toMatchObject({ code: 0 });
  });
});

function helloWith(token: string): string {
  return JSON.stringify({ id: 1, method: 'hello', params: { token, version: 'x' } });
}

/** What a keeper answers to one line from a stranger, until it hangs up or a moment has passed. */
function says(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (heard.endsWith('\n')) socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
    socket.write(`${line}\n`);
    socket.setTimeout(1_000, () => socket.destroy());
  });
}
