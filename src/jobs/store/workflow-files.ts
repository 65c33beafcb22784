/**
 * What a workflow's job has in its folder beside the others: `workflow.json`, what its present round goes by; `steps.N.ndjson`, the facts about its steps in
 * round N, added to and never changed; `resumed.N.json`, who began round N. The end of an earlier round is `end.N.json`, so that `end.json` is always
 * that of the present one, and a job without it is open.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import { publishOnce, readPublished, replaceFile, syncDir, uniqueName } from '../../lib/disk/durable-file.ts';
import type { HolderFacts } from '../../lib/disk/holder-facts.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { parseJson, stringifyJson } from '../../lib/json/exact-json.ts';
import { isObject } from '../../lib/json/json.ts';
import type { JobRecord, StepFact, WorkflowPlan } from '../record.ts';
import { stepsOf } from '../workflow/steps.ts';
import { damage, FILES, fileText, isThere, readFact, type StoredJob } from './job-files.ts';

/** Characters of JSON up to which outputs stand with their fact. Larger ones would slow whoever looks at the states. */
const INLINE_LENGTH = 16 * 1024;

const stepsFile = (folder: string, round: number) => `${folder}/steps.${round}.ndjson`;
const roundFile = (folder: string, round: number) => `${folder}/resumed.${round}.json`;

/** What the run goes by; undefined for a job that is no workflow of this program. Errors: RecordError, IoError. */
export function readPlanFile(folder: string): WorkflowPlan | undefined {
  const path = `${folder}/${FILES.plan}`;
  const plan = readFact(path);
  if (plan === undefined) return undefined;
  if (typeof plan['name'] !== 'string' || !Array.isArray(plan['steps']))
    throw damage(path, 'steps are missing');
  return plan as WorkflowPlan;
}

/** Puts the plan of this round in the place of what was there. Errors: UsageError `superseded`, IoError. */
export function keepPlanFile(folder: string, id: string, round: number, plan: WorkflowPlan): void {
  checkRound(folder, id, round);
  const path = `${folder}/${FILES.plan}`;
  const text = fileText(plan);
  if (readPublished(path) !== text) replaceFile(path, text);
}

/** Error: UsageError `superseded` when a later round has begun. */
function checkRound(folder: string, id: string, round: number): void {
  if (isThere(roundFile(folder, round + 1)))
    throw new UsageError(`${id} was resumed by another process`, { code: 'superseded' });
}

/** The steps of a record's workflow, as all rounds have left them; nothing for a job that is none. Errors: RecordError, IoError. */
export function readSteps(folder: string, { resumed, status }: JobRecord): Pick<JobRecord, 'steps'> {
  const plan = readPlanFile(folder);
  return plan ? { steps: stepsOf(plan, readStepFacts(folder, resumed), status) } : {};
}

/** Adds a fact, durably and whole. Errors: UsageError `superseded`, IoError; then it is not there. */
export function addStepFact(folder: string, id: string, round: number, fact: StepFact): void {
  checkRound(folder, id, round);
  const line = `${stringifyJson(stored(folder, fact))}\n`;
  const path = stepsFile(folder, round);
  try {
    const isNew = !existsSync(path);
    const fd = openSync(path, 'a', 0o600);
    try {
      append(fd, line);
    } finally {
      closeSync(fd);
    }
    if (isNew) syncDir(folder);
  } catch (error) {
    throw ioFailure(error, 'write', path);
  }
}

function append(fd: number, line: string): void {
  const bytes = Buffer.from(line, 'utf8');
  const { size } = fstatSync(fd);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
    fsyncSync(fd);
  } catch (error) {
    // Half a line would take the next one with it.
    try {
      ftruncateSync(fd, size);
    } catch {
      // The reader passes over what has no end.
    }
    throw error;
  }
}

/** Large outputs lie in a file of their own, which is on disk before the fact that names it. */
function stored(folder: string, fact: StepFact): object {
  if (fact.outputs === undefined) return fact;
  const { outputs, ...rest } = fact;
  const text = stringifyJson(outputs);
  if (text.length <= INLINE_LENGTH) return fact;
  const outputs_file = uniqueName('outputs.').concat('.json');
  replaceFile(join(folder, outputs_file), fileText({ outputs }));
  return { ...rest, outputs_file };
}

/** The facts of all rounds, oldest first. Errors: RecordError, IoError. */
export function readStepFacts(folder: string, rounds = 0): StepFact[] {
  const facts: StepFact[] = [];
  for (let round = 0; round <= rounds; round++) {
    const path = stepsFile(folder, round);
    const text = isThere(path) ? (readPublished(path) ?? '') : '';
    // What does not end in a line's end was being written when its process was killed.
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    for (const line of lines) if (line !== '') facts.push(factOf(folder, path, line));
  }
  return facts;
}

function factOf(folder: string, path: string, line: string): StepFact {
  let fact: unknown;
  try {
    fact = parseJson(line);
  } catch (error) {
    throw damage(path, 'it has a line that is not valid JSON', error);
  }
  if (!isObject(fact) || typeof fact['step'] !== 'string' || typeof fact['state'] !== 'string')
    throw damage(path, 'it has a line that is no fact about a step');
  const { outputs_file: file, ...rest } = fact;
  if (file === undefined) return fact as unknown as StepFact;
  if (typeof file !== 'string' || !/^outputs\.[0-9a-z-]+\.json$/.test(file))
    throw damage(path, 'outputs_file is wrong');
  const content = readFact(`${folder}/${file}`);
  if (content === undefined) throw damage(`${folder}/${file}`, 'the outputs of a step are missing');
  return { ...(rest as unknown as StepFact), outputs: content['outputs'] };
}

/** Leaves the claims of all rounds of a copied record, in a folder that nobody has seen yet: nobody holds them any more. Error: IoError. */
export function keepRounds(folder: string, { resumed = 0, updated_at }: StoredJob): void {
  for (let round = 1; round <= resumed; round++)
    replaceFile(roundFile(folder, round), fileText({ holder: null, resumed_at: updated_at }));
}

/**
 * Claims the next round for a holder, and returns its number. A claim whose process died before the job was open again counts nothing. Error:
 * UsageError `being_resumed` when another process was faster.
 */
export function claimRound(
  folder: string,
  id: string,
  holder: HolderFacts,
  now: Date,
  isAlive: (holder: HolderFacts) => boolean,
): number {
  let last = 0;
  while (isThere(roundFile(folder, last + 1))) last += 1;
  const claim = { holder, resumed_at: now.toISOString() };
  const round = last + 1;
  const isFree =
    last === 0 || isThere(`${folder}/end.${last - 1}.json`) || !isClaimed(roundFile(folder, last), isAlive);
  if (isFree && publishOnce(roundFile(folder, round), fileText(claim))) return round;
  throw new UsageError(`${id} is being resumed by another process`, {
    code: 'being_resumed',
    hint: `wait for it with: jobs wait ${id}`,
  });
}

function isClaimed(path: string, isAlive: (holder: HolderFacts) => boolean): boolean {
  const holder = readFact(path)?.['holder'];
  return isObject(holder) && isAlive(holder as unknown as HolderFacts);
}

/** Puts away what an earlier round has left; its end goes last, since without it the job is open. Error: IoError. */
export function setRoundAside(folder: string, round: number): void {
  for (const kind of ['task', 'cancel', 'end'] as const) {
    const path = `${folder}/${FILES[kind]}`;
    try {
      renameSync(path, `${folder}/${kind}.${round}.json`);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw ioFailure(error, 'write', path);
    }
  }
  syncDir(folder);
}
