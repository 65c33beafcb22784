import { parse as parseShell } from 'shell-quote';
import { absoluteDir, checkUrlTemplate, expandTarget } from '../config/config.ts';
import { type Instance, noToolSettings } from '../config/configured-instance.ts';
import { DEFAULT_SETTINGS } from '../config/settings/settings.ts';
import { isUrl } from '../config/target/command-word.ts';
import { checkJobsPath, jobsTarget } from '../config/target/job-host.ts';
import type { StdioTarget, Target } from '../config/target/target.ts';
import { targetHash } from '../config/target/target-hash.ts';
import { UsageError } from '../errors.ts';
import type { FlagValues } from './global-flags/scan.ts';
import { listFlag, parseEnv, parseHeaders, textFlag } from './global-flags/values.ts';

/** The target that `--url`, `--stdio` or `--jobs` names, or undefined; `here` is the folder that a relative one is meant from. Errors: UsageError. */
export function adHocInstance(
  flags: FlagValues,
  env: Readonly<Record<string, string | undefined>>,
  here: string,
): Instance | undefined {
  const url = textFlag(flags, 'url');
  const kinds = ['url', 'stdio', 'jobs'].filter((name) => flags.has(name));
  const stray = ['header', 'env', 'cwd'].find(
    (name) => flags.has(name) && (kinds.length === 0 || (name === 'header') !== (url !== undefined)),
  );
  if (kinds.length > 1) throw new UsageError(`--${kinds[0]} and --${kinds[1]} cannot be used together`);
  if (stray) throw new UsageError(`--${stray} needs ${stray === 'header' ? '--url' : '--stdio or --jobs'}`);
  if (kinds.length === 0) return undefined;
  if (flags.has('instance')) throw new UsageError('--instance and an ad hoc target cannot be used together');
  const identity: Target =
    url !== undefined
      ? { kind: 'http', url, headers: parseHeaders(listFlag(flags, 'header')) }
      : flags.has('jobs')
        ? jobFiles(textFlag(flags, 'jobs') ?? '', flags, here)
        : stdioTarget(textFlag(flags, 'stdio') ?? '', flags, here);
  if (identity.kind === 'http') checkUrlTemplate(identity.url);
  const name = `adhoc-${targetHash(identity)}`;
  return {
    name,
    adHoc: true,
    identity,
    settings: DEFAULT_SETTINGS,
    hasToolSettings: false,
    toolSettings: async () => noToolSettings,
    target: () => expandTarget(identity, env, 'ad hoc target'),
  };
}

/** Job files of the user's own. */
function jobFiles(typed: string, flags: FlagValues, here: string): StdioTarget {
  const path = absoluteDir(typed, here);
  if (!path.startsWith('${')) checkJobsPath(path);
  const cwd = textFlag(flags, 'cwd');
  return {
    kind: 'stdio',
    ...jobsTarget(path),
    env: parseEnv(listFlag(flags, 'env')),
    ...(cwd === undefined ? {} : { cwd: absoluteDir(cwd, here) }),
  };
}

/** The quote that a shell would wait for the end of (POSIX Shell, 2.2 Quoting). */
function openQuote(line: string): string | undefined {
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote !== undefined) quote = char === quote ? undefined : quote;
    else if (char === '"' || char === "'") quote = char;
  }
  return quote;
}

/** A command line as a shell would split it, without a shell's power: no variables, globs, pipes or redirections. */
function stdioTarget(line: string, flags: FlagValues, here: string): StdioTarget {
  const open = openQuote(line);
  if (open)
    throw new UsageError(`--stdio: a quote is not closed: ${open}`, {
      hint: `a ${open} that is meant as such: \\${open}`,
    });
  // Variables stay as they are typed: they are expanded as ${VAR} of the configuration are, or not at all.
  const words = parseShell(line, (name) => `\${${name}}`).map((word) => {
    if (typeof word === 'string') return word;
    if ('pattern' in word) return word.pattern;
    throw new UsageError(
      `--stdio runs no shell, so ${'op' in word ? JSON.stringify(word.op) : 'a comment'} means nothing there`,
      { hint: `quote it, or say it outright: --stdio "sh -c '...'"` },
    );
  });
  const [command, ...args] = words;
  if (command === undefined || command === '')
    throw new UsageError('--stdio needs a command: --stdio "npx -y some-server"');
  if (isUrl(command))
    throw new UsageError(`--stdio takes a command, not a URL: ${command}`, {
      hint: `if it is a server over HTTP: --url ${command}`,
    });
  const cwd = textFlag(flags, 'cwd');
  return {
    kind: 'stdio',
    command,
    args,
    env: parseEnv(listFlag(flags, 'env')),
    // Where it was typed is part of what it means: `node ./server.js` is another server elsewhere.
    cwd: cwd === undefined ? here : absoluteDir(cwd, here),
  };
}
