import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from '../../src/lib/disk/durable-file.ts';
import { sweepFolder } from '../../src/lib/disk/sweep.ts';
import { freshDir } from '../support/home.ts';

const GONE = 2 ** 22 + 1; // above the greatest pid that Linux gives

it('sweepFolder removes what killed processes left an hour ago, and nothing else', () => {
  const dir = freshDir();
  const make = (name: string, ageMs: number) => {
    writeFileSync(join(dir, name), '');
    const at = new Date(Date.now() - ageMs);
    utimesSync(join(dir, name), at, at);
    return name;
  };
  make(`.tmp-${GONE}-old`, 3_700_000);
  const kept = [
    make(`.tmp-${GONE}-young`, 3_500_000),
    make(`.tmp-${process.pid}-alive`, 3_700_000),
    make('.tmp-by-hand', 3_700_000),
    make('catalogue.json', 3_700_000),
  ];
  sweepFolder(dir);
  expect(readdirSync(dir).sort()).toEqual(kept.sort());
  sweepFolder(join(dir, 'nowhere'));
});

it("a job's file is made beside the job's folder, where the next new job sweeps", () => {
  const dir = freshDir();
  // Made in `dir`, it cannot get its name in a folder that is not there; made in that folder, it could not even be made.
  const seen: string[] = [];
  const folder = join(dir, 'job_one');
  try {
    replaceFile(join(folder, 'job.json'), 'x');
  } catch (error) {
    seen.push((error as Error & { cause: NodeJS.ErrnoException }).cause.syscall ?? '');
  }
  expect(seen).toEqual(['rename']);
  mkdirSync(folder);
  replaceFile(join(folder, 'job.json'), 'x');
  expect(readdirSync(dir, { recursive: true }).sort()).toEqual(['job_one', join('job_one', 'job.json')]);
});
