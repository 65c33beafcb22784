import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../errors.ts';

const JOB_FILE = /\.(job|workflow)\.(ts|mts|js|mjs)$/;
const CODE = /\.(ts|mts|js|mjs)$/;

export interface FoundFiles {
  readonly files: readonly string[];
  /** Folders that could not be looked into. */
  readonly unread: { folder: string; why: string }[];
}

/**
 * The job files of a folder and of the folders in it, by path; what is hidden and packages (`node_modules`) are left out. A file is taken at its
 * word. Paths come without symbolic links. Error: UsageError when there is nothing of the kind at `path`.
 */
export async function findJobFiles(path: string): Promise<FoundFiles> {
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
    return { files: [await realpath(path)], unread: [] };
  }
  const found = new Set<string>();
  const unread: FoundFiles['unread'] = [];
  await search(await realpath(path), found, new Set(), unread);
  return { files: [...found].sort(), unread };
}

/** `seen`: folders that were searched. A link may lead to one of them again. */
async function search(
  dir: string,
  found: Set<string>,
  seen: Set<string>,
  unread: FoundFiles['unread'],
): Promise<void> {
  if (seen.has(dir)) return;
  seen.add(dir);
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: Error) => {
    unread.push({ folder: dir, why: error.message });
    return [];
  });
  for (const entry of entries) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = join(dir, entry.name);
    // A link may lead nowhere.
    const facts = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (facts?.isDirectory()) await search(await realpath(path), found, seen, unread);
    else if (facts?.isFile() && JOB_FILE.test(entry.name)) found.add(await realpath(path));
  }
}
