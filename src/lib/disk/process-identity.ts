/**
 * What the system tells of a process by its pid. A pid alone is no identity, since pids are used again: with the time at which its process
 * began it is one. Linux has that in /proc; elsewhere a program that comes with the system is asked (ps, PowerShell), which costs some
 * milliseconds, and so only where the question arises.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface ProcessState {
  /**
   * When it began: clock ticks since the boot, as /proc has it (`4711`), or seconds since 1970 after an `@` (`@1793952000`). Null where the
   * system does not tell.
   */
  started: string | null;
  /** It has ended, and nobody has collected it yet. */
  ended: boolean;
}

/** Where the knowledge comes from; tests have systems of their own. */
export interface System {
  platform: NodeJS.Platform;
  /** A file's text; undefined where it cannot be read. */
  read(path: string): string | undefined;
  /** What a command says; undefined when there is no such command, or it fails. */
  run(command: string, args: readonly string[], env: Record<string, string>): string | undefined;
}

/** How long a system's own program may take, in milliseconds. PowerShell takes most of a second to start. */
const COMMAND_TIMEOUT_MS = 10_000;

/**
 * How far two accounts of one process's start may lie apart, in seconds: the runtime notes its own when it runs, the system when the process
 * was made, and a loaded machine takes its time between the two. A pid is not used again so soon: systems hand them out in a circle.
 */
const SAME_START_S = 60;

const SYSTEM: System = {
  platform: process.platform,
  read(path) {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return undefined;
    }
  },
  run(command, args, env) {
    // Loaded only where it is needed: it costs start-up.
    const { spawnSync } = createRequire(import.meta.url)(
      'node:child_process',
    ) as typeof import('node:child_process');
    const { status, stdout } = spawnSync(command, args, {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: COMMAND_TIMEOUT_MS,
      windowsHide: true,
    });
    return status === 0 ? stdout : undefined;
  },
};

/** What the system tells of the process; undefined where it tells nothing, or there is none. */
export function processState(pid: number, system: System = SYSTEM): ProcessState | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const stat = system.read(`/proc/${pid}/stat`);
  if (stat !== undefined) return fromStat(stat);
  // Its ps reads the same /proc.
  if (system.platform === 'linux') return undefined;
  return system.platform === 'win32' ? fromPowerShell(pid, system) : fromPs(pid, system);
}

/** From /proc/<pid>/stat (proc(5)): field 3 is the state, field 22 the start time. The name in field 2 may hold spaces and brackets. */
function fromStat(stat: string): ProcessState | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const started = fields[19];
  if (started === undefined) return undefined;
  return { ended: fields[0] === 'Z' || fields[0] === 'X', started };
}

/** macOS and the BSDs. `lstart` is ctime(3)'s form in local time, which TZ makes universal; POSIX's own `etime` would move with the clock. */
function fromPs(pid: number, { run }: System): ProcessState | undefined {
  const said = run('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { LC_ALL: 'C', TZ: 'UTC0' });
  const [, state, when] = /^\s*(\S+)\s+(\S.*\S)\s*$/.exec(said ?? '') ?? [];
  if (state === undefined || when === undefined) return undefined;
  return { ended: state.startsWith('Z'), started: sinceEpoch(`${when} UTC`) };
}

function fromPowerShell(pid: number, { run }: System): ProcessState | undefined {
  const ask = `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToUniversalTime().ToString('o')`;
  const said = run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', ask], {});
  return said === undefined ? undefined : { ended: false, started: sinceEpoch(said.trim()) };
}

function sinceEpoch(when: string): string | null {
  const ms = Date.parse(when);
  return Number.isNaN(ms) ? null : `@${Math.floor(ms / 1000)}`;
}

/** When this process began. Costs nothing, also where another's start is dear. */
export function ownStart(): string {
  const stat = SYSTEM.read('/proc/self/stat');
  return (stat && fromStat(stat)?.started) ?? `@${Math.floor(performance.timeOrigin / 1000)}`;
}

/** Whether two starts of processes with one pid are of one process; undefined where they cannot be compared. */
export function isSameStart(a: string | null, b: string | null): boolean | undefined {
  if (a === null || b === null || a.startsWith('@') !== b.startsWith('@')) return undefined;
  if (!a.startsWith('@')) return a === b;
  return Math.abs(Number(a.slice(1)) - Number(b.slice(1))) <= SAME_START_S;
}

/** Whether a start that differs proves another process. The BSDs reckon it from the time of the boot, which moves when the clock is set. */
export function hasFixedStarts(platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'linux' || platform === 'darwin' || platform === 'win32';
}

/** Whether some process of this machine has the pid, ended ones that nobody has collected included. */
export function isPidAlive(pid: number): boolean {
  // Zero and negative numbers are groups of processes to kill(2).
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process with this pid runs. */
export function isRunning(pid: number): boolean {
  return isPidAlive(pid) && processState(pid)?.ended !== true;
}

/** The boot that /proc's ticks count from; null where the system does not tell. */
export function bootId(): string | null {
  return SYSTEM.read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** A process's start as one text that no other boot has; null where the system does not tell. */
export function processStart(pid: number): string | null {
  const started = processState(pid)?.started ?? null;
  if (started === null || started.startsWith('@')) return started;
  const boot = bootId();
  return boot === null ? null : `${boot}/${started}`;
}
