/** `jobs migrate` through the real program, between files and a real Redis. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Migration } from '../../../src/jobs/store/transfer/migrate.ts';
import { run, type StartOptions, start } from '../../support/cli.ts';
import { eventually } from '../../support/eventually.ts';
import { freshHome } from '../../support/home.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { noRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';
import { diskStore, newJob, taskFact, writeEnded } from '../../support/store-fixtures.ts';

type Migrated = Migration & { removed: string[]; from: string; to: string };

describe.skipIf(noRedis !== undefined)('jobs migrate', () => {
  const server = redisForAll(['requirepass s3cret']);
  let number = 0;

  const place = () => `redis://:s3cret@${server.host}/0?prefix=m${number++}:`;

  /** An instance `work` that leads nowhere: no server is asked. */
  const offline = (store?: string) => {
    const home = freshHome();
    const work = { type: 'http', url: 'http://127.0.0.1:1/mcp', ...(store ? { store } : {}) };
    writeFileSync(join(home, 'config.json'), JSON.stringify({ schema_version: 1, mcpServers: { work } }));
    const { store: files, dir } = diskStore(home);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const jobs = (words: string, options: Partial<StartOptions> = {}) =>
      run(['work', 'jobs', ...words.split(' ')], { home, ...options });
    const shown = async (options: Partial<StartOptions> = {}) => (await jobs('list --json', options)).stdout;
    return { home, files, dir, jobs, shown };
  };

  it('brings the jobs of files to the store that is set, and says so', async () => {
    const { dir, jobs, shown } = offline(place());
    const ids = writeEnded(dir, 3);
    expect(await shown()).toBe('[]\n');
    expect(await jobs('migrate --dry-run')).toMatchObject({
      code: 0,
      stdout: `Would copy 3 jobs from files to redis://${server.host}/0\n`,
      stderr: '',
    });
    expect(await shown()).toBe('[]\n');
    expect(await jobs('migrate')).toMatchObject({
      code: 0,
      stdout: `Copied 3 jobs from files to redis://${server.host}/0\n`,
      stderr: '',
    });
    expect(await jobs('migrate')).toMatchObject({
      code: 0,
      stdout: `Copied 0 jobs from files to redis://${server.host}/0, 3 there already\n`,
    });
    expect(readdirSync(dir).filter((name) => name.startsWith('job_'))).toEqual(ids);
    expect(JSON.parse(await shown()).map((job: { job_id: string }) => job.job_id)).toEqual(ids.toReversed());
  });

  it('jobs show and list say the same before, there, and back in other files', async () => {
    const store = place();
    const one = offline();
    writeEnded(one.dir, 2);
    const { job_id } = one.files.create(newJob({ arguments: { n: 1 } }));
    one.files.accept(job_id, taskFact());
    const all = async (at: ReturnType<typeof offline>, env: Record<string, string> = {}) =>
      Promise.all([at.shown({ env }), at.jobs('show -2 --json', { env })]);
    const before = await all(one);
    expect((await one.jobs(`migrate --to ${store}`)).code).toBe(0);
    expect(await all(one, { MCP2CLI_STORE: store })).toEqual(before);
    const other = offline();
    expect((await other.jobs(`migrate --from ${store}`)).code).toBe(0);
    expect(await all(other)).toEqual(before);
  });

  it('leaves a job that runs here, names it, and takes it once it has ended', async () => {
    const { files, jobs } = offline(place());
    const { job_id } = files.create(newJob({ backend: 'local' }));
    const first = await jobs('migrate');
    expect(first).toMatchObject({ code: 8, stdout: expect.stringContaining('1 left') });
    expect(first.stderr).toContain(`${job_id} stays in files: it is queued: a process on`);
    files.finish(job_id, {
      status: 'failed',
      error: { code: 'x', message: 'no' },
      finished_at: '2026-03-30T10:16:00.000Z',
    });
    expect(dataOf<Migrated>(await jobs('migrate --json'))).toMatchObject({ copied: [job_id], left: [] });
  });

  it('removes only when asked, and only what is the same there', async () => {
    const { dir, jobs } = offline(place());
    const [first = '', second = ''] = writeEnded(dir, 2);
    await jobs('migrate');
    expect(existsSync(join(dir, first))).toBe(true);
    const gone = dataOf<Migrated>(await jobs('migrate --remove --json'));
    expect(gone).toMatchObject({ copied: [], present: [first, second], removed: [first, second] });
    expect(readdirSync(dir).filter((name) => name.startsWith('job_'))).toEqual([]);
    expect(dataOf<Migrated>(await jobs('migrate --from files --json'))).toMatchObject({
      copied: [],
      present: [],
    });
  });

  it('a damaged record stays, is named, and stops no other', async () => {
    const { dir, jobs } = offline(place());
    const [first = '', second] = writeEnded(dir, 2);
    for (const file of ['end.json', 'job.json']) writeFileSync(join(dir, first, file), '{');
    const done = await jobs('migrate --json');
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining(`${first} stays in files`) });
    expect(dataOf<Migrated>(done)).toMatchObject({
      copied: [second],
      left: [{ job_id: first, code: 'refused' }],
    });
  });

  it('is refused where a rule does not let a job be read', async () => {
    const { home, dir, jobs } = offline(place());
    writeEnded(dir, 2);
    const rules = { permissions: [{ action: 'read', tools: ['deploy'], roles: ['nobody'] }] };
    const config = JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'));
    config.mcpServers.work = { ...config.mcpServers.work, ...rules };
    writeFileSync(join(home, 'config.json'), JSON.stringify(config));
    const end = await jobs('migrate --json');
    expect(end).toMatchObject({ code: 4, stdout: '' });
    expect(errorOf(end).code).toBe('permission_denied');
  });

  it('asks for two stores that differ', async () => {
    const { jobs } = offline();
    const store = place();
    for (const words of ['migrate', 'migrate --to files', `migrate --from ${store} --to ${store}`]) {
      const end = await jobs(`${words} --json`);
      expect(end).toMatchObject({ code: 2, stdout: '' });
      expect(errorOf(end).message).toContain('jobs are copied to another store');
      expect(end.stderr).not.toContain('s3cret');
    }
    expect(await jobs('migrate --to nowhere')).toMatchObject({
      code: 78,
      stderr: expect.not.stringContaining('s3cret'),
    });
  });

  it('killed in the middle, typed again: every job once, and none is torn', async () => {
    const { home, dir, jobs, shown } = offline(place());
    const ids = writeEnded(dir, 400);
    const killed = start(['work', 'jobs', 'migrate', '--remove'], { home });
    await eventually(async () => expect(JSON.parse(await shown()).length).toBeGreaterThan(20));
    killed.signal('SIGKILL');
    await killed.done;
    const there = JSON.parse(await shown()).length;
    // On a busy machine it may have begun to remove.
    const inFiles = ids.filter((id) => existsSync(join(dir, id))).length;
    const rest = dataOf<Migrated>(await jobs('migrate --remove --json'));
    expect(rest.copied.length + rest.present.length).toBe(inFiles);
    expect(rest).toMatchObject({ left: [], removed: { length: inFiles } });
    const listed = JSON.parse(await shown()).map((job: { job_id: string }) => job.job_id);
    expect(listed).toEqual(ids.toReversed());
    expect((await jobs(`show ${ids[there - 1]} --json`)).code).toBe(0);
  });

  it('no Redis there: exit 3, and nothing has changed', async () => {
    const { dir, jobs } = offline();
    const ids = writeEnded(dir, 2);
    const end = await jobs('migrate --to redis://127.0.0.1:1 --remove');
    expect(end).toMatchObject({ code: 3, stdout: '' });
    expect(end.stderr).toContain('the store redis://127.0.0.1:1/0 cannot be reached');
    expect(readdirSync(dir).filter((name) => name.startsWith('job_'))).toEqual(ids);
  });
});
