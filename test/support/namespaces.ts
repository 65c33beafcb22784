/** Commands in a container's place: pids of their own, on the same kernel and the same disk. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { TestContext } from 'vitest';
import { atTestEnd, type Handle, type StartOptions, startCommand } from './cli.ts';
import { BIN } from './env.ts';

/** Skips the test, aloud, where no pid namespace can be had. */
export function needsPidNamespaces(context: TestContext): void {
  const { status } = spawnSync('unshare', ['-p', '-f', '--mount-proc', 'true']);
  context.skip(status !== 0, 'no pid namespaces here (unshare -p)');
}

export interface Container {
  /** Starts `mcp2cli ARGS` in it. */
  start(args: readonly string[], options: StartOptions): Handle;
  run(args: readonly string[], options: StartOptions): Handle['done'];
  /** Ends it with everything in it, as a container is that runs out of its grace. Resolves when nothing of it is left. */
  kill(): Promise<void>;
  /** As `docker pause` and `unpause` do. */
  pause(): void;
  unpause(): void;
}

/** Starts a container; ended with the test. `own`: flags of what it has of its own. `init`: what it does, which says when it is up; nothing. */
export async function startContainer(
  home: string,
  { own = ['-p'], init: first = 'echo up; exec sleep 600' }: { own?: readonly string[]; init?: string } = {},
): Promise<Container> {
  const holder = startCommand('unshare', [...own, '-f', '--mount-proc', 'sh', '-c', first], {
    home,
    timeoutMs: 600_000,
  });
  await holder.waitForStdout(/up/);
  const [init = 0] = childrenOf(holder.pid);
  const inside = () => everyChildOf(init);
  const signal = (name: NodeJS.Signals, pids: readonly number[]) => {
    for (const pid of pids)
      try {
        process.kill(pid, name);
      } catch {
        // Ended meanwhile.
      }
  };
  let killed: Promise<unknown> | undefined;
  const kill = async () => {
    // Once: the pid may be another's later.
    if (!killed) signal('SIGKILL', [init]);
    killed ??= holder.done.catch(() => {});
    await killed;
  };
  atTestEnd(kill);
  const enter = (args: readonly string[]) => ['-t', `${init}`, ...own, '-m', process.execPath, BIN, ...args];
  return {
    start: (args, options) => startCommand('nsenter', enter(args), options),
    run: (args, options) => startCommand('nsenter', enter(args), options).done,
    kill,
    pause: () => signal('SIGSTOP', inside()),
    unpause: () => signal('SIGCONT', inside()),
  };
}

/** Processes in the pid namespace of this one, as they are seen from here. */
function everyChildOf(init: number): number[] {
  const space = namespaceOf(init);
  // Nothing of this machine's own is ever signalled.
  if (space === undefined || space === namespaceOf(process.pid)) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => namespaceOf(pid) === space);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
