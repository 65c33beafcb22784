/**
 * The jobs of a workflow's steps, where they came from a shared store (`jobs migrate`). As there, they are in no list and go with their workflow: each has
 * its folder in that of the workflow's job. A workflow that runs here has no such jobs.
 */
import { readdirSync } from 'node:fs';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { isThere } from './job-files.ts';
import { jobNames } from './job-folder.ts';
import { isJobName, isTimedId, timedDigits } from './job-id.ts';

const stepsDir = (folder: string) => `${folder}/step-jobs`;

/** Where the job of a step is, in the folder of its workflow's job. */
export function stepFolder(folder: string, id: string): string {
  return `${stepsDir(folder)}/${id}`;
}

/** The jobs of the steps in the folder of a workflow's job. Errors: IoError. */
export function stepJobsIn(folder: string): string[] {
  try {
    return readdirSync(stepsDir(folder)).filter(isJobName).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw ioFailure(error, 'read', stepsDir(folder));
  }
}

/** The job of the workflow that this one is a step's job of; undefined where it is none. Both ids have the same time in them. Errors: IoError. */
export function workflowOf(dir: string, id: string): string | undefined {
  if (!isTimedId(id)) return undefined;
  const time = timedDigits(id);
  return jobNames(dir).find(
    (name) => timedDigits(name) === time && isThere(stepFolder(`${dir}/${name}`, id)),
  );
}

/** The folders of steps' jobs that were asked about. */
export class StepFolders {
  /** Step's job to workflow's. */
  readonly #workflows = new Map<string, string>();

  /** Whether it is the job of a step; from then on its folder is known. Errors: IoError. */
  find(dir: string, id: string): boolean {
    const workflow = workflowOf(dir, id);
    if (workflow !== undefined) this.#workflows.set(id, workflow);
    return workflow !== undefined;
  }

  known(dir: string, id: string): string | undefined {
    const workflow = this.#workflows.get(id);
    return workflow === undefined ? undefined : stepFolder(`${dir}/${workflow}`, id);
  }
}
