import type { LoadedFile } from './describe.ts';
import type { LoadedFolder, LoadedJob, LoadedStep, LoadedWorkflow, LoadProblem } from './loaded.ts';

interface Named {
  readonly one: LoadedJob | LoadedWorkflow;
  readonly inApp: boolean;
}

/** Puts together what several files have, in their order. A job that two files have, since one imports the other, is there once. */
export function mergeFiles(
  files: readonly { file: string; loaded: LoadedFile }[],
): Omit<LoadedFolder, 'path' | 'sources'> {
  const byName = new Map<string, Named>();
  const problems: LoadProblem[] = [];
  for (const { loaded } of files) {
    problems.push(...loaded.problems);
    for (const one of [...loaded.jobs, ...loaded.workflows]) {
      const named = { one, inApp: loaded.inApp.includes(one.name) };
      const known = byName.get(one.name);
      if (known === undefined) byName.set(one.name, named);
      else if (!isSame(known.one, one)) problems.push(doubled(known.one, one));
      // The app has what the job is given.
      else if (rank(named) > rank(known)) byName.set(one.name, named);
    }
  }
  const found = [...byName.values()]
    .map(({ one }) => one)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const jobs = found.filter((one) => one.kind === 'job');
  const workflows = found
    .filter((one) => one.kind === 'workflow')
    .filter((workflow) => {
      const lost = workflow.steps.find(({ jobName }) => !jobs.some(({ name }) => name === jobName));
      if (lost !== undefined) problems.push(withoutJob(workflow, lost));
      return lost === undefined;
    });
  return {
    jobs,
    workflows,
    problems: problems.filter((one, index) => problems.findIndex((other) => isEqual(one, other)) === index),
    server: files.find(({ loaded }) => loaded.server !== undefined)?.loaded.server,
  };
}

/** Whether two descriptions are of one definition, seen through two files. */
function isSame(a: Named['one'], b: Named['one']): boolean {
  return (
    a.kind === b.kind &&
    a.site.line !== undefined &&
    a.site.file === b.site.file &&
    a.site.line === b.site.line
  );
}

function rank({ one, inApp }: Named): number {
  return inApp ? 2 : one.file === one.site.file ? 1 : 0;
}

function doubled(first: Named['one'], second: Named['one']): LoadProblem {
  const place = first.site.line === undefined ? first.site.file : `${first.site.file}:${first.site.line}`;
  return {
    ...second.site,
    code: 'doubled',
    name: second.name,
    message: `the name "${second.name}" is taken by ${place}: this ${second.kind} is left out`,
  };
}

function withoutJob({ name, site }: LoadedWorkflow, { id, jobName }: LoadedStep): LoadProblem {
  return {
    ...site,
    code: 'invalid',
    name,
    message: `the step "${id}" of the workflow "${name}" runs "${jobName}", and there is no such job here`,
  };
}

function isEqual(a: LoadProblem, b: LoadProblem): boolean {
  return (
    a.code === b.code &&
    a.file === b.file &&
    a.line === b.line &&
    a.name === b.name &&
    a.message === b.message
  );
}
