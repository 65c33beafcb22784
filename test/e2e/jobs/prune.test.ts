/** `jobs prune` through the real program: what it removes, what it never touches, and what killing it leaves. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.ts';
import { inProcesses, type RunResult, run, start } from '../../support/cli.ts';
import { readOnly } from '../../support/disk.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { configure } from '../../support/keeper.ts';
import { ago, killPrunes, NO_INDEX, offline, same, underWay } from '../../support/kills/prunes.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { diskStore, newJob, taskFact, writeEnded } from '../../support/store-fixtures.ts';

interface Pruned {
  removed: string[];
  count: number;
  bytes: number;
  dry_run: boolean;
}

describe('which jobs', () => {
  it('must be said', async () => {
    const { dir, prune, names } = offline();
    const ids = writeEnded(dir, 2);
    for (const words of [[], ['--tag', 'x'], ['--label', 'a=b'], ['--dry-run'], ['--yes']])
      expect(await prune(...words)).toEqual({
        code: 2,
        signal: null,
        stdout: '',
        stderr:
          'error: which jobs? give their ids, or --older-than AGE, --keep N or --status STATUS\nhint: for example --older-than 30d; --older-than 0 removes all that have ended; --dry-run only lists them\n',
      });
    expect(await prune('--status', 'running')).toMatchObject({
      code: 2,
      stderr:
        'error: --status: a job that is running is never removed\nhint: one of completed, failed, canceled, lost; those jobs: mcp2cli work jobs list --status running\n',
    });
    for (const words of [
      ['--status', 'done'],
      ['--older-than', '3 years'],
      ['--keep', '-1'],
      ['--keep', '1.5'],
      ['--keep', ''],
      ['--older-than', '0', ids[0] ?? ''],
    ])
      expect(await prune(...words)).toMatchObject({ code: 2, stdout: '' });
    expect(names()).toEqual(ids);
  });

  it('by age, number, status, tag and label, all of which must hold', async () => {
    const { dir, prune, names } = offline();
    const [ancient = ''] = writeEnded(dir, 1, { finished_at: ago(40), status: 'failed', tags: ['etl'] });
    const [old = ''] = writeEnded(dir, 1, { finished_at: ago(20), tags: ['etl'], labels: { team: 'a' } });
    const [older = ''] = writeEnded(dir, 1, { finished_at: ago(15), status: 'lost', tags: ['web'] });
    const [fresh = ''] = writeEnded(dir, 1, { finished_at: ago(0.5), status: 'canceled' });
    const would = async (...words: string[]) =>
      dataOf<Pruned>(await prune('--json', '--dry-run', ...words)).removed;
    expect(await would('--older-than', '0')).toEqual([fresh, older, old, ancient]);
    expect(await would('--older-than', '30d')).toEqual([ancient]);
    expect(await would('--older-than', '2w')).toEqual([older, old, ancient]);
    expect(await would('--keep', '3')).toEqual([ancient]);
    expect(await would('--keep', '0', '--tag', 'etl')).toEqual([old, ancient]);
    expect(await would('--keep', '0', '--tag', 'etl', '--tag', 'web')).toEqual([older, old, ancient]);
    expect(await would('--keep', '1', '--tag', 'etl')).toEqual([ancient]);
    expect(await would('--older-than', '0', '--label', 'team=a')).toEqual([old]);
    expect(await would('--status', 'failed', '--status', 'cancelled')).toEqual([fresh, ancient]);
    expect(await would('--status', 'failed', '--older-than', '50d')).toEqual([]);
    expect(names()).toEqual([ancient, old, older, fresh]);
    // Before the command they count as well: a filter that is passed over would remove too much.
    const early = await run(['-i', 'work', '--label', 'team=a', '--json', 'jobs', 'prune', '--keep', '0'], {
      home: join(dir, '../../..'),
    });
    expect(dataOf<Pruned>(early).removed).toEqual([old]);
  });

  it('never one that runs, is damaged or newer, which is told', async () => {
    const { store, dir, prune, names } = offline();
    const [damaged = '', newer = '', gone = ''] = writeEnded(dir, 3);
    writeFileSync(join(dir, damaged, 'end.json'), '{');
    writeFileSync(join(dir, newer, 'end.json'), '{"schema_version":99}');
    const live = store.create(newJob()).job_id;
    store.accept(live, taskFact());
    mkdirSync(join(dir, 'job_empty'));
    const end = await prune('--older-than', '0');
    expect(end).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Removed 1 job \(\d+ B\)\n$/) });
    expect(end.stderr.split('\n').sort()).toEqual(
      [
        '',
        `warning: ${join(dir, damaged, 'end.json')} is damaged: it is not valid JSON`,
        `warning: ${join(dir, 'job_empty', 'job.json')} is missing`,
        `warning: ${join(dir, newer, 'end.json')} was written by a newer version (schema 99, known is 1)`,
      ].sort(),
    );
    expect(names()).toEqual([damaged, newer, live, 'job_empty'].sort());
    expect(existsSync(join(dir, gone))).toBe(false);
  });
});

describe('what it says', () => {
  it('how many, and how many bytes; a dry run has the lines of the list', async () => {
    const { dir, prune, work } = offline();
    const ids = writeEnded(dir, 100).reverse();
    const bytes = ids.reduce((sum, id) => sum + readFileSync(join(dir, id, 'end.json')).length, 0);
    const size = `${(bytes / 1000).toFixed(1)} kB`;
    const list = await work(['jobs', 'list']);
    expect(await prune('--older-than', '1h', '--dry-run')).toEqual({
      ...list,
      stderr: `would remove 100 jobs (${size})\n`,
    });
    expect(await prune('--older-than', '1h', '--dry-run', '--quiet')).toMatchObject({
      code: 0,
      stdout: `${ids.join('\n')}\n`,
      stderr: '',
    });
    const dry = await prune('--keep', '99', '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({
      app_id: 'work',
      command: 'jobs prune',
      data: { removed: ids.slice(99), count: 1, dry_run: true },
    });
    const one = await prune('--keep', '99', '--json');
    expect(dataOf<Pruned>(one)).toEqual({ ...dataOf<Pruned>(dry), dry_run: false });
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(await prune('--keep', '98', '--quiet')).toMatchObject({
      code: 0,
      stdout: `${ids[98]}\n`,
      stderr: '',
    });
    expect(await prune('--older-than', '1h')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Removed 98 jobs \([\d.]+ kB\)\n$/),
      stderr: '',
    });
    expect(readdirSync(dir)).toEqual([]);
    expect(await prune('--older-than', '1h', '--yes')).toMatchObject({
      code: 0,
      stdout: 'Removed 0 jobs (0 B)\n',
      stderr: '',
    });
    expect(await prune('--older-than', '1h', '--quiet')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('an index goes with the records that it has copies of', async () => {
    const { home, dir, prune, work } = offline();
    const ids = writeEnded(dir, 80);
    // The index takes in what has been left alone for two seconds: somebody lists them later.
    diskStore(home, { clock: { now: () => new Date(Date.now() + 10_000) } }).store.list();
    expect(existsSync(join(dir, '.index.json'))).toBe(true);
    expect(await prune('--keep', '79')).toMatchObject({ code: 0 });
    expect(existsSync(join(dir, '.index.json'))).toBe(false);
    const list = await work(['jobs', 'list', '--json']);
    expect((JSON.parse(list.stdout) as JobRecord[]).map((job) => job.job_id)).toEqual(ids.slice(1).reverse());
  });

  it.skipIf(!ptyTool())('a person is asked first, unless there is --yes', async () => {
    const { home, dir, names } = offline();
    const ids = writeEnded(dir, 2);
    const words = ['work', 'jobs', 'prune', '--older-than', '0'];
    const no = startOnPty(words, { home });
    await no.waitForStdout(/Remove 2 jobs of work for good\? \[y\/n\] /);
    no.write('n\r');
    expect(await no.done).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing was removed') });
    expect(names()).toEqual(ids);
    const yes = startOnPty([...words, '--keep', '1'], { home });
    await yes.waitForStdout(/Remove 1 job of work for good\?/);
    yes.write('y\r');
    expect(await yes.done).toMatchObject({ code: 0, stdout: expect.stringContaining('Removed 1 job (') });
    expect(names()).toEqual(ids.slice(1));
    const sure = await startOnPty([...words, '--yes'], { home }).done;
    expect(sure).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Removed 1 job \(\d+ B\)\r\n$/) });
    const interrupted = startOnPty(words, { home: offlineWith(2) });
    await interrupted.waitForStdout(/for good\?/);
    interrupted.write('\x03');
    expect(await interrupted.done).toMatchObject({ code: 130 });
  });
});

function offlineWith(jobs: number): string {
  const { home, dir } = offline();
  writeEnded(dir, jobs);
  return home;
}

describe('permissions', () => {
  it('delete decides, before anything is removed', async () => {
    const { home, dir, prune, names } = offline();
    const secret = writeEnded(dir, 2, { capability: 'wipe', finished_at: ago(3) });
    const other = writeEnded(dir, 2, { finished_at: ago(1) });
    configure(home, { permissions: [{ action: 'delete', tools: ['wipe'], roles: ['admin'] }] });
    const refused = await prune('--older-than', '0', '--json');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(errorOf(refused)).toMatchObject({
      code: 'permission_denied',
      message: 'work: delete "wipe" is not permitted: rule permissions[0] requires the role admin',
    });
    expect(names()).toEqual([...secret, ...other]);
    expect(await prune('--older-than', '0', '--keep', '4')).toMatchObject({ code: 0 });
    const env = { MCP2CLI_ROLES: 'admin' };
    const admin = await run(['work', 'jobs', 'prune', '--older-than', '2d'], { home, env });
    expect(admin).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Removed 2 jobs/) });
    expect(names()).toEqual(other);
    expect(await prune('--older-than', '0', '--quiet')).toMatchObject({ code: 0 });
  });

  it('a dry run shows what a list would', async () => {
    const { home, dir, prune } = offline();
    writeEnded(dir, 1, { capability: 'wipe', finished_at: ago(3) });
    const [other = ''] = writeEnded(dir, 1, { finished_at: ago(1) });
    configure(home, { permissions: [{ action: 'list', tools: ['wipe'], roles: ['admin'] }] });
    const dry = await prune('--older-than', '0', '--dry-run', '--json');
    expect(dataOf<Pruned>(dry).removed).toEqual([other]);
    configure(home, { permissions: [{ action: 'list', roles: ['admin'] }] });
    expect(await prune('--older-than', '0', '--dry-run')).toMatchObject({ code: 4, stdout: '' });
  });
});

it('a read-only disk is exit 74 with the path, and nothing is lost', async (context) => {
  const { dir: disk, close } = readOnly(context);
  // The disk's own folder may be anybody's.
  const home = join(disk, 'home');
  mkdirSync(home, { mode: 0o700 });
  const { dir, prune, names } = offline(home);
  const [id = ''] = writeEnded(dir, 1);
  close();
  const end = await prune('--older-than', '0', '--json');
  expect(end).toMatchObject({ code: 74, stdout: '' });
  expect(errorOf(end)).toMatchObject({
    code: 'io',
    message: expect.stringMatching(
      new RegExp(`^cannot remove ${join(dir, id)}: (the file system is read-only|permission denied)$`),
    ),
  });
  expect(names()).toEqual([id]);
  expect(await prune('--older-than', '0', '--dry-run')).toMatchObject({ code: 0 });
});

describe('beside others', () => {
  it('killed at random: every job is whole or gone, and the next one sweeps', async () => {
    await killPrunes(10);
  });

  it('two at once remove each job once', async () => {
    const { home, dir } = offline();
    const ids = writeEnded(dir, 400);
    const prune = ['--json', 'work', 'jobs', 'prune', '--older-than', '0'];
    const ends = await inProcesses(() => Promise.all([1, 2].map(() => run(prune, { home }))));
    for (const end of ends) expect(end).toMatchObject({ code: 0, stderr: '' });
    const removed = ends.flatMap((end) => dataOf<Pruned>(end).removed);
    expect(removed.sort()).toEqual(ids);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('lists show whole jobs, and waiting for and showing one gives its end or says that it is not there', async () => {
    const { home, store, dir, work } = offline();
    const ids = writeEnded(dir, 1_000);
    const whole = new Map(ids.map((id) => [id, store.read(id)]));
    const child = start(['work', 'jobs', 'prune', '--older-than', '0'], { home });
    await underWay(dir, child);
    let over = false;
    void child.done.then(() => {
      over = true;
    });
    const seen = { there: 0, gone: 0 };
    const ends: Promise<void>[] = [];
    const one = async (id: string, verb: string) => {
      const end: RunResult = await work(['jobs', verb, id, '--json']);
      if (end.code === 0) {
        seen.there++;
        expect(dataOf<JobRecord>(end)).toEqual(whole.get(id));
      } else {
        seen.gone++;
        expect(end).toMatchObject({ code: 2, stdout: '' });
        expect(errorOf(end)).toMatchObject({ code: 'unknown_job', message: `no job "${id}" at work` });
      }
    };
    for (let i = 0; !over; i++) {
      const id = ids[(i * 97) % ids.length] ?? '';
      ends.push(one(id, i % 2 === 0 ? 'wait' : 'show'));
      const list = await work(['jobs', 'list', '--json']);
      expect(list).toMatchObject({ code: 0, stderr: '' });
      const jobs = JSON.parse(list.stdout) as JobRecord[];
      expect(jobs.filter((job) => !same(job, { ...whole.get(job.job_id), result: undefined }))).toEqual([]);
    }
    await Promise.all([...ends, one(ids[0] ?? '', 'wait'), one(ids[0] ?? '', 'show')]);
    expect(seen.gone).toBeGreaterThan(0);
    expect(await child.done).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(dir).filter(NO_INDEX)).toEqual([]);
  });

  it('a time limit ends it between two batches', async () => {
    const { dir, prune, store } = offline();
    writeEnded(dir, 1_000);
    const end = await prune('--older-than', '0', '--timeout', '10ms');
    expect(end).toMatchObject({ code: 124, stdout: '' });
    expect(end.stderr).toMatch(
      /^warning: \d+ jobs? had been removed before; the others are whole\nerror: the time ran out\n/,
    );
    const removed = Number(/\d+/.exec(end.stderr)?.[0]);
    expect(store.list()).toMatchObject({ problems: [], jobs: { length: 1_000 - removed } });
  });
});
