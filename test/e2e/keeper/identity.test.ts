/** Keepers' files whose process may be somebody else's by now: after a reboot, on systems that tell little, or both. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { currentHolder } from '../../../src/lib/disk/holder.ts';
import { atTestEnd, run } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf, submitted } from '../../support/instance.ts';
import { keeperHome, keepers, STDIO_COMMAND, theKeeper } from '../../support/keeper.ts';
import { needsMounts, startWithoutProc } from '../../support/no-proc.ts';

const KEPT = { keepAlive: true };

/** A process that has nothing to do with any of this. */
function innocent(): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['300']);
  atTestEnd(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { pid: number };
}

function untouched({ exitCode, signalCode }: ChildProcess): void {
  expect({ exitCode, signalCode }).toEqual({ exitCode: null, signalCode: null });
}

const keeperDir = (home: string) => join(home, 'instances', 'work', 'keeper');

/** A keeper's file as one leaves it that was killed, its pid now another's. Its holder: as versions without start times wrote it. */
function leftFile(home: string, pid: number, holder: object = {}, socket = '/nowhere/dead.sock'): void {
  mkdirSync(keeperDir(home), { recursive: true, mode: 0o700 });
  const state = {
    schema_version: 1,
    id: 'feed',
    instance: 'work',
    holder: { pid, started: null, boot_id: null, host: hostname(), keeper: true, ...holder },
    socket,
    token: 'x',
    version: '0',
    started_at: '2026-01-01T00:00:00.000Z',
  };
  writeFileSync(join(keeperDir(home), 'feed.json'), JSON.stringify(state), { mode: 0o600 });
}

const files = (home: string) => readdirSync(keeperDir(home));

describe('the file of a keeper that is gone, whose pid is another process', () => {
  it('does not keep a call from its work, nor a job from a new keeper', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const other = innocent();
    leftFile(home, other.pid);
    expect(await run(['work', 'describe'], { home })).toMatchObject({ code: 0, stderr: '' });
    expect(files(home)).not.toContain('feed.json');
    leftFile(home, other.pid);
    const id = await submitted(home, ['work', 'describe', '--detach']);
    expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 0 });
    expect(await theKeeper(home)).toMatchObject({ answers: true });
    untouched(other);
  });

  it('is no keeper to those that look after them, and nobody is killed', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const other = innocent();
    for (const line of [
      'keeper status',
      'keeper stop work',
      'keeper stop work --force',
      'doctor work --offline',
    ]) {
      leftFile(home, other.pid);
      expect(await run(line.split(' '), { home })).toMatchObject({ code: 0 });
      expect(files(home)).not.toContain('feed.json');
    }
    leftFile(home, other.pid);
    expect(await run(['instances', 'remove', 'work', '--purge'], { home })).toMatchObject({ code: 0 });
    untouched(other);
  });

  it('is not signalled either when somebody listens in its place', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const other = innocent();
    const socket = join(freshDir(), 'deaf.sock');
    const server = createServer(() => {}).listen(socket);
    atTestEnd(() => void server.close());
    leftFile(home, other.pid, {}, socket);
    const stop = await run(['--json', 'keeper', 'stop', 'work', '--force'], { home });
    expect(stop).toMatchObject({ code: 74, stdout: '' });
    expect(errorOf(stop)).toMatchObject({
      message: expect.stringContaining(`process ${other.pid} cannot be proved to be the keeper`),
      hint: expect.stringContaining(`kill ${other.pid}`),
    });
    untouched(other);
  });
});

describe('where there is no /proc', () => {
  it('the same holds, whatever the file says of the process', async (context) => {
    needsMounts(context);
    const home = await keeperHome(STDIO_COMMAND);
    const other = innocent();
    const holders = [{}, { ...currentHolder(), pid: other.pid }, { started: '@1759744800' }];
    for (const holder of holders) {
      leftFile(home, other.pid, holder);
      const stop = await startWithoutProc(['keeper', 'stop', 'work', '--force'], { home }).done;
      expect(stop).toMatchObject({ code: 0 });
      untouched(other);
      leftFile(home, other.pid, holder);
      const call = await startWithoutProc(['work', 'describe'], { home }).done;
      expect(call).toMatchObject({ code: 0, stderr: '' });
      expect(files(home)).not.toContain('feed.json');
    }
    untouched(other);
  });

  it('keepers work, end, and are not taken for others', async (context) => {
    needsMounts(context);
    const home = await keeperHome(STDIO_COMMAND, KEPT);
    const bare = (...words: string[]) => startWithoutProc(words, { home }).done;
    const first = await bare('work', 'pid');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await bare('work', 'pid')).stdout).toBe(first.stdout);
    const id = (await bare('work', 'slow', '--ms', '500', '--detach', '-q')).stdout.trim();
    expect(await bare('work', 'jobs', 'wait', id)).toMatchObject({ code: 0, stdout: 'slept\n' });
    const [keeper] = dataOf<{ items: { pid: number }[] }>(await bare('keeper', 'status', '--json')).items;
    const { holder } = JSON.parse(
      readFileSync(join(keeperDir(home), files(home).find((name) => /^\w+\.json$/.test(name)) ?? ''), 'utf8'),
    );
    expect(holder).toMatchObject({ pid: keeper?.pid, started: expect.stringMatching(/^@\d+$/) });
    // One that hangs can be proved by nothing here, and is left to the person.
    process.kill(holder.pid, 'SIGSTOP');
    const stop = await bare('--json', 'keeper', 'stop', 'work', '--force');
    expect(stop).toMatchObject({ code: 74 });
    expect(errorOf(stop).message).toContain('cannot be proved');
    process.kill(holder.pid, 'SIGCONT');
    expect(await bare('keeper', 'stop', 'work')).toMatchObject({ code: 0 });
    expect(await keepers(home)).toEqual([]);
  });
});
