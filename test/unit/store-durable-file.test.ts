import {
  chmodSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IoError } from '../../src/errors.ts';
import {
  makePrivateDir,
  publishOnce,
  readPublished,
  replaceByLink,
  replaceFile,
} from '../../src/lib/disk/durable-file.ts';
import { ioFailure } from '../../src/lib/disk/io-failure.ts';
import { freshDir } from '../support/home.ts';
import { completed, diskStore, newJob } from '../support/store-fixtures.ts';

// The machine's refusals cannot be arranged everywhere: these calls can be told to fail once or for good.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const calls = ['linkSync', 'renameSync', 'writeSync', 'fsyncSync'] as const;
  return { ...fs, ...Object.fromEntries(calls.map((call) => [call, vi.fn(fs[call] as () => void)])) };
});

afterEach(() => {
  // Back to what the calls really do.
  for (const call of [linkSync, renameSync, writeSync, fsyncSync]) vi.mocked(call).mockReset();
});

function failing(errno: string) {
  return () => {
    throw Object.assign(new Error(`${errno}: refused`), { code: errno, syscall: 'link' });
  };
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe('replaceFile', () => {
  it('writes a whole file with mode 0600, replaces it, and leaves nothing beside it', () => {
    const dir = freshDir();
    const path = join(dir, 'a.json');
    replaceFile(path, 'old');
    chmodSync(path, 0o644);
    replaceFile(path, 'né\u2028w');
    expect(readFileSync(path, 'utf8')).toBe('né\u2028w');
    expect(mode(path)).toBe(0o600);
    replaceFile(path, new Uint8Array([0, 255]), { durable: false });
    expect([...readFileSync(path)]).toEqual([0, 255]);
    expect(readdirSync(dir)).toEqual(['a.json']);
  });

  it('goes on after short writes', () => {
    const path = join(freshDir(), 'a');
    const text = 'äöü'.repeat(1000);
    const real = vi.mocked(writeSync).getMockImplementation() as (...args: unknown[]) => number;
    vi.mocked(writeSync).mockImplementation(((fd: number, data: Uint8Array, at: number, length: number) =>
      real(fd, data, at, Math.min(length, 7))) as never);
    replaceFile(path, text);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it.each([
    ['write', writeSync],
    ['fsync', fsyncSync],
    ['rename', renameSync],
  ])('keeps the old file whole when %s fails', (_, call) => {
    const dir = freshDir();
    const path = join(dir, 'a');
    replaceFile(path, 'old');
    vi.mocked(call as typeof fsyncSync).mockImplementationOnce(failing('ENOSPC'));
    expect(() => replaceFile(path, 'new')).toThrow(`cannot write ${path}: the disk is full`);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(dir)).toEqual(['a']);
  });

  it('does not write through a link', () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'target'), 'untouched');
    symlinkSync('target', join(dir, 'link'));
    replaceFile(join(dir, 'link'), 'new');
    expect(readFileSync(join(dir, 'target'), 'utf8')).toBe('untouched');
    expect(readFileSync(join(dir, 'link'), 'utf8')).toBe('new');
  });
});

// Two ways to publish: by a link, and by a folder where links are refused.
describe.each([undefined, 'EPERM', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EMLINK', 'EACCES'])(
  'publishOnce, links: %s',
  (errno) => {
    const arrange = () => {
      if (errno) vi.mocked(linkSync).mockImplementation(failing(errno));
    };

    it('lets the first win and never overwrites', () => {
      const dir = freshDir();
      const path = join(dir, 'end.json');
      arrange();
      expect(readPublished(path)).toBeUndefined();
      expect(publishOnce(path, 'first')).toBe(true);
      expect(publishOnce(path, 'second')).toBe(false);
      expect(readPublished(path)).toBe('first');
      expect(readdirSync(dir)).toEqual(['end.json']);
      expect(statSync(path).isDirectory()).toBe(errno !== undefined);
      expect(mode(errno ? join(path, 'data') : path)).toBe(0o600);
    });

    it('yields to whatever is there', () => {
      const dir = freshDir();
      arrange();
      writeFileSync(join(dir, 'file'), 'theirs');
      mkdirSync(join(dir, 'folder'));
      writeFileSync(join(dir, 'folder', 'data'), 'theirs');
      symlinkSync('nowhere', join(dir, 'link'));
      for (const name of ['file', 'folder', 'link']) expect(publishOnce(join(dir, name), 'ours')).toBe(false);
      expect(readPublished(join(dir, 'file'))).toBe('theirs');
      expect(readPublished(join(dir, 'folder'))).toBe('theirs');
      expect(readdirSync(dir).sort()).toEqual(['file', 'folder', 'link']);
    });

    it('carries a job through its life', () => {
      const { store, dir } = diskStore(freshDir());
      const { job_id } = store.create(newJob());
      arrange();
      store.requestCancel(job_id);
      expect(store.cancelRequested(job_id)).toBe(true);
      const large = completed('x'.repeat(20_000));
      const end = store.finish(job_id, large);
      expect(store.finish(job_id, completed('late'))).toEqual(end);
      expect(end).toMatchObject({ status: 'completed', result: large.result });
      expect(store.list()).toMatchObject({ problems: [], jobs: [{ status: 'completed' }] });
      expect(readdirSync(join(dir, job_id)).filter((name) => name.startsWith('.'))).toEqual([]);
    });
  },
);

it('publishOnce counts a link that a network file system reported as taken but had made', () => {
  const path = join(freshDir(), 'end.json');
  const real = vi.mocked(linkSync).getMockImplementation() as typeof linkSync;
  vi.mocked(linkSync).mockImplementationOnce((from, to) => {
    real(from, to);
    failing('EEXIST')();
  });
  expect(publishOnce(path, 'ours')).toBe(true);
});

it('publishOnce says no when it cannot, with nothing left', () => {
  const dir = freshDir();
  vi.mocked(linkSync).mockImplementation(failing('EPERM'));
  vi.mocked(renameSync).mockImplementation(failing('EPERM'));
  expect(() => publishOnce(join(dir, 'a'), 'x')).toThrow(IoError);
  expect(readdirSync(dir)).toEqual([]);
});

it('a result that no end could be published for is removed; one that an end names stays', () => {
  const { store, dir } = diskStore(freshDir());
  const { job_id } = store.create(newJob());
  const results = () => readdirSync(join(dir, job_id)).filter((name) => name.startsWith('result.'));
  vi.mocked(linkSync).mockImplementationOnce(failing('ENOSPC'));
  expect(() => store.finish(job_id, completed('x'.repeat(20_000)))).toThrow(IoError);
  expect(results()).toEqual([]);
  expect(store.read(job_id).status).toBe('queued');
  // The end is there, and only the sync of the folder after it fails.
  const real = vi.mocked(linkSync).getMockImplementation() as typeof linkSync;
  vi.mocked(linkSync).mockImplementationOnce((from, to) => {
    real(from, to);
    vi.mocked(fsyncSync).mockImplementationOnce(failing('EIO'));
  });
  const end = completed('y'.repeat(20_000));
  expect(() => store.finish(job_id, end)).toThrow(/input\/output error/);
  expect(results()).toHaveLength(1);
  expect(store.read(job_id)).toMatchObject({ status: 'completed', result: end.result });
});

describe('the other helpers', () => {
  it('makePrivateDir makes every new folder 0700 and leaves an old one as it is', () => {
    const dir = freshDir();
    chmodSync(dir, 0o755);
    makePrivateDir(join(dir, 'a', 'b'));
    expect([mode(dir), mode(join(dir, 'a')), mode(join(dir, 'a', 'b'))]).toEqual([0o755, 0o700, 0o700]);
    makePrivateDir(dir);
    expect(mode(dir)).toBe(0o755);
  });

  it('makePrivateDir says which folder it cannot make', () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'file'), '');
    const path = join(dir, 'file', 'x');
    const message = `cannot create ${path}: a part of the path is not a folder`;
    expect(() => makePrivateDir(path)).toThrow(expect.objectContaining({ exitCode: 74, message }));
  });

  it('replaceByLink makes two names of one file, twice over, and says when it cannot', () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'a'), 'a');
    writeFileSync(join(dir, 'b'), 'b');
    expect(replaceByLink(join(dir, 'b'), join(dir, 'a'))).toBe(true);
    expect(replaceByLink(join(dir, 'b'), join(dir, 'a'))).toBe(true);
    expect(statSync(join(dir, 'a')).ino).toBe(statSync(join(dir, 'b')).ino);
    expect(readdirSync(dir).sort()).toEqual(['a', 'b']);
    expect(replaceByLink(join(dir, 'b'), join(dir, 'none'))).toBe(false);
    expect(existsSync(join(dir, 'b'))).toBe(true);
  });

  it.each([
    'ENOSPC',
    'EDQUOT',
    'EROFS',
    'EACCES',
    'EPERM',
    'EMFILE',
    'ENFILE',
    'EIO',
    'ENOTDIR',
    'EISDIR',
    'ESTALE',
    'EWHAT',
  ])('ioFailure tells %s with the path and exit code 74', (code) => {
    const cause = Object.assign(new Error(`${code}: odd`), { code, syscall: 'open' });
    const error = ioFailure(cause, 'write', '/data/x');
    expect(error).toBeInstanceOf(IoError);
    expect(error).toMatchObject({ exitCode: 74, cause, details: { path: '/data/x', errno: code } });
    expect(error.message).toMatch(/^cannot write \/data\/x: /);
    if (code !== 'EWHAT') expect(error.message).not.toContain(code);
  });

  it('ioFailure passes on what is a defect, or told already', () => {
    const defect = new TypeError('x is undefined');
    expect(ioFailure(defect, 'write', '/x')).toBe(defect);
    const told = new IoError('cannot write /y: the disk is full');
    expect(ioFailure(told, 'write', '/x')).toBe(told);
  });
});
