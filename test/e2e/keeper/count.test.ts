/** What a keeper counts as its work: a job whose record has ended, by whoever's hand, is none, so that the keeper can end. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { jobWork } from '../../support/frontmcp/work.ts';
import { submitted } from '../../support/instance.ts';
import { endKeepers, keeperHome, keepers, STDIO_COMMAND, theKeeper } from '../../support/keeper.ts';
import { homeEnded } from '../../support/processes.ts';
import { completed, diskStore } from '../../support/store-fixtures.ts';

const LOST = completed('', {
  status: 'lost',
  error: { code: 'task_unknown', message: 'the server no longer knows the task' },
});

const keeperLog = (home: string) =>
  readFileSync(join(home, 'instances', 'work', 'keeper', 'keeper.log'), 'utf8');

/** Resolves when no keeper is left; the idle time of these tests is short. */
function keeperGone(home: string): Promise<void> {
  return expect.poll(() => keepers(home)).toEqual([]);
}

/** A run of a job server over HTTP, left with the keeper by a command in the foreground that was killed. Returns the job's id. */
async function left(home: string, ms: number): Promise<string> {
  const command = start(['work', 'slow', '--ms', `${ms}`], { home });
  await expect.poll(async () => (await keepers(home))[0]?.jobs.length).toBe(1);
  command.signal('SIGKILL');
  return (await theKeeper(home)).jobs[0]?.job_id ?? '';
}

async function hanging(): Promise<{ home: string; id: string }> {
  const home = await keeperHome(STDIO_COMMAND, { idleTimeout: '300ms' });
  const id = await submitted(home, ['work', 'hang', '--detach']);
  const { jobs } = await theKeeper(home);
  expect(jobs).toMatchObject([{ job_id: id }]);
  return { home, id };
}

it('a call that never settles, recorded as lost by another process', async () => {
  const { home, id } = await hanging();
  const { store } = diskStore(home);
  store.finish(id, { ...LOST, finished_at: new Date().toISOString() });
  await keeperGone(home);
  await homeEnded(home);
  expect(store.read(id)).toMatchObject({ status: 'lost', error: { code: 'task_unknown' } });
  expect(keeperLog(home)).toContain(`${id} hang: its record has ended (lost)`);
});

it('a call that never settles, whose record was removed', async () => {
  const { home, id } = await hanging();
  rmSync(join(home, 'instances', 'work', 'jobs', id), { recursive: true });
  await keeperGone(home);
  await homeEnded(home);
  // Nothing of it comes back.
  expect(
    readdirSync(join(home, 'instances', 'work', 'jobs')).filter((name) => name.startsWith('job_')),
  ).toEqual([]);
});

it('the other jobs go on', async () => {
  const { home, id } = await hanging();
  const told = join(home, 'told');
  const slow = await submitted(home, ['work', 'slow', '--until', told, '--detach']);
  diskStore(home).store.finish(id, { ...LOST, finished_at: new Date().toISOString() });
  await expect.poll(async () => (await keepers(home))[0]?.jobs.map((job) => job.job_id)).toEqual([slow]);
  writeFileSync(told, '');
  expect(await run(['work', 'jobs', 'wait', slow], { home })).toMatchObject({ code: 0, stdout: 'slept\n' });
  await keeperGone(home);
});

it('a run of a job server that forgot it while the keeper pauses for as long as it was asked to', async () => {
  const work = await jobWork();
  const { home, server } = work;
  endKeepers(home);
  for (const words of ['keepAlive true', 'idleTimeout 300ms'])
    expect(await run(['instances', 'set', 'work', ...words.split(' ')], { home })).toMatchObject({ code: 0 });
  const id = await left(home, 6_000_000);
  let refused = 0;
  server.intercept = async (_, response) => {
    refused += 1;
    response.writeHead(503, { 'Retry-After': '3600' }).end();
    return true;
  };
  await expect.poll(() => refused).toBeGreaterThan(0);
  server.intercept = undefined;
  await server.restart({ keepStore: false });
  expect(await work.run(`jobs show ${id}`)).toMatchObject({ stdout: expect.stringMatching(/^status: lost/) });
  await keeperGone(home);
});

it('a run goes on in a new session of the keeper when its own was forgotten', async () => {
  const work = await jobWork();
  const { home, server } = work;
  endKeepers(home);
  await run(['instances', 'set', 'work', 'keepAlive', 'true'], { home });
  const id = await left(home, 60_000);
  await server.dropSessions();
  await expect.poll(async () => (await theKeeper(home)).jobs).toEqual([]);
  // The line follows the end.
  await expect.poll(() => keeperLog(home)).toMatch(new RegExp(`${id} slow: completed`));
  expect(diskStore(home).store.read(id)).toMatchObject({ status: 'completed' });
});

it('cancels and ends of many calls at once leave nothing behind', async () => {
  const home = await keeperHome(STDIO_COMMAND, { idleTimeout: '300ms' });
  const ids = await Promise.all(
    Array.from({ length: 6 }, () => submitted(home, ['work', 'slow', '--ms', '1500', '--detach'])),
  );
  const cancels = ids.map((id) => start(['work', 'jobs', 'cancel', id], { home }).done);
  for (const { code } of await Promise.all(cancels)) expect(code).toBe(0);
  const { store } = diskStore(home);
  for (const id of ids) expect(['canceled', 'completed']).toContain(store.read(id).status);
  await keeperGone(home);
});
