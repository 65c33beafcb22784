import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openJobStore } from '../../src/jobs/store/job-store.ts';
import { freshDir } from '../support/home.ts';
import { completed, diskStore, endedJobs, newJob, taskFact } from '../support/store-fixtures.ts';

const MANY = 70;

/** A clock that is so far ahead that every file was left alone for long enough to be indexed. */
const later = { now: () => new Date(Date.now() + 60_000) };

let ended: string;
let live: string;

beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'mcp2cli-test-index-'));
  const one = diskStore(join(root, 'ended'));
  endedJobs(one.store, MANY);
  ended = one.dir;
  const two = diskStore(join(root, 'live'));
  for (let i = 0; i < MANY; i++) two.store.accept(two.store.create(newJob()).job_id, taskFact(`live_${i}`));
  live = two.dir;
  return () => rmSync(root, { recursive: true });
});

/** Adds the jobs of a store made before, hard links included. Making them anew, synced, takes 20 times as long. */
function addJobs(from: string): string[] {
  const names = readdirSync(from).sort();
  for (const name of names) {
    mkdirSync(join(dir, name), { recursive: true });
    for (const file of ['job.json', 'task.json', 'end.json'])
      if (file === 'end.json' && from === ended) linkSync(join(dir, name, 'job.json'), join(dir, name, file));
      else if (file !== 'end.json') copyFileSync(join(from, name, file), join(dir, name, file));
  }
  return names;
}

let dir: string;
let ids: string[];
const index = () => join(dir, '.index.json');
const list = (filter?: object) => openJobStore({ dir, instance: 'work', clock: later }).list(filter);
const fresh = () => {
  // As a store without an index tells it.
  rmSync(index());
  return list();
};

beforeEach(() => {
  dir = diskStore(freshDir()).dir;
  ids = addJobs(ended);
});

describe('the index', () => {
  it('is written once there are enough records, and changes no answer', () => {
    const first = list();
    expect(existsSync(index())).toBe(true);
    expect(readFileSync(index(), 'utf8')).toContain('"sealed"');
    expect(statSync(index()).mode & 0o777).toBe(0o600);
    const second = list();
    expect(second).toEqual(first);
    expect(second).toEqual(fresh());
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    expect(second.jobs.map((job) => job.job_id)).toEqual(ids.toReversed());
  });

  it('is what a list is read from (or these tests would show nothing)', () => {
    list();
    const text = readFileSync(index(), 'utf8');
    expect(text).toContain('"deploy"');
    writeFileSync(index(), text.replaceAll('"deploy"', '"from the index"'));
    expect(list().jobs.every((job) => job.capability === 'from the index')).toBe(true);
    const store = openJobStore({ dir, instance: 'work', clock: later });
    expect(store.read(ids[0] ?? '').capability).toBe('deploy');
    expect(store.finish(ids[0] ?? '', completed()).capability).toBe('deploy');
  });

  it('holds no results', () => {
    list();
    expect(readFileSync(index(), 'utf8')).not.toContain('result 1');
  });

  it('is not written for a few records, nor for a limited look, nor for files that were just changed', () => {
    list({ limit: 40 });
    list({ limit: 40, statuses: ['completed'] });
    expect(existsSync(index())).toBe(false);
    openJobStore({ dir, instance: 'work', clock: { now: () => new Date() } }).list();
    expect(existsSync(index())).toBe(false);
    for (const id of ids.slice(10)) rmSync(join(dir, id), { recursive: true });
    list();
    expect(existsSync(index())).toBe(false);
  });

  it('takes the names from the folder: removed jobs vanish, new ones appear', () => {
    list();
    rmSync(join(dir, ids[3] ?? ''), { recursive: true });
    const { job_id } = diskStore(join(dir, '..', '..', '..')).store.create(newJob());
    expect(list().jobs.map((job) => job.job_id)).toEqual([
      job_id,
      ...ids.filter((_, i) => i !== 3).toReversed(),
    ]);
    expect(list({ limit: 1 }).jobs[0]?.job_id).toBe(job_id);
    expect(list({ statuses: ['queued'] }).jobs).toHaveLength(1);
    expect(list({ statuses: ['completed'], limit: 2 }).jobs.map((job) => job.job_id)).toEqual([
      ids[69],
      ids[68],
    ]);
  });

  it.each([
    '',
    'garbage',
    '{"version":99,"rows":[1]}',
    '[]',
    'null',
    '{"version":1,"sessions":[],"rows":[]}',
    '{"version":3,"sessions":[],"rows":[["x"]]}',
  ])('that says %j is passed over and written anew', (content) => {
    const first = list();
    writeFileSync(index(), content);
    expect(list()).toEqual(first);
    expect(readFileSync(index(), 'utf8')).not.toBe(content);
  });

  it('cut anywhere changes no answer', () => {
    const first = list();
    const text = readFileSync(index(), 'utf8');
    for (let i = 1; i < 10; i++) {
      writeFileSync(index(), text.slice(0, Math.floor((text.length * i) / 10)));
      expect(list()).toEqual(first);
    }
  });

  it('of another store, or of one restored from a backup, counts for nothing', () => {
    list();
    writeFileSync(index(), readFileSync(index(), 'utf8').replaceAll('"deploy"', '"stale"'));
    const copy = join(freshDir(), 'jobs');
    cpSync(dir, copy, { recursive: true, preserveTimestamps: true });
    const copied = openJobStore({ dir: copy, instance: 'work', clock: later }).list();
    expect(copied.jobs.every((job) => job.capability === 'deploy')).toBe(true);
  });
});

describe('after indexing', () => {
  const damages: [string, (path: string) => void][] = [
    ['overwritten in place', (path) => writeFileSync(path, 'garbage')],
    [
      'overwritten in place at the same length',
      (path) => writeFileSync(path, '#'.repeat(statSync(path).size)),
    ],
    ['cut', (path) => truncateSync(path, 10)],
    ['emptied', (path) => truncateSync(path)],
    ['appended to', (path) => appendFileSync(path, '}')],
    [
      'replaced',
      (path) => {
        writeFileSync(`${path}.new`, '{}');
        renameSync(`${path}.new`, path);
      },
    ],
    ['of a newer version', (path) => writeFileSync(path, '{"schema_version":2}')],
  ];
  const cases = ['job.json', 'end.json'].flatMap((file) =>
    damages.map((damage) => [file, ...damage] as const),
  );

  it.each(cases)('%s that was %s is noticed', (file, what, damage) => {
    list();
    const id = ids[30] ?? '';
    damage(join(dir, id, file));
    const { jobs, problems } = list();
    expect(jobs).toHaveLength(MANY - 1);
    expect(problems).toMatchObject([
      { job_id: id, code: what === 'of a newer version' ? 'newer' : 'damaged' },
    ]);
    expect(list().problems).toEqual(problems);
  });

  it('a removed job.json is noticed', () => {
    list();
    rmSync(join(dir, ids[30] ?? '', 'job.json'));
    expect(list().problems).toMatchObject([{ job_id: ids[30], code: 'damaged' }]);
  });

  it.each(['job.json', 'end.json'])('%s that is no second name of the other is watched by itself', (file) => {
    const other = file === 'job.json' ? 'end.json' : 'job.json';
    for (const id of ids) {
      cpSync(join(dir, id, other), join(dir, id, 'copy'));
      renameSync(join(dir, id, 'copy'), join(dir, id, other));
    }
    list();
    expect(readFileSync(index(), 'utf8')).toContain('"ended"');
    expect(list()).toEqual(fresh());
    writeFileSync(join(dir, ids[30] ?? '', file), 'garbage');
    expect(list().problems).toMatchObject([{ job_id: ids[30], path: join(dir, ids[30] ?? '', file) }]);
  });
});

describe('jobs that are not over', () => {
  let going: string[];
  const store = () => openJobStore({ dir, instance: 'work', clock: { now: () => new Date() } });

  beforeEach(() => {
    going = addJobs(live);
    list();
  });

  it('are indexed until something happens to them', () => {
    const at = (i: number) => going[i] ?? '';
    store().observe(at(1), { status: 'input_required', pending_input: [] });
    store().requestCancel(at(2));
    store().finish(at(3), completed());
    writeFileSync(join(dir, at(4), 'job.json'), '');
    const { jobs, problems } = list();
    const job = (id: string) => jobs.find((one) => one.job_id === id);
    expect(job(at(0))?.status).toBe('running');
    expect(job(at(1))?.status).toBe('input_required');
    expect(job(at(2))?.cancel_requested_at).toEqual(expect.any(String));
    expect(job(at(3))?.status).toBe('completed');
    expect(problems).toMatchObject([{ job_id: at(4) }]);
    expect(list()).toEqual(fresh());
  });

  it('keep their questions in the index', () => {
    for (const id of going)
      store().observe(id, { pending_input: [{ request_id: 1, method: 'm', params: {}, received_at: 'x' }] });
    list();
    expect(list()).toEqual(fresh());
    expect(list({ limit: 50 }).jobs[0]?.pending_input).toHaveLength(1);
  });

  it('keep their marks in the index, with questions and without', () => {
    const labels = { team: 'data' };
    for (let i = 0; i < MANY; i++) {
      const { job_id } = store().create(newJob({ metadata: { kind: 'job', tags: [`n${i}`], labels } }));
      store().accept(job_id, taskFact(`marked_${i}`));
      const pending_input = [{ request_id: 1, method: 'm', params: {}, received_at: 'x' }];
      if (i === 0) store().observe(job_id, { pending_input });
      if (i === 1) store().finish(job_id, completed());
    }
    const first = list();
    expect(readFileSync(index(), 'utf8')).toContain('"n0"');
    expect(list()).toEqual(first);
    expect(list()).toEqual(fresh());
    const [last, ...rest] = list({ limit: MANY }).jobs.toReversed();
    expect(last).toMatchObject({ kind: 'job', tags: ['n0'], labels, pending_input: [{ request_id: 1 }] });
    expect(rest[0]).toMatchObject({ status: 'completed', tags: ['n1'], labels });
    expect(rest[1]).toMatchObject({ tags: ['n2'], labels });
    expect(rest[1]).not.toHaveProperty('pending_input');
  });

  it('but are held by a process are asked for that process every time', () => {
    const held = Array.from({ length: MANY }, () => store().create(newJob({ backend: 'local' })).job_id);
    let alive = true;
    const look = () =>
      openJobStore({ dir, instance: 'work', clock: later, holderAlive: () => alive })
        .list()
        .jobs.filter((job) => held.includes(job.job_id) && job.status === 'lost').length;
    expect(look()).toBe(0);
    alive = false;
    expect(look()).toBe(MANY);
    expect(look()).toBe(MANY);
  });
});
