/** The job files of an instance that is made of such: each is loaded, in a thread, as for a run. */
import { relative } from 'node:path';
import { loadFolder } from '../jobhost/files/load.ts';
import { counted } from '../lib/text/counted.ts';
import { type Check, checked, failed } from './finding.ts';
import type { Machine, Subject } from './subject.ts';

export async function checkJobFiles({ identity }: Subject, { paths }: Machine): Promise<Check[]> {
  if (identity?.kind !== 'stdio' || identity.jobs === undefined || identity.jobs.includes('${')) return [];
  const check = 'job files';
  try {
    const { path, jobs, workflows, problems } = await loadFolder(identity.jobs, {
      cacheDir: paths.jobFilesCacheDir,
    });
    const count = `${counted(jobs.length, 'job')}, ${counted(workflows.length, 'workflow')}`;
    return [
      checked(check, 'ok', count, { path }),
      ...problems.map(({ file, line, message }) =>
        checked(
          check,
          'warning',
          `${relative(path, file) || file}${line === undefined ? '' : `:${line}`}: ${message}`,
          { path: file },
        ),
      ),
    ];
  } catch (error) {
    return [failed(check, error)];
  }
}
