/** Whole jobs out of a folder of jobs, and into one. */
import { makePrivateDir, publishOnce } from '../../../lib/disk/durable-file.ts';
import {
  FILES,
  fileText,
  isThere,
  missingRecord,
  readFacts,
  readResultFile,
  type StoredEnd,
  type StoredJob,
} from '../job-files.ts';
import { publishFolder } from '../job-folder.ts';
import { checkedId } from '../job-id.ts';
import { readCalls, readLog, writeCalls, writeLog } from '../job-log.ts';
import { publishEnd } from '../publish-end.ts';
import { stepFolder, stepJobsIn, workflowOf } from '../step-folders.ts';
import { addStepFact, keepRounds, readPlanFile, readStepFacts } from '../workflow-files.ts';
import type { JobCopies, JobCopy } from './job-copy.ts';

/** `dir`: the folder of jobs. `instance`: for messages. */
export function diskCopies(dir: string, instance: string): JobCopies {
  return { take: (id) => take(dir, id, instance), put: (copy, stepJobs) => put(dir, copy, stepJobs) };
}

function take(dir: string, id: string, instance: string): JobCopy {
  const of = isThere(`${dir}/${checkedId(id)}`) ? undefined : workflowOf(dir, id);
  const folder = of === undefined ? `${dir}/${id}` : stepFolder(`${dir}/${of}`, id);
  const facts = readFacts(folder, id);
  if (facts === undefined) throw missingRecord(folder, id, instance);
  return {
    id,
    facts: { ...facts, job: withoutResult(facts.job), end: facts.end && endOf(folder, facts.end) },
    plan: readPlanFile(folder),
    steps: readStepFacts(folder, facts.job.resumed),
    calls: readCalls(folder).calls ?? [],
    log: readLog(folder),
    stepJobs: stepJobsIn(folder),
    of,
  };
}

function endOf(folder: string, { result_file: file, ...end }: StoredEnd): StoredEnd {
  return file == null ? end : { ...end, result: readResultFile(folder, file) };
}

/** A record that tells its own end has the result, too: it is the end's. */
function withoutResult(job: StoredJob): StoredJob {
  const {
    result: _,
    result_file: __,
    ...rest
  } = job as StoredJob & { result?: unknown; result_file?: string };
  return rest;
}

function put(dir: string, copy: JobCopy, stepJobs: readonly JobCopy[]): boolean {
  return publishFolder(dir, checkedId(copy.id), (folder) => {
    fill(folder, copy);
    for (const step of stepJobs) {
      const inside = stepFolder(folder, checkedId(step.id));
      makePrivateDir(inside);
      fill(inside, step);
    }
  });
}

function fill(folder: string, { id, facts, plan, steps, calls, log }: JobCopy): void {
  const { job, task, cancel, end } = facts;
  const write = (name: string, content: object | undefined) => {
    if (content !== undefined) publishOnce(`${folder}/${name}`, fileText(content));
  };
  write(FILES.plan, plan);
  write(FILES.job, job);
  write(FILES.task, task);
  write(FILES.cancel, cancel);
  // All in the last round: the order counts, and a job that is copied is in nobody's hands.
  for (const fact of steps) addStepFact(folder, id, job.resumed ?? 0, fact);
  keepRounds(folder, job);
  writeCalls(folder, calls);
  writeLog(folder, log);
  if (end) publishEnd(folder, facts, end);
}
