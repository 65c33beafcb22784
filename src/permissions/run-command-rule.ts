import type { PermissionAction } from '../config/settings/permission-settings.ts';
import type { CommandSetting } from '../config/settings/settings.ts';
import { expand } from '../config/target/expand.ts';
import { firstLine, runCommand } from '../lib/process/run-command.ts';

/** What a guard is asked, as JSON on its stdin. */
export interface RuleCommandQuestion {
  instance: string;
  action: PermissionAction;
  /** Null for a list as a whole. */
  tool: string | null;
  /** Secrets redacted; null where there are none. */
  arguments: Record<string, unknown> | null;
  roles: readonly string[];
  scopes: readonly string[];
}

export interface RuleCommandOptions {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** How long it may take, in milliseconds; 10 s unless told. */
  limitMs?: number | undefined;
  /** Aborting ends it. */
  signal?: AbortSignal | undefined;
}

const LIMIT_MS = 10_000;

/** The most that is read of what a guard says, in bytes. */
const MAX_ANSWER = 64 * 1024;

/** The longest reason, in characters. */
const MAX_REASON = 300;

/**
 * Asks a rule's command, which allows by exit code 0. Resolves with undefined then, otherwise with why not: the first line that it wrote (on
 * stderr, else on stdout), or what went wrong with it. A guard that cannot be asked allows nothing. Error: the signal's reason.
 */
export async function runRuleCommand(
  guard: CommandSetting,
  question: RuleCommandQuestion,
  { env, cwd, limitMs = LIMIT_MS, signal }: RuleCommandOptions,
): Promise<string | undefined> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), limitMs);
  try {
    const end = await runCommand(filledIn(guard, env), question, {
      env,
      cwd,
      signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
      maxAnswer: MAX_ANSWER,
    });
    if (end.exitCode === 0 && end.complete) return undefined;
    if (!end.complete) return 'its command refused: it said more than 64 KiB';
    const said = end.exitCode === null ? '' : end.stderr.first || firstLine(end.stdout);
    return `its command ${said === '' ? end.problem : `refused: ${said.slice(0, MAX_REASON)}`}`;
  } catch (error) {
    signal?.throwIfAborted();
    if (over.signal.aborted) return `its command did not answer within ${limitMs / 1000} s`;
    return `its command could not be started: ${(error as Error).message}`;
  } finally {
    clearTimeout(timer);
  }
}

function filledIn({ command, args }: CommandSetting, env: RuleCommandOptions['env']): CommandSetting {
  return {
    command: expand(command, env, 'a command of the permissions'),
    args: args.map((arg, i) => expand(arg, env, `argument ${i + 1} of a command of the permissions`)),
  };
}
