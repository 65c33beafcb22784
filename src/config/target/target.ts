import { shownTarget } from './secrets.ts';

/** A Streamable HTTP (or, as a fallback, HTTP+SSE) endpoint. */
export interface HttpTarget {
  kind: 'http';
  url: string;
  headers: Record<string, string>;
  /** The URL of a proxy of its own, or `none`; without it what the environment says counts. */
  proxy?: string;
  /** A file with certificates of authorities that are trusted beside those that Node trusts (PEM). */
  ca?: string;
  filled?: FilledVariables;
}

/** The variables that were filled in where a server gets them (URL, arguments, environment), by name: what a server repeats of them is scrubbed. */
export type FilledVariables = Readonly<Record<string, string>>;

/** A server that is started as a child process; the command runs without a shell. */
export interface StdioTarget {
  kind: 'stdio';
  command: string;
  args: string[];
  /** What the server gets beside the usual variables (config/target/server-environment.ts). */
  env: Record<string, string>;
  /** Names of variables that it gets of the caller's environment; in a target that is ready for use they stand in `env`. */
  passEnv?: string[];
  cwd?: string;
  /** It is this program itself, over these job files: absolute, and `command` stands for what starts it (job-host.ts). */
  jobs?: string;
  filled?: FilledVariables;
}

export type Target = HttpTarget | StdioTarget;

/** What a person recognises the target by; header and environment values, and other secrets, are left out. */
export function describeTarget(target: Target): string {
  return shownTarget(target.kind === 'http' ? { url: target.url } : target);
}
