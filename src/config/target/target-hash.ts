import { filesState } from '../../lib/disk/files-state.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Target } from './target.ts';

/**
 * A stable hash of a whole target, so that two targets never share state: URL with its headers' names, or command, args and
 * working directory. Values of headers and of the environment are secrets and may rotate: they are not part of it. Taken of the
 * unexpanded configuration.
 */
export function targetHash(target: Target): string {
  const identity =
    target.kind === 'http'
      ? [
          'http',
          target.url,
          Object.keys(target.headers)
            .map((name) => name.toLowerCase())
            .sort(),
        ]
      : [
          'stdio',
          target.command,
          target.args,
          target.cwd ?? null,
          [...new Set([...Object.keys(target.env), ...(target.passEnv ?? [])])].sort(),
          ...(target.jobs === undefined ? [] : ['jobs']),
        ];
  return sha256(JSON.stringify(identity)).slice(0, 16);
}

/**
 * What a cached catalogue is filed under: the target, and what is declared to it (`declared` of ClientFeatures), since servers offer other tools to
 * clients with other capabilities. Of job files also their state: whoever has changed one sees that in the next list.
 */
export function cacheKey(target: Target, declared: string): string {
  const hash = targetHash(target);
  const key = declared === '' ? hash : `${hash}+${declared}`;
  return target.kind === 'stdio' && target.jobs !== undefined
    ? `${key}+${filesState(target.jobs, (name) => /\.[cm]?[jt]s$/.test(name))}`
    : key;
}
