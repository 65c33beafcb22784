/** A Redis of a test's own: a process in a folder of its own, on a socket of its own port. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** The server's program: another one than that of the system, where REDIS_SERVER names it. */
const PROGRAM = process.env['REDIS_SERVER'] ?? 'redis-server';

/** What the program says of its version; undefined where there is none. */
const version: string | undefined = (() => {
  try {
    return execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
})();

/** Why there is no Redis to test against; undefined where there is one. */
export const noRedis: string | undefined =
  version === undefined
    ? 'no redis-server: install the package redis-server, or these tests are left out'
    : undefined;

/** Whether it can say what is on its disk (WAITAOF): Redis since 7.2, and Valkey. */
export const hasWaitAof: boolean = (() => {
  const [, major = 0, minor = 0] = (/v=(\d+)\.(\d+)/.exec(version ?? '') ?? []).map(Number);
  return major > 7 || (major === 7 && minor >= 2);
})();

export interface TestRedis {
  /** `127.0.0.1:PORT` */
  host: string;
  /** Where it keeps its files. */
  dir: string;
  /** Kills it, and starts it again where it was: what its settings have kept is there, unless `between` does something to it. */
  restart(between?: () => void): Promise<void>;
  /** Ends it, at once. */
  kill(): Promise<void>;
}

/** Starts a server that answers when this resolves. `settings` are lines of redis.conf. Whoever asks for it ends it. */
export async function startRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort();
  // Not a folder of one test: a server may be for all tests of a file.
  const dir = mkdtempSync(join(tmpdir(), 'mcp2cli-redis-'));
  const lines = ['bind 127.0.0.1', `port ${port}`, 'save ""', 'daemonize no', `dir ${dir}`];
  const start = () => startProcess([...lines, ...settings, ''].join('\n'));
  let running = await start();
  return {
    host: `127.0.0.1:${port}`,
    dir,
    restart: async (between) => {
      await running();
      between?.();
      running = await start();
    },
    kill: async () => {
      await running();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Resolves when it answers, with what kills it. */
async function startProcess(configuration: string): Promise<() => Promise<void>> {
  const child = spawn(PROGRAM, ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.end(configuration);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/Ready to accept connections/i.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
  });
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}
