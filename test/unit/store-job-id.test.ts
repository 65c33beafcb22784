import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeTime, isValid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { isJobName, newestOf, newJobId } from '../../src/jobs/store/job-id.ts';
import { freshDir } from '../support/home.ts';
import { diskStore, fixedClock, newJob } from '../support/store-fixtures.ts';

describe('ids', () => {
  it.each([0, 1, 1_774_865_730_000, 2 ** 48 - 1])(
    'are ULIDs of their time (%d ms), as the ulid package reads them',
    (now) => {
      const id = newJobId(now, undefined);
      expect(isJobName(id)).toBe(true);
      expect(isValid(id.slice(4).toUpperCase())).toBe(true);
      expect(decodeTime(id.slice(4).toUpperCase())).toBe(now);
    },
  );

  it('differ within a millisecond, and use every digit', () => {
    const ids = Array.from({ length: 2000 }, () => newJobId(5, undefined));
    expect(new Set(ids).size).toBe(2000);
    expect(new Set(ids.map((id) => id.at(-1))).size).toBe(32);
    expect(new Set(ids.map((id) => id.at(14))).size).toBe(32);
  });

  it('sort after the newest there is, also when the clock was set back', () => {
    const later = newJobId(10_000, undefined);
    let newest = later;
    for (const now of [9_000, 0, 10_000, 10_001]) {
      const next = newJobId(now, newest);
      expect(next > newest).toBe(true);
      newest = next;
    }
    // A folder that somebody named is no clock.
    expect(decodeTime(newJobId(7, 'job_zzz').slice(4).toUpperCase())).toBe(7);
  });

  it('made by hand count as the newest only where there is no other', () => {
    expect(newestOf(['job_a', 'job_b'])).toBe('job_b');
    expect(newestOf([newJobId(1, undefined), 'job_b'])).toMatch(/^job_0/);
    expect(newestOf([])).toBeUndefined();
  });
});

describe('create', () => {
  it('keeps the order of creation in a store whose clock stands still or is set back', () => {
    const clock = fixedClock();
    const { store } = diskStore(freshDir(), { clock });
    const ids = Array.from({ length: 20 }, (_, i) => {
      clock.advance(i === 10 ? -3_600_000 : 0);
      const { job_id } = store.create(newJob());
      expect(store.latest()).toBe(job_id);
      return job_id;
    });
    expect(store.list().jobs.map((job) => job.job_id)).toEqual(ids.toReversed());
  });

  it('sorts after jobs that are gone, that never came, and that were copied in', () => {
    const clock = fixedClock();
    const { store, dir } = diskStore(freshDir(), { clock });
    const marks = () => readdirSync(`${dir}.newest`).filter(isJobName);
    const create = () => store.create(newJob()).job_id;
    const first = create();
    expect(marks()).toEqual([first]);
    rmSync(join(dir, first), { recursive: true });
    const second = create();
    expect(second > first).toBe(true);
    // Its maker was killed before it was there.
    const killed = newJobId(clock.now().getTime() + 5_000, undefined);
    writeFileSync(join(`${dir}.newest`, killed), '');
    const third = create();
    expect(third > killed).toBe(true);
    expect(store.latest()).toBe(third);
    // From a machine whose clock was ahead: seen by the next look through the folder.
    const copied = newJobId(clock.now().getTime() + 60_000, undefined);
    renameSync(join(dir, third), join(dir, copied));
    const hourAgo = new Date(clock.now().getTime() - 3_700_000);
    utimesSync(join(`${dir}.newest`, '.swept'), hourAgo, hourAgo);
    expect(store.latest()).toBe(copied);
    const fourth = create();
    expect(fourth > copied).toBe(true);
    expect(marks()).toEqual([fourth]);
  });

  it('knows the newest job by its mark only as long as nobody else has changed the folder', () => {
    const clock = fixedClock();
    const { store, dir } = diskStore(freshDir(), { clock });
    const mark = (id: string) => readFileSync(join(`${dir}.newest`, id), 'utf8');
    const create = () => store.create(newJob()).job_id;
    const first = create();
    const second = create();
    expect(store.latest()).toBe(second);
    expect(store.resolve('-1')).toBe(second);
    const known = mark(second);
    expect(known).not.toBe('');
    // A newer one comes from elsewhere, and goes.
    const copied = newJobId(clock.now().getTime() + 60_000, undefined);
    mkdirSync(join(dir, copied));
    expect(store.latest()).toBe(copied);
    expect(store.resolve('-1')).toBe(copied);
    rmSync(join(dir, copied), { recursive: true });
    expect(store.latest()).toBe(second);
    rmSync(join(dir, second), { recursive: true });
    expect(store.latest()).toBe(first);
    // Once all is quiet, whoever looks notes what was found.
    clock.advance(Date.now() - clock.now().getTime() + 10_000);
    expect(store.latest()).toBe(first);
    expect(mark(first)).not.toBe('');
    expect(store.latest()).toBe(first);
    mkdirSync(join(dir, copied));
    expect(store.latest()).toBe(copied);
    rmSync(dir, { recursive: true });
    expect(store.latest()).toBeUndefined();
  });

  it('looks at all names where a mark is damaged, or of a job whose maker was killed', () => {
    const { store, dir } = diskStore(freshDir());
    const { job_id } = store.create(newJob());
    for (const text of ['', 'nonsense']) {
      writeFileSync(join(`${dir}.newest`, job_id), text);
      expect(store.latest()).toBe(job_id);
    }
    writeFileSync(join(`${dir}.newest`, newJobId(Date.now() + 60_000, undefined)), '');
    expect(store.latest()).toBe(job_id);
    rmSync(`${dir}.newest`, { recursive: true });
    expect(store.latest()).toBe(job_id);
  });

  it('takes another id when one is taken, and never touches what is there', () => {
    const ids = ['job_a', 'job_a', 'job_b'];
    const { store } = diskStore(freshDir(), { newId: () => ids.shift() ?? 'job_c' });
    expect(store.create(newJob({ capability: 'first' })).job_id).toBe('job_a');
    expect(store.create(newJob()).job_id).toBe('job_b');
    expect(store.read('job_a').capability).toBe('first');
  });

  it('gives up when every id is taken, and leaves nothing half-made', () => {
    const { store, dir } = diskStore(freshDir(), { newId: () => 'job_a' });
    store.create(newJob());
    expect(() => store.create(newJob())).toThrow(expect.objectContaining({ exitCode: 74 }));
    expect(readdirSync(dir)).toEqual(['job_a']);
  });

  it('makes folders 0700 and files 0600', () => {
    const home = freshDir();
    const { store, dir } = diskStore(home);
    const { job_id } = store.create(newJob());
    const mode = (path: string) => statSync(path).mode & 0o777;
    for (const folder of [join(home, 'instances'), dir, join(dir, job_id)]) expect(mode(folder)).toBe(0o700);
    expect(mode(join(dir, job_id, 'job.json'))).toBe(0o600);
  });

  it('removes what killed processes left an hour ago, and nothing else', () => {
    const { store, dir } = diskStore(freshDir());
    const gone = 2 ** 22 + 1; // above the greatest pid that Linux gives
    const make = (name: string, ageMs: number) => {
      mkdirSync(join(dir, name), { recursive: true });
      const at = new Date(Date.now() - ageMs);
      utimesSync(join(dir, name), at, at);
      return name;
    };
    make(`.new-${gone}-old`, 3_700_000);
    make(`.tmp-${gone}-old`, 3_700_000);
    const kept = [
      make(`.new-${gone}-young`, 3_500_000),
      make(`.new-${process.pid}-alive`, 3_700_000),
      make('.new-by-hand', 3_700_000),
      make('.other', 3_700_000),
    ];
    const { job_id } = store.create(newJob());
    expect(readdirSync(dir).sort()).toEqual([...kept, job_id].sort());
  });
});
