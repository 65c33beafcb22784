import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { freshDir } from '../support/home.ts';
import { completed, deadHolder, diskStore, newJob, taskFact } from '../support/store-fixtures.ts';

/** A store with a healthy job, and one that has all four files. */
function twoJobs() {
  const { store, dir } = diskStore(freshDir('store'));
  const healthy = store.create(newJob()).job_id;
  const id = store.create(newJob()).job_id;
  store.accept(id, taskFact());
  store.requestCancel(id);
  return { store, dir, healthy, id };
}

const FILES = ['job.json', 'task.json', 'cancel.json', 'end.json'];

describe('a damaged file', () => {
  const damages: [string, string][] = [
    ['is empty', ''],
    ['is white space', ' \n'],
    ['was cut', '{"schema_version":1,"job_id":"job_'],
    ['is zeros, as after a power cut', '\0'.repeat(300)],
    ['is another kind of JSON', '[]'],
    ['is null', 'null'],
    ['has no schema_version', '{"job_id":"x"}'],
    ['has a schema_version that is no number', '{"schema_version":"1"}'],
    ['has only a version', '{"schema_version":1}'],
    [
      'takes its fields from a prototype',
      '{"schema_version":1,"__proto__":{"status":"completed","requested_at":"2026"}}',
    ],
  ];
  const cases = FILES.flatMap((file) => damages.map(([what, content]) => [file, what, content] as const));

  it.each(cases)('%s that %s is reported, kept, and stops no other job', (file, _, content) => {
    const { store, dir, healthy, id } = twoJobs();
    const path = join(dir, id, file);
    writeFileSync(path, content);
    expect(store.list().jobs.map((job) => job.job_id)).toEqual([healthy]);
    expect(store.list().problems).toEqual([
      { job_id: id, path, code: 'damaged', message: expect.stringContaining(path) },
    ]);
    expect(() => store.read(id)).toThrow(ConfigError);
    for (const write of [
      () => store.finish(id, completed()),
      () => store.accept(id, taskFact('task_2')),
      () => store.requestCancel(id),
      () => store.observe(id, { status: 'running' }),
    ])
      try {
        write();
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as Error).message).toContain(path);
      }
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it.each([
    ['job.json', { status: 'done' }],
    ['job.json', { arguments: [] }],
    ['job.json', { arguments: undefined }],
    ['job.json', { capability: 7 }],
    ['job.json', { created_at: 'yesterday' }],
    ['job.json', { remote: 'working' }],
    ['job.json', { holder: { pid: 'x' } }],
    ['job.json', { job_id: 'job_00000000000000000000000000' }],
    ['job.json', { schema_version: 0 }],
    ['job.json', { schema_version: 1.5 }],
    ['task.json', { remote_task_id: 5 }],
    ['task.json', { session: null }],
    ['end.json', { status: 'running' }],
    ['end.json', { error: 'no' }],
    ['end.json', { result_file: '../../../etc/passwd' }],
    ['end.json', { result_file: 'job.json' }],
    ['end.json', { job_id: 'job_00000000000000000000000000' }],
    ['end.json', { capability: 1 }],
  ])('%s with %j has the wrong shape', (file, change) => {
    const { store, dir, id } = twoJobs();
    if (file === 'end.json') store.finish(id, completed());
    const path = join(dir, id, file);
    const content = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change });
    rmSync(path);
    writeFileSync(path, content);
    expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'record_damaged', exitCode: 78 }));
    expect(store.list().problems).toMatchObject([{ job_id: id, path, code: 'damaged' }]);
  });

  it('that is not there but must be is damage too', () => {
    const { store, dir, healthy, id } = twoJobs();
    rmSync(join(dir, id, 'job.json'));
    expect(() => store.read(id)).toThrow(/job\.json is missing/);
    expect(store.list()).toMatchObject({
      jobs: [{ job_id: healthy }],
      problems: [{ job_id: id, code: 'damaged' }],
    });
  });

  it.each(FILES)('%s that is a folder is damage', (file) => {
    const { store, dir, id } = twoJobs();
    rmSync(join(dir, id, file), { force: true });
    mkdirSync(join(dir, id, file));
    expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'record_damaged' }));
    expect(store.list().problems).toMatchObject([{ job_id: id, path: join(dir, id, file) }]);
  });

  it('of a large result fails show and wait, never makes one up, and leaves the list alone', () => {
    const { store, dir, id } = twoJobs();
    store.finish(id, completed('x'.repeat(20_000)));
    const result = readdirSync(join(dir, id)).find((name) => name.startsWith('result.')) ?? '';
    for (const content of ['', '{"schema_version":1}', '{"schema_version":1,"result":{"content":[{"t']) {
      writeFileSync(join(dir, id, result), content);
      expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'record_damaged' }));
    }
    rmSync(join(dir, id, result));
    expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'record_damaged' }));
    expect(store.list()).toMatchObject({ problems: [], jobs: [{ status: 'completed' }, {}] });
  });
});

describe('a file of a newer version', () => {
  it.each(FILES)('%s makes the job read-only and is kept', (file) => {
    const { store, dir, healthy, id } = twoJobs();
    const path = join(dir, id, file);
    const content = '{"schema_version":2,"shape":"unheard of"}';
    writeFileSync(path, content);
    const before = readdirSync(join(dir, id)).sort();
    expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'record_newer', exitCode: 78 }));
    expect(() => store.read(id)).toThrow(path);
    expect(() => store.finish(id, completed())).toThrow(ConfigError);
    expect(store.list()).toMatchObject({
      jobs: [{ job_id: healthy }],
      problems: [{ job_id: id, path, code: 'newer' }],
    });
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(readdirSync(join(dir, id)).sort()).toEqual(before);
  });

  it('job.json is never observed over', () => {
    const { store, dir, id } = twoJobs();
    writeFileSync(join(dir, id, 'job.json'), '{"schema_version":2}');
    expect(() => store.observe(id, { status: 'running' })).toThrow(ConfigError);
    expect(readFileSync(join(dir, id, 'job.json'), 'utf8')).toBe('{"schema_version":2}');
  });
});

describe('what is not ours', () => {
  it('is passed over in the folder of jobs and in a job', () => {
    const { store, dir, healthy, id } = twoJobs();
    writeFileSync(join(dir, 'notes.txt'), 'x');
    writeFileSync(join(dir, '.DS_Store'), 'x');
    mkdirSync(join(dir, 'job_x.bak'));
    mkdirSync(join(dir, 'other'));
    mkdirSync(join(dir, '.new-1-abc'));
    writeFileSync(join(dir, id, '.tmp-1-abc'), '{');
    writeFileSync(join(dir, id, 'note'), 'x');
    expect(store.list()).toMatchObject({ jobs: [{ job_id: id }, { job_id: healthy }], problems: [] });
    expect(store.latest()).toBe(id);
  });

  it('but named like a job is reported, and is never the latest', () => {
    const { store, dir, id } = twoJobs();
    mkdirSync(join(dir, 'job_zzz'));
    writeFileSync(join(dir, 'job_yyy'), 'a file');
    symlinkSync('/nowhere', join(dir, 'job_xxx'));
    expect(store.list().problems.map((problem) => problem.job_id)).toEqual(['job_zzz', 'job_yyy']);
    expect(store.latest()).toBe(id);
  });

  it.each(['job.json', 'task.json', 'end.json'])(
    'a %s that links to itself is a problem of its own job',
    (file) => {
      const { store, dir, healthy, id } = twoJobs();
      rmSync(join(dir, id, file), { force: true });
      symlinkSync(join(dir, id, file), join(dir, id, file));
      const seen = () => {
        const { jobs, problems } = store.list();
        return { jobs: jobs.map(({ job_id }) => job_id), problems: problems.map(({ job_id }) => job_id) };
      };
      expect(seen()).toEqual({ jobs: [healthy], problems: [id] });
      // Many are read by the index, from the second time on.
      const others = Array.from({ length: 40 }, () => store.create(newJob()).job_id);
      for (let n = 0; n < 2; n++)
        expect(seen()).toEqual({ jobs: [...others.toReversed(), healthy], problems: [id] });
    },
  );

  it('fields of job.json that nobody knows survive observations and the end', () => {
    const { store, dir, id } = twoJobs();
    const path = join(dir, id, 'job.json');
    const extra = '"x_note":{"by":"somebody"},"__proto__":{"a":1}';
    writeFileSync(path, readFileSync(path, 'utf8').replace('{', `{${extra},`));
    store.observe(id, { status: 'running', progress: { progress: 1 } });
    expect(readFileSync(path, 'utf8')).toContain(extra);
    store.finish(id, completed());
    expect(readFileSync(path, 'utf8')).toContain(extra);
    expect(store.read(id)).not.toHaveProperty('x_note');
  });

  it('an observation that was under way when the job ended changes nothing', () => {
    const { store, dir, id } = twoJobs();
    store.observe(id, { status: 'running', progress: { progress: 1 } });
    const before = readFileSync(join(dir, id, 'job.json'), 'utf8');
    const end = store.finish(id, completed());
    rmSync(join(dir, id, 'job.json'));
    writeFileSync(join(dir, id, 'job.json'), before.replace('"progress":1', '"progress":2'));
    expect(store.read(id)).toEqual(end);
  });

  it('an end that says no more than how it ended is one', () => {
    const { store, dir, id } = twoJobs();
    writeFileSync(join(dir, id, 'end.json'), '{"schema_version":1,"status":"canceled","error":null}');
    expect(store.read(id)).toMatchObject({ status: 'canceled', remote_task_id: 'task_1', finished_at: null });
  });

  it('a record with nothing but job.json is a record', () => {
    const { store, dir } = diskStore(freshDir('store'));
    const record = (id: string, fields: object) => {
      mkdirSync(join(dir, id), { recursive: true });
      const common = { schema_version: 1, job_id: id, instance: 'work', capability: 'deploy', arguments: {} };
      writeFileSync(
        join(dir, id, 'job.json'),
        JSON.stringify({ ...common, created_at: '2026-03-30T10:15:30Z', ...fields }),
      );
    };
    record('job_1', { status: 'running', remote_task_id: 't', holder: deadHolder() });
    record('job_2', { status: 'completed', result: { ok: 1 }, finished_at: '2026-03-30T10:16:00Z' });
    expect(store.read('job_1')).toMatchObject({ status: 'running', remote_task_id: 't' });
    expect(store.read('job_2')).toMatchObject({ status: 'completed', result: { ok: 1 } });
    expect(store.finish('job_2', completed('other')).result).toEqual({ ok: 1 });
    expect(store.list()).toMatchObject({ jobs: [{ job_id: 'job_2' }, { job_id: 'job_1' }], problems: [] });
  });
});
