import { createHash } from 'node:crypto';

/** A Streamable HTTP (or, as a fallback, HTTP+SSE) endpoint. */
export interface HttpTarget {
  kind: 'http';
  url: string;
  headers: Record<string, string>;
}

/** A server that is started as a child process; the command runs without a shell. */
export interface StdioTarget {
  kind: 'stdio';
  command: string;
  args: string[];
  /** What the server gets beside the SDK's default environment. */
  env: Record<string, string>;
  cwd?: string;
}

export type Target = HttpTarget | StdioTarget;

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
      : ['stdio', target.command, target.args, target.cwd ?? null, Object.keys(target.env).sort()];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

/** What a person recognises the target by; header and environment values are left out. */
export function describeTarget(target: Target): string {
  return target.kind === 'http' ? target.url : [target.command, ...target.args].join(' ');
}
