/** What a machine can do: damaged files in every place, disks that cannot be written, no descriptors left, clocks that jump. */
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { type RunResult, run, startCommand } from '../support/cli.ts';
import { DAMAGE, lookOf } from '../support/damage.ts';
import { readOnly } from '../support/disk.ts';
import { BIN } from '../support/env.ts';
import { FAKETIME } from '../support/faketime.ts';
import { freshDir } from '../support/home.ts';
import { type Hostile, hostileServer } from '../support/hostile.ts';
import { type Ledger, ledger } from '../support/ledger.ts';
import { diskStore } from '../support/store-fixtures.ts';

/** A home with everything in it: an ended job with a large result, a live one with a cancellation, definitions, caches. */
async function filled(home: string): Promise<{ server: Hostile; ended: string; live: string }> {
  const server = await hostileServer();
  const go = async (...words: string[]) => {
    const end = await run(words, { home });
    expect(end).toMatchObject({ code: 0 });
    return end.stdout.trim();
  };
  await go('instances', 'add', 'work', '--url', server.url);
  await go('work', 'jobs', 'define', 'mine', '--tool', 'work');
  server.callResult = { content: [{ type: 'text', text: 'large '.repeat(10_000) }] };
  const ended = await go('work', 'work', '--n', '0', '--background', '--quiet');
  server.task = { ...server.task, status: 'completed' };
  await go('work', 'jobs', 'wait', ended);
  server.task = { ...server.task, status: 'working' };
  const live = await go('work', 'work', '--n', '1', '--background', '--quiet');
  server.on('tasks/cancel', ({ result }) => result(server.task));
  await go('work', 'jobs', 'cancel', live);
  return { server, ended, live };
}

const told = (name: string, { code, stdout, stderr }: RunResult) =>
  `${name}: ${code} ${stdout.slice(0, 200)}${stderr.slice(0, 400)}`;

const COMMANDS = [
  'instances list',
  'work ls',
  'work jobs list',
  'work jobs show ENDED',
  'work jobs wait ENDED',
  'work jobs show LIVE',
  'work jobs wait LIVE --timeout 1s',
  'work jobs definitions',
  'work work --n 2 --background',
  'keeper status',
];
/** Derived, asked for again, or without content: these may be replaced. */
const REPLACED = /catalogue\.json$|server\.json$|\.index\.json$|jobs\.newest\//;

it('damaged, cut, newer and foreign files in every place of the data root', async () => {
  const book = ledger('damaged files');
  const home = freshDir('home');
  const { server, ended, live } = await filled(home);
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(home, path)).isFile(),
  );
  expect(files.length).toBeGreaterThan(8);
  const cases = files.flatMap((file) => Object.keys(DAMAGE).map((how) => [file, how] as const));
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < cases.length; n = next++) {
      const [file, how] = cases[n] ?? ['', ''];
      const copy = freshDir('copy');
      cpSync(home, copy, { recursive: true });
      const path = join(copy, file);
      DAMAGE[how]?.(path);
      const before = lookOf(path);
      book.tried();
      // Two commands for each case, all of them in turn.
      for (const k of [2 * n, 2 * n + 1]) {
        const words = (COMMANDS[k % COMMANDS.length] ?? '').replace('ENDED', ended).replace('LIVE', live);
        const end = await run(words.split(' '), { home: copy, env: { MCP2CLI_RETRY_BUDGET: '1s' } });
        const allowed = /LIVE|LIVE|wait/.test(COMMANDS[k % COMMANDS.length] ?? '')
          ? [0, 2, 74, 78, 124]
          : [0, 2, 74, 78];
        // Of a job that lost its task.json nothing can be asked any more.
        if (
          !allowed.includes(end.code ?? -1) &&
          !(/gone|nowhere/.test(how) && [1, 3].includes(end.code ?? -1))
        )
          book.wrong(told(`${file} ${how}: ${words}`, end));
        if (end.code === 2 && file !== 'config.json') book.wrong(told(`${file} ${how}: ${words}`, end));
      }
      const after = lookOf(path);
      if (after !== before && !REPLACED.test(file) && how !== 'gone' && before !== 'ENOENT')
        book.lost(`${file} ${how} was changed`);
      spared(book, copy, file, how, ended);
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  expect([...server.calls.keys()].length).toBeGreaterThan(0);
  book.settle();
});

/** Damage to one job is in no other job's way. */
function spared(book: Ledger, home: string, file: string, how: string, ended: string): void {
  if (file.includes(ended)) return;
  const job = diskStore(home).store.read(ended);
  if (job.status !== 'completed' || job.result === undefined) book.lost(`${ended} after ${file} ${how}`);
}

it('foreign things in every folder of the data root', async () => {
  const book = ledger('foreign files');
  const home = freshDir('home');
  const { ended } = await filled(home);
  const folders = [
    '',
    ...readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(join(home, path)).isDirectory(),
    ),
  ];
  for (const folder of folders) {
    writeFileSync(join(home, folder, 'desktop.ini'), 'x');
    writeFileSync(join(home, folder, '.DS_Store'), '\0');
    mkdirSync(join(home, folder, 'lost+found'));
  }
  for (const words of [
    'instances list',
    'work ls',
    'work jobs list',
    `work jobs wait ${ended}`,
    'work jobs definitions',
  ]) {
    book.tried();
    const end = await run(words.split(' '), { home });
    if (end.code !== 0 || end.stderr !== '') book.wrong(told(words, end));
  }
  for (const folder of folders)
    if (!existsSync(join(home, folder, 'desktop.ini'))) book.lost(`desktop.ini in ${folder}`);
  book.settle();
});

it('a read-only data root: what reads works, what writes says why not', async (context: TestContext) => {
  const book = ledger('a read-only data root');
  const { dir, close } = readOnly(context);
  const home = join(dir, 'home');
  mkdirSync(home, { mode: 0o700 });
  const { server, ended, live } = await filled(home);
  server.callResult = { content: [{ type: 'text', text: 'small' }] };
  const calls = server.calls.size;
  close();
  const lines: [string, number, RegExp][] = [
    ['instances list', 0, /work/],
    ['instances show work', 0, /work/],
    ['work ls', 0, /work/],
    ['work work --help', 0, /--n/],
    ['work work --n 5', 0, /small/],
    ['work jobs list', 0, new RegExp(ended)],
    [`work jobs show ${ended}`, 0, /completed/],
    [`work jobs wait ${ended}`, 0, /large/],
    [`work jobs watch ${ended}`, 0, /large/],
    [`work jobs show ${live}`, 0, /running/],
    [`work jobs wait ${live} --timeout 1s`, 124, /^$/],
    ['work jobs definitions', 0, /mine/],
    ['keeper status', 0, /^$/],
    ['work refresh', 0, /./],
    ['work work --n 6 --background', 74, /^$/],
    ['instances add more --url http://127.0.0.1:1/', 74, /^$/],
    ['work jobs define other --tool work', 74, /^$/],
  ];
  for (const [words, code, stdout] of lines) {
    book.tried();
    const end = await run(words.split(' '), { home });
    if (end.code !== code || !stdout.test(end.stdout)) book.wrong(told(words, end));
    if (code === 74 && !/read-only|permission/.test(end.stderr)) book.wrong(told(words, end));
  }
  // A result that was received is printed, whether it can be recorded or not.
  server.task = { ...server.task, status: 'completed' };
  book.tried();
  const waited = await run(['work', 'jobs', 'wait', live], { home });
  if (waited.code !== 74 || waited.stdout !== 'small\n') book.lost(told('wait', waited));
  // The foreground call alone was sent.
  if (server.calls.size !== calls + 1) book.twice(`${server.calls.size - calls} calls`);
  server.audit(book);
  book.settle();
});

it('too many open files: one error, and the record is as it was', async () => {
  const book = ledger('too many open files');
  const home = freshDir('home');
  const { server, ended } = await filled(home);
  // Node itself needs some twenty before the first line of a program.
  for (let limit = 18; limit <= 34; limit++)
    for (const words of [`work --n ${limit} --background`, `jobs wait ${ended}`]) {
      book.tried();
      const script = `ulimit -n ${limit}; exec "$NODE" "$BIN" work ${words}`;
      const end = await startCommand('bash', ['-c', script], { home, env: { NODE: process.execPath, BIN } })
        .done;
      const started =
        !/node::|Assertion|uv_|OpenSSL|Fatal|node:internal/.test(end.stderr) &&
        end.signal === null &&
        end.code !== 134;
      if (started && ![0, 3, 74].includes(end.code ?? -1)) book.wrong(told(`${limit}: ${words}`, end));
      const said = /job_\w{26}/.exec(end.stdout)?.[0];
      if (end.code === 0 && said && diskStore(home).store.read(said).remote_task_id === null) book.lost(said);
    }
  for (const { message } of diskStore(home).store.list().problems) book.torn(message);
  server.audit(book);
  book.settle();
});

it.skipIf(!FAKETIME)('clocks that are wrong, or jump while somebody waits', async () => {
  const book = ledger('clock jumps');
  const home = freshDir('home');
  const { server, ended } = await filled(home);
  server.task = { ...server.task, status: 'working' };
  const at = (time: string, more: Record<string, string> = {}) => ({
    LD_PRELOAD: FAKETIME,
    FAKETIME: time,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_NO_CACHE: '1',
    ...more,
  });
  const ids: string[] = [];
  for (const [n, time] of ['-10y', '+50y', '-1d', '@1970-01-01 00:00:10', '+0'].entries()) {
    book.tried();
    const end = await run(['work', 'work', '--n', `t${n}`, '--background', '--quiet'], {
      home,
      env: at(time),
    });
    if (end.code !== 0) book.wrong(told(time, end));
    ids.push(end.stdout.trim());
  }
  // The latest is the one that was made last, whatever the clock said; the others are there.
  const { store } = diskStore(home);
  if (store.latest() !== ids.at(-1)) book.wrong(`the latest is ${store.latest()}, not ${ids.at(-1)}`);
  for (const id of ids) if (store.read(id).remote_task_id === null) book.lost(id);
  // The clock jumps while somebody waits: the time limit is the monotonic clock's.
  const clock = join(freshDir('clock'), 'time');
  for (const jump of ['+30d', '-30d']) {
    writeFileSync(clock, '+0\n');
    const before = server.count('tasks/get');
    const handle = startCommand(
      process.execPath,
      [BIN, 'work', 'jobs', 'wait', ids[0] ?? '', '--timeout', '4s'],
      {
        home,
        env: at('', { FAKETIME: undefined as never, FAKETIME_TIMESTAMP_FILE: clock }),
      },
    );
    await expect.poll(() => server.count('tasks/get')).toBeGreaterThan(before);
    book.tried();
    writeFileSync(clock, `${jump}\n`);
    const began = performance.now();
    const end = await handle.done;
    const took = performance.now() - began;
    if (end.code !== 124 || took < 2_000 || took > 8_000)
      book.wrong(`${jump}: ${took} ms, ${told('wait', end)}`);
  }
  if (diskStore(home).store.read(ended).status !== 'completed') book.lost(ended);
  server.audit(book);
  book.settle();
});
