import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { demoStatus, startDetachedDemo, stopDemo } from '../../src/demo/lifecycle.ts';
import type { DemoState } from '../../src/demo/state-file.ts';
import { isRunning, processStart } from '../../src/lib/disk/process-identity.ts';
import { atTestEnd } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { freshHome } from '../support/home.ts';
import { connect } from '../support/mcp-client.ts';
import { demoBundle } from '../support/servers.ts';

let entry: string;

beforeAll(async () => {
  entry = await demoBundle();
});

function home(): string {
  const dir = freshHome();
  atTestEnd(async () => {
    await stopDemo({ home: dir }).catch(() => {});
  });
  return dir;
}

const state = (dir: string) => JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8')) as DemoState;

it('starts, serves, says so, stops', async () => {
  const dir = home();
  expect(await demoStatus({ home: dir })).toBeUndefined();
  const onRunning = vi.fn();
  const demo = await startDetachedDemo({ home: dir, entry, dialect: 'meta-task', speed: 10, onRunning });
  expect(demo).toMatchObject({ started: true, dialect: 'meta-task', pid: expect.any(Number) });
  expect(onRunning).toHaveBeenCalledWith(expect.objectContaining({ url: demo.url }));
  expect(await demoStatus({ home: dir })).toMatchObject({ url: demo.url, pid: demo.pid });
  expect(statSync(join(dir, 'demo.json')).mode & 0o777).toBe(0o600);

  const { client } = await connect(demo.url);
  expect(client.getServerCapabilities()).toEqual({ tools: {}, tasks: {} });
  await client.close();

  const onStopped = vi.fn();
  expect(await stopDemo({ home: dir, onStopped })).toBe(true);
  expect(onStopped).toHaveBeenCalledOnce();
  expect(isRunning(demo.pid)).toBe(false);
  expect(await demoStatus({ home: dir })).toBeUndefined();
  expect(readdirSync(dir)).toEqual(['demo.log']);
  expect(await stopDemo({ home: dir })).toBe(false);
});

it('gives one server to many starts at once', async () => {
  const dir = home();
  const demos = await Promise.all(Array.from({ length: 5 }, () => startDetachedDemo({ home: dir, entry })));
  expect(new Set(demos.map((demo) => demo.pid)).size).toBe(1);
  expect(demos.filter((demo) => demo.started)).toHaveLength(1);
});

it('outlives a hang-up', async () => {
  const dir = home();
  const { pid, url } = await startDetachedDemo({ home: dir, entry });
  process.kill(pid, 'SIGHUP');
  const again = await startDetachedDemo({ home: dir, entry });
  expect(again).toMatchObject({ pid, url, started: false });
});

it('starts anew after a crash', async () => {
  const dir = home();
  const first = await startDetachedDemo({ home: dir, entry });
  process.kill(first.pid, 'SIGKILL');
  await eventually(() => expect(isRunning(first.pid)).toBe(false));
  expect(await demoStatus({ home: dir })).toBeUndefined();
  const second = await startDetachedDemo({ home: dir, entry });
  expect(second.started).toBe(true);
  expect(second.pid).not.toBe(first.pid);
});

it('ends one that hangs', async () => {
  const dir = home();
  const { pid } = await startDetachedDemo({ home: dir, entry });
  process.kill(pid, 'SIGSTOP');
  expect(await stopDemo({ home: dir, graceMs: 200 })).toBe(true);
  expect(isRunning(pid)).toBe(false);
});

it('leaves a stranger alone that got the pid', async () => {
  const dir = home();
  const { pid } = await startDetachedDemo({ home: dir, entry });
  const file = state(dir);
  await stopDemo({ home: dir });
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  const taken = { ...file, pid: stranger.pid, started: processStart(pid) ?? 'another' };
  writeFileSync(join(dir, 'demo.json'), JSON.stringify(taken));
  expect(await stopDemo({ home: dir })).toBe(false);
  expect(isRunning(stranger.pid ?? -1)).toBe(true);
});

it('says why it did not start', async () => {
  const dir = home();
  const broken = join(dir, 'broken.mjs');
  writeFileSync(broken, 'console.error("no luck"); process.exit(3);');
  await expect(startDetachedDemo({ home: dir, entry: broken })).rejects.toMatchObject({
    exitCode: 74,
    message: expect.stringMatching(/exit code 3.*no luck/s),
  });
  expect(await demoStatus({ home: dir })).toBeUndefined();
});

it('does not wait for ever for one that never answers', async () => {
  const dir = home();
  const silent = join(dir, 'silent.mjs');
  writeFileSync(silent, 'console.error(process.pid); setInterval(() => {}, 1000);');
  const starting = startDetachedDemo({ home: dir, entry: silent, startTimeoutMs: 1000 });
  await expect(starting).rejects.toThrow('does not answer');
  const pid = Number(readFileSync(join(dir, 'demo.log'), 'utf8'));
  await eventually(() => expect(isRunning(pid)).toBe(false));
});

it('keeps a damaged state file, and says so', async () => {
  const dir = home();
  writeFileSync(join(dir, 'demo.json'), '{"pid":');
  await expect(startDetachedDemo({ home: dir, entry })).rejects.toMatchObject({ exitCode: 78 });
  await expect(stopDemo({ home: dir })).rejects.toMatchObject({ exitCode: 78 });
  expect(readFileSync(join(dir, 'demo.json'), 'utf8')).toBe('{"pid":');
});

it('ends by itself when its home is gone', async () => {
  const dir = home();
  const { pid } = await startDetachedDemo({ home: dir, entry });
  rmSync(dir, { recursive: true });
  await eventually(() => expect(isRunning(pid)).toBe(false));
});
