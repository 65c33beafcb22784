/** The whole examination: what all instances share, then each instance's files, then the servers, a few at a time. */
import { expandTarget } from '../config/config.ts';
import type { Paths } from '../config/paths.ts';
import { targetHash } from '../config/target/target-hash.ts';
import type { Context } from '../context.ts';
import type { JobRecord } from '../jobs/record.ts';
import { inLanes } from '../lib/lanes.ts';
import { stopAfter } from '../lib/stop.ts';
import { checkSettings, checkVariables } from './configuration.ts';
import { checkConnection } from './connection.ts';
import { attempt, type Check, checked, type Finding } from './finding.ts';
import { checkJobFiles } from './job-files.ts';
import { checkJobs, jobsElsewhere, jobsInFiles, jobsUnreachable } from './jobs.ts';
import { checkKeepers } from './keeper.ts';
import { checkLaunchers } from './launchers.ts';
import { checkLogin } from './login.ts';
import { checkCatalogue, checkDefinitions, checkFacts } from './remembered.ts';
import { secretsOf, withoutSecrets } from './secrets.ts';
import { checkStore, isShared } from './shared-store.ts';
import type { Machine, Subject } from './subject.ts';

/** Servers that are asked at the same time. */
const CONCURRENT = 8;

export interface ExamineOptions {
  /** No server is asked. */
  offline: boolean;
  /** Milliseconds that each server may take; undefined: for ever. */
  limitMs: number | undefined;
  /** Moves damaged records out of the way. */
  setAside: boolean;
  /** Nobody else can have written the configuration. */
  trusted: boolean;
}

export function machineOf(context: Context, paths: Paths): Machine {
  return { context, paths, target: (identity, name) => expandTarget(identity, context.env, name) };
}

/** Examines instances. Error: the reason of the context's `interrupted`. */
export async function examineInstances(
  subjects: readonly Subject[],
  machine: Machine,
  options: ExamineOptions,
): Promise<Finding[]> {
  const files = subjects.map((subject) => checkFiles(subject, machine, options));
  const servers: Check[][] = subjects.map(() => []);
  await inLanes(CONCURRENT, [...subjects.entries()], async ([i, subject]) => {
    servers[i] = await checkServer(subject, files[i] ?? [], machine, options);
  });
  return subjects.flatMap((subject, i) => {
    const secrets = secretsOf(subject, machine.context.env);
    const all = [...(files[i] ?? []), ...(servers[i] ?? [])];
    return all.map((check) => ({ instance: subject.name, ...withoutSecrets(check, secrets) }));
  });
}

/** Everything that is on disk. */
function checkFiles(subject: Subject, { context, paths }: Machine, { setAside }: ExamineOptions): Check[] {
  const { env, cwd, clock } = context;
  const around = { env, cwd, now: clock.now() };
  return [
    ...checkSettings(subject, context),
    ...checkVariables(subject, context),
    ...checkDefinitions(paths, subject, env),
    ...(isShared(subject, env) ? [] : checkJobFolder(subject, paths, around.now, setAside)),
    ...attempt('catalogue', () => checkCatalogue(paths, subject, around)),
    ...attempt('server facts', () => checkFacts(paths, subject, around)),
    ...attempt('launcher', () => checkLaunchers(subject.name, context)),
  ];
}

function checkJobFolder(subject: Subject, paths: Paths, now: Date, setAside: boolean): Check[] {
  return [
    ...checkJobs(paths, subject.name, { now, setAside }),
    ...attempt('jobs', () =>
      jobsElsewhere(jobsInFiles(paths, subject.name, now), subject.name, targetOf(subject)),
    ),
  ];
}

/** The keeper, the store in Redis, and the server. None can hold the examination up for longer than the limit. */
async function checkServer(
  subject: Subject,
  files: readonly Check[],
  machine: Machine,
  { offline, limitMs, trusted }: ExamineOptions,
): Promise<Check[]> {
  const { clock, interrupted } = machine.context;
  const seconds = (limitMs ?? 0) / 1000;
  using stop = stopAfter(clock, interrupted, limitMs, `no answer within ${seconds} s`);
  const keepers = await checkKeepers(subject, machine, stop.signal);
  const { connected } = keepers;
  const store = trusted ? await checkStore(subject, machine, offline) : { checks: [], jobs: [] };
  const checks = [
    ...keepers.checks,
    ...(await checkLogin(subject, machine)),
    ...(trusted ? await checkJobFiles(subject, machine) : []),
    ...store.checks,
  ];
  interrupted.throwIfAborted();
  const known = subject.identity !== undefined && subject.settings !== undefined;
  const unset = files.some(({ check, status }) => check === 'variables' && status === 'problem');
  if (offline || !known || unset || subject.settings?.disabledBy !== undefined) return checks;
  if (!trusted)
    return [
      ...checks,
      checked('connection', 'warning', 'not tried: somebody else may have written the configuration', {
        hint: 'fix the data root first',
      }),
    ];
  // A second process of such a server may be in the way of the first.
  if (connected && subject.identity?.kind === 'stdio')
    return [...checks, checked('connection', 'ok', 'held by the keeper')];
  const connection = await checkConnection(subject, machine, stop.signal);
  return [...checks, ...connection, ...waitingFor(subject, connection, machine, store.jobs)];
}

function targetOf({ identity }: Subject): string | undefined {
  return identity && targetHash(identity);
}

/** The jobs of a server that cannot be reached. `inStore`: those of a store in Redis. */
function waitingFor(
  subject: Subject,
  connection: readonly Check[],
  { paths, context }: Machine,
  inStore: readonly JobRecord[],
): Check[] {
  const { name } = subject;
  const target = targetOf(subject);
  if (
    target === undefined ||
    !connection.some(({ check, status }) => check === 'connection' && status === 'problem')
  )
    return [];
  return attempt('jobs', () => {
    const jobs = isShared(subject, context.env) ? inStore : jobsInFiles(paths, name, context.clock.now());
    return jobsUnreachable(jobs, name, target);
  });
}
