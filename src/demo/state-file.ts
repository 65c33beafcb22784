/** `demo.json` in the home: which demo server runs in the background. */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { ConfigError, IoError } from '../errors.ts';
import { isRunning, processStart } from '../lib/disk/process-identity.ts';

export interface DemoState {
  schema_version: 1;
  pid: number;
  /** Start time of the process as the kernel has it, where it can be read. */
  started: string | null;
  url: string;
  /** What GET /healthz has to say: only this server knows it. */
  token: string;
  dialect: string;
  started_at: string;
}

export function statePath(home: string): string {
  return join(home, 'demo.json');
}

export function logPath(home: string): string {
  return join(home, 'demo.log');
}

/** Undefined when there is none. Errors: ConfigError for a file that is not ours to read, IoError when the disk refuses. */
export function readState(home: string): DemoState | undefined {
  const path = statePath(home);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IoError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  const state = parse(content);
  if (!state)
    throw new ConfigError(`${path} is damaged, or from a newer version`, {
      hint: `Look for a demo server that still runs, then remove ${path}.`,
    });
  return state;
}

/** The state of a server that runs in this process. */
export function ownState(url: string, token: string, dialect: string): DemoState {
  return {
    schema_version: 1,
    pid: process.pid,
    started: processStart(process.pid),
    url,
    token,
    dialect,
    started_at: new Date().toISOString(),
  };
}

/** Replaces the file as a whole, readable by its owner only. The home is not made here: one that was removed stays removed. */
export function writeState(home: string, state: DemoState): void {
  const path = statePath(home);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    throw new IoError(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes the file if it is still about this server. */
export function removeState(home: string, token: string): void {
  try {
    if (readState(home)?.token === token) rmSync(statePath(home), { force: true });
  } catch {
    // Damaged, or the disk refuses: left as it is, for whoever looks at it next.
  }
}

/**
 * What has become of a server: `running` answers and proves itself by its token; `silent` is the very process, but it does not answer;
 * `gone` is neither, whatever else may have its pid now.
 */
export async function inspect(state: DemoState): Promise<'running' | 'silent' | 'gone'> {
  if (!isRunning(state.pid)) return 'gone';
  if (await answers(state.url, state.token)) return 'running';
  return state.started !== null && processStart(state.pid) === state.started ? 'silent' : 'gone';
}

/** Whether the server at `url` proves to know `token`. */
export function answers(url: string, token: string, timeoutMs = 2000): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(new URL('/healthz', url), { agent: false, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > 65_536) request.destroy();
      });
      response.on('close', () => resolve(hasToken(body, token)));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function hasToken(body: string, token: string): boolean {
  try {
    return (JSON.parse(body) as { token?: unknown }).token === token;
  } catch {
    return false;
  }
}

function parse(content: string): DemoState | undefined {
  try {
    const state = JSON.parse(content) as Partial<DemoState> | null;
    const whole =
      state?.schema_version === 1 &&
      Number.isSafeInteger(state.pid) &&
      // kill(0) and kill(-1) mean whole groups of processes.
      (state.pid as number) > 1 &&
      typeof state.url === 'string' &&
      URL.canParse(state.url) &&
      typeof state.token === 'string' &&
      (state.started === null || typeof state.started === 'string');
    return whole ? (state as DemoState) : undefined;
  } catch {
    return undefined;
  }
}
