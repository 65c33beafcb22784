/** Processes that are taken for others: keepers' files and holders of jobs whose pid is by now somebody else's. Nobody is signalled, calls go on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import { processState } from '../../src/lib/disk/process-identity.ts';
import { inLanes } from '../../src/lib/lanes.ts';
import { atTestEnd, type RunResult, run } from '../support/cli.ts';
import { freshDir } from '../support/home.ts';
import { dataOf, submitted } from '../support/instance.ts';
import { keeperHome, keepers, STDIO_COMMAND, theKeeper } from '../support/keeper.ts';
import { ledger } from '../support/ledger.ts';

type Innocent = ChildProcess & { pid: number };

/** A process that has nothing to do with any of this; any signal would end it. */
function innocent(): Innocent {
  const child = spawn('sleep', ['600']);
  atTestEnd(() => void child.kill('SIGKILL'));
  return child as Innocent;
}

const isUntouched = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

const OTHER_BOOT = '00000000-1111-2222-3333-444444444444';

/** What a file may say of a process whose pid is now `pid`'s. */
const HOLDERS: Record<string, (pid: number) => object> = {
  'nothing but the pid': (pid) => ({ pid, started: null, boot_id: null, host: hostname() }),
  'another boot': (pid) => ({ ...currentHolder(), pid, boot_id: OTHER_BOOT }),
  'another boot, with the very start': (pid) => ({
    ...currentHolder(),
    pid,
    boot_id: OTHER_BOOT,
    started: processState(pid)?.started ?? null,
  }),
  'another start': (pid) => ({ ...currentHolder(), pid, started: '1' }),
  'a start in seconds': (pid) => ({ ...currentHolder(), pid, started: '@1759744800' }),
  'another pid namespace': (pid) => ({ ...currentHolder(), pid, pid_ns: 'pid:[1]' }),
  'another pid namespace of another boot': (pid) => ({
    ...currentHolder(),
    pid,
    pid_ns: 'pid:[1]',
    boot_id: OTHER_BOOT,
  }),
  'no namespace': (pid) => ({ ...currentHolder(), pid, pid_ns: null, started: '1' }),
  'the very process': (pid) => ({ ...currentHolder(), pid, started: processState(pid)?.started ?? null }),
  'a pid that no process has': () => ({ ...currentHolder(), pid: 2 ** 22 + 7 }),
  'a pid of zero': () => ({ ...currentHolder(), pid: 0 }),
  'a pid of everybody': () => ({ ...currentHolder(), pid: -1 }),
};

/** What is where the keeper's socket was. */
const SOCKETS: Record<string, () => Promise<string>> = {
  nothing: async () => '/nowhere/dead.sock',
  'a socket that refuses': refusingSocket,
  'a file': async () => {
    const path = join(freshDir(), 'file.sock');
    writeFileSync(path, '');
    return path;
  },
  'a folder': async () => freshDir(),
  'one that hangs up': () => listening((socket) => void socket.destroy()),
  'one that talks nonsense': () =>
    listening((socket) => {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      socket.on('data', () => socket.write('{"id":1}\n[]\nnull\n'));
    }),
};

/** The socket of a process that was killed. */
async function refusingSocket(): Promise<string> {
  const path = join(freshDir(), 'dead.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  return path;
}

async function listening(onSocket: (socket: Socket) => void): Promise<string> {
  const path = join(freshDir(), 'other.sock');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  }).listen(path);
  await once(server, 'listening');
  atTestEnd(() => void server.close());
  return path;
}

function leaveFile(home: string, holder: object, socket: string): void {
  const dir = join(home, 'instances', 'work', 'keeper');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const state = {
    schema_version: 1,
    id: 'feed',
    instance: 'work',
    holder: { ...holder, keeper: true },
    socket,
    token: 'x',
    version: '0',
    started_at: '2026-01-01T00:00:00.000Z',
  };
  writeFileSync(join(dir, 'feed.json'), JSON.stringify(state), { mode: 0o600 });
}

const told = (name: string, { code, stdout, stderr }: RunResult) =>
  `${name}: ${code} ${stdout.slice(0, 200)}${stderr.slice(0, 400)}`;

/** Where somebody listens who may be the keeper, it is told that it does not answer. */
const isDeaf = ({ code, stderr }: RunResult) => code === 3 && stderr.includes('does not answer');

it('keepers of another life: nobody is signalled, calls and jobs go on', async () => {
  const book = ledger("a keeper's file, its pid another's");
  const stranger = innocent();
  // A file that names a process with all that identifies it is no lie.
  const lies = Object.entries(HOLDERS).filter(([name]) => name !== 'the very process');
  const shapes = lies.flatMap(([name, holder], i) =>
    // Every holder with nothing there and one other thing; every other thing with a few holders.
    Object.entries(SOCKETS)
      .filter((_, j) => j === 0 || j === 1 + (i % (Object.keys(SOCKETS).length - 1)))
      .map(([there, socket]) => ({
        name: `${name}, ${there}`,
        holder,
        socket,
        listens: there.startsWith('one '),
      })),
  );
  await inLanes(3, shapes, async ({ name, holder, socket, listens }) => {
    const home = await keeperHome(STDIO_COMMAND);
    const other = innocent();
    const leave = async () => leaveFile(home, holder(other.pid), await socket());
    for (const line of [
      'keeper status',
      'keeper stop work',
      'keeper stop work --force',
      'doctor work --offline',
    ]) {
      await leave();
      const end = await run(line.split(' '), { home });
      // Whoever cannot prove that it is the keeper's process says so, and leaves it alone.
      if (![0, 1, 74].includes(end.code ?? -1) && !(listens && isDeaf(end)))
        book.wrong(told(`${name}, ${line}`, end));
    }
    book.tried();
    await leave();
    const called = await run(['work', 'describe', '--timeout', '25s'], { home, timeoutMs: 60_000 });
    if (called.code !== 0 && !(listens && isDeaf(called))) book.lost(told(`${name}, a call`, called));
    await leave();
    const background = ['work', 'describe', '--background', '--detach', '-q'];
    const sent = await run(background, { home, timeoutMs: 60_000 });
    if (sent.code !== 0 && !(listens && isDeaf(sent))) book.lost(told(`${name}, a job`, sent));
    const waited = await run(['work', 'jobs', 'wait', '--latest'], { home });
    if (sent.code === 0 && waited.code !== 0) book.lost(told(`${name}, its wait`, waited));
    if (!isUntouched(other)) book.wrong(`${name}: another process was signalled`);
  });
  if (!isUntouched(stranger)) book.wrong('a process was signalled that no file names');
  book.settle();
});

/** What a job has come to whose holder is this, once its keeper was killed. */
const FATES: Record<string, 'lost' | 'running'> = Object.fromEntries(
  Object.keys(HOLDERS).map((name) => [name, name === 'the very process' ? 'running' : 'lost']),
);

it('jobs held by a process of another life are lost, and waits for them end', async () => {
  const book = ledger("a job's holder, its pid another's");
  const stranger = innocent();
  await inLanes(2, Object.entries(HOLDERS), async ([name, holder]) => {
    const home = await keeperHome(STDIO_COMMAND);
    const other = innocent();
    const id = await submitted(home, ['work', 'slow', '--ms', '600000', '--detach']);
    const { pid } = await theKeeper(home);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => keepers(home)).toEqual([]);
    const folder = join(home, 'instances', 'work', 'jobs', id);
    const changed = readdirSync(folder).filter((file) => {
      if (!/^\w+\.json$/.test(file)) return false;
      const record = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      if (!record.holder) return false;
      writeFileSync(
        join(folder, file),
        JSON.stringify({ ...record, holder: { ...record.holder, ...holder(other.pid) } }),
      );
      return true;
    });
    if (changed.length === 0) throw new Error(`no holder in ${readdirSync(folder)}`);
    book.tried();
    const waited = await run(['work', 'jobs', 'wait', id, '--timeout', '4s'], { home });
    const shown = await run(['work', '--json', 'jobs', 'show', id], { home });
    const status = dataOf(shown)['status'];
    if (status !== FATES[name]) book.wrong(`${name}: ${status}`);
    if (waited.code !== (FATES[name] === 'lost' ? 1 : 124) || waited.stdout !== '')
      book.wrong(told(name, waited));
    for (const line of [
      'work jobs cancel',
      'keeper stop work --force',
      'work jobs prune --older-than 0 --yes',
    ]) {
      const words = line.includes('cancel') ? [...line.split(' '), id] : line.split(' ');
      const end = await run(words, { home });
      if (end.code === 70 || end.code === null) book.wrong(told(`${name}, ${line}`, end));
    }
    if (!isUntouched(other)) book.wrong(`${name}: another process was signalled`);
  });
  if (!isUntouched(stranger)) book.wrong('a process was signalled that no file names');
  book.settle();
});
