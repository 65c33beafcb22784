import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../errors.ts';

const JOB_FILE = /\.(job|workflow)\.(ts|mts|js|mjs)$/;
const CODE = /\.(ts|mts|js|mjs)$/;

/**
 * The job files of a folder and of the folders in it, by path; what is hidden and packages (`node_modules`) are left out. A file is taken at its
 * word. Paths come without symbolic links. Error: UsageError when there is nothing of the kind at `path`.
 */
export async function findJobFiles(path: string): Promise<string[]> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT'
        ? `there is no such file or folder: ${path}`
        : `cannot read ${path}: ${error.message}`,
      { code: 'no_job_files', hint: 'name a folder of *.job.ts files, or one such file' },
    );
  });
  if (!facts.isDirectory()) {
    if (!CODE.test(path))
      throw new UsageError(`not a job file: ${path}`, {
        code: 'no_job_files',
        hint: 'a job file ends in .ts, .mts, .js or .mjs',
      });
    return [await realpath(path)];
  }
  const found = new Set<string>();
  await search(await realpath(path), found, new Set());
  return [...found].sort();
}

/** `seen`: folders that were searched. A link may lead to one of them again. */
async function search(dir: string, found: Set<string>, seen: Set<string>): Promise<void> {
  if (seen.has(dir)) return;
  seen.add(dir);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(dir, entry.name);
    // A link may lead nowhere.
    const facts = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (facts?.isDirectory()) await search(await realpath(path), found, seen);
    else if (facts?.isFile() && JOB_FILE.test(entry.name)) found.add(await realpath(path));
  }
}
