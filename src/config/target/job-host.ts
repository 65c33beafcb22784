/** A server that is this program itself, over job files of the user's (`serve --jobs PATH`). */
import { existsSync } from 'node:fs';
import { UsageError } from '../../errors.ts';
import type { StdioTarget, Target } from './target.ts';

/** The variables that tell such a server whose jobs it runs: it shares the job store of the instance. */
export const JOB_HOST_INSTANCE = 'MCP2CLI_JOB_HOST';
export const JOB_HOST_STORE = 'MCP2CLI_JOB_HOST_STORE';
export const DATA_ROOT = 'MCP2CLI_HOME';

/** How many such servers stand above this process, each started by a job of the one before it. */
const DEPTH = 'MCP2CLI_JOB_DEPTH';

/** A job that calls itself would start processes until the machine has no more. */
const MAX_DEPTH = 16;

/** Variables that mean a command, and not the programs that it starts. */
const OF_COMMAND = ['MCP2CLI_PROGRAM', 'MCP2CLI_INSTANCE', 'MCP2CLI_CONFIG', 'MCP2CLI_KEEPER'];

/** How such a server is configured: what it is known and hashed by. What starts it is filled in by `startable`. */
export function jobsTarget(path: string): Pick<StdioTarget, 'command' | 'args' | 'jobs'> {
  return { command: 'mcp2cli', args: ['serve', '--jobs', path], jobs: path };
}

export interface JobHost {
  execPath: string;
  /** Absolute path of the program's own entry. */
  entry: string;
  /** The data root. */
  root: string;
  instance: string;
  /** The instance's own setting of where its jobs are, if it has one. */
  store: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The target as it is started. Jobs are the user's own programs and may call any instance: unlike a server of somebody else they get the whole
 * environment. Errors: UsageError for job files that are not there, and for jobs that call jobs too deep.
 */
export function startable(target: Target, { execPath, entry, root, instance, store, env }: JobHost): Target {
  if (target.kind !== 'stdio' || target.jobs === undefined) return target;
  checkJobsPath(target.jobs, `cannot start ${instance}: `);
  const depth = (Number(env[DEPTH]) || 0) + 1;
  if (depth > MAX_DEPTH)
    throw new UsageError(`cannot start ${instance}: jobs call jobs that call jobs, ${MAX_DEPTH} deep`, {
      code: 'jobs_too_deep',
      hint: 'does a job call itself without an end?',
    });
  const inherited = Object.entries(env).filter(
    (one): one is [string, string] => one[1] !== undefined && !OF_COMMAND.includes(one[0]),
  );
  return {
    ...target,
    command: execPath,
    args: [entry, 'serve', '--jobs', target.jobs],
    env: {
      ...Object.fromEntries(inherited),
      ...target.env,
      [DATA_ROOT]: root,
      [JOB_HOST_INSTANCE]: instance,
      ...(store === undefined ? {} : { [JOB_HOST_STORE]: store }),
      [DEPTH]: String(depth),
    },
  };
}

/** Error: UsageError for a path that does not exist. `before` begins the message. */
export function checkJobsPath(path: string, before = ''): void {
  if (!existsSync(path))
    throw new UsageError(`${before}no such file or folder of jobs: ${path}`, {
      code: 'no_jobs',
      hint: 'name a file such as greet.job.ts, or a folder of them',
    });
}
