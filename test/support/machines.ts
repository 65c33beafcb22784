/** Machines that share a store and nothing else: a name, a network, pids, a home and a clock of their own. */
import { spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atTestEnd, type Handle, type RunResult, start } from './cli.ts';
import { freshDir, freshHome } from './home.ts';
import { startContainer } from './namespaces.ts';

const RELAY = fileURLToPath(new URL('relay.mjs', import.meta.url));
const CLOCK = fileURLToPath(new URL('shifted-clock.cjs', import.meta.url));

/** Host name, network, pids. */
const OWN = ['-u', '-n', '-p'];

/** Why machines have only a home and a clock of their own here; undefined where they have all. */
export const noMachines: string | undefined =
  spawnSync('unshare', [...OWN, '-f', '--mount-proc', 'sh', '-c', 'hostname m && ip link set lo up'])
    .status === 0
    ? undefined
    : 'no host names, networks and pids of their own here (unshare -u -n -p, ip): machines are homes with clocks apart';

export interface Machine {
  home: string;
  start(...args: string[]): Handle;
  run(...args: string[]): Promise<RunResult>;
  /** As when its plug is pulled. */
  kill(): Promise<void>;
}

/** Starts machines that reach these ports of 127.0.0.1 as their own. Ended with the test. */
export async function machinesThatReach(
  ports: readonly number[],
  env: Record<string, string>,
): Promise<(name: string, aheadMs: number) => Promise<Machine>> {
  const dir = freshDir('net');
  const sockets = ports.map((port) => ({ port, path: join(dir, `${port}`) }));
  if (noMachines === undefined) await Promise.all(sockets.map(({ port, path }) => forward(path, port)));
  return async (name, aheadMs) => {
    const home = freshHome();
    const options = {
      home,
      timeoutMs: 240_000,
      env: { ...env, NODE_OPTIONS: `--require=${CLOCK}`, CLOCK_AHEAD_MS: `${aheadMs}` },
    };
    if (noMachines !== undefined) return withoutWalls(options);
    const pairs = sockets.map(({ port, path }) => `${port}=${path}`).join(' ');
    const container = await startContainer(home, {
      own: OWN,
      init: `hostname ${name} && ip link set lo up && exec ${process.execPath} ${RELAY} ${pairs}`,
    });
    const begin = (args: readonly string[]) => {
      const handle = container.start(args, options);
      // What runs in it ends with it, and is waited for after that.
      atTestEnd(container.kill);
      return handle;
    };
    return {
      home,
      start: (...args) => begin(args),
      run: (...args) => begin(args).done,
      kill: container.kill,
    };
  };
}

function withoutWalls(options: Parameters<typeof start>[1]): Machine {
  const all: Handle[] = [];
  const begin = (args: readonly string[]) => {
    const handle = start(args, options);
    all.push(handle);
    return handle;
  };
  return {
    home: options.home,
    start: (...args) => begin(args),
    run: (...args) => begin(args).done,
    async kill() {
      for (const handle of all) handle.signal('SIGKILL');
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

/** What connects to the socket at this path is connected to the port. Closed with the test. */
async function forward(path: string, port: number): Promise<void> {
  const open = new Set<() => void>();
  const server = createServer((client) => {
    const other = connect(port, '127.0.0.1');
    const end = () => {
      open.delete(end);
      client.destroy();
      other.destroy();
    };
    open.add(end);
    for (const socket of [client, other]) socket.on('error', end).on('close', end);
    client.pipe(other).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  atTestEnd(() => {
    for (const end of open) end();
    server.close();
  });
}
