/** Signals at every stage of every kind of command, lost terminals, and readers that go away. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Handle, run, start, startCommand } from '../support/cli.ts';
import { BIN } from '../support/env.ts';
import { type Hostile, hostileServer } from '../support/hostile.ts';
import { keeperHome } from '../support/keeper.ts';
import { type Ledger, ledger } from '../support/ledger.ts';
import { ptyTool, startOnPty } from '../support/pty.ts';
import { diskStore } from '../support/store-fixtures.ts';
import { type Work, workAt } from '../support/work.ts';

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof CODES;
const SIGNALS = Object.keys(CODES) as Signal[];

interface Stage {
  /** Whether a catalogue is known before. */
  cold?: boolean;
  /** The method whose request is waited for, and not answered. */
  held: string;
  words: string;
  /** What the job is afterwards; undefined: there is none. */
  job?: string[];
}

const STAGES: Record<string, Stage> = {
  'connecting, background': { cold: true, held: 'initialize', words: 'work --n 1 --background' },
  'connecting, foreground': { cold: true, held: 'initialize', words: 'work --n 1' },
  'reading the catalogue': { cold: true, held: 'tools/list', words: 'work --n 1 --background' },
  submitting: { held: 'tools/call', words: 'work --n 1 --background', job: ['lost', 'canceled'] },
  'calling in the foreground': { held: 'tools/call', words: 'work --n 1' },
  waiting: { held: 'tasks/result', words: 'jobs wait --latest', job: ['running'] },
  'waiting for the first answer': { held: 'tasks/get', words: 'jobs wait --latest', job: ['running'] },
  watching: { held: 'tasks/result', words: 'jobs watch --latest', job: ['running'] },
  showing: { held: 'tasks/get', words: 'jobs show --latest', job: ['running'] },
  cancelling: { held: 'tasks/cancel', words: 'jobs cancel --latest', job: ['running'] },
};

it.each(Object.keys(STAGES))('a signal while %s', async (name) => {
  const { cold = false, held, words, job } = STAGES[name] as Stage;
  const book = ledger(`a signal while ${name.split(',')[0]}`);
  for (const signal of SIGNALS)
    for (const times of [1, 2]) {
      const { server, work } = await place(cold);
      if (words.startsWith('jobs')) await work.submit('work --n 0');
      const reached = new Promise<void>((resolve) => server.on(held, () => resolve()));
      const handle = work.start(words);
      await reached;
      book.tried();
      const before = performance.now();
      handle.signal(signal);
      // A second one ends at once.
      if (times === 2) setTimeout(() => handle.signal(signal), 100);
      const end = await handle.done;
      const took = performance.now() - before;
      const what = `${signal} x${times}: ${end.code ?? end.signal} after ${Math.round(took)} ms, ${end.stdout}${end.stderr}`;
      // A second one may meet a process that has done everything and is about to be gone: the system's own code is the same to a shell.
      const ended = end.code === CODES[signal] || (times === 2 && end.signal === signal);
      if (!ended || end.stdout.includes('worked')) book.wrong(what);
      if (took > (times === 2 ? 8_000 : 15_000)) book.wrong(`slow: ${what}`);
      server.behave();
      checked(book, server, work, job, what);
    }
  book.settle();
});

async function place(cold: boolean): Promise<{ server: Hostile; work: Work }> {
  const server = await hostileServer();
  const work = await workAt(server.url);
  if (!cold) await work.run('ls');
  return { server, work };
}

function checked(
  book: Ledger,
  server: Hostile,
  work: Work,
  expected: string[] | undefined,
  what: string,
): void {
  server.audit(book);
  const { jobs, problems } = diskStore(work.home).store.list();
  for (const { message } of problems) book.torn(message);
  const seen = jobs.map(({ status }) => status);
  if (expected ? !expected.includes(seen[0] ?? '') : seen.length > 0) book.lost(`${what}: ${seen}`);
}

it('a signal at a random time of the start', async () => {
  const book = ledger('a signal while starting');
  const { server, work } = await place(false);
  for (let n = 0; n < 24; n++) {
    const signal = SIGNALS[n % 3] as Signal;
    const handle = work.start(`work --n ${n} --background`);
    setTimeout(() => handle.signal(signal), n * 6);
    const end = await handle.done;
    book.tried();
    // Before Node has begun nobody can hear it: then the signal itself ends the process.
    if (end.signal !== signal && end.code !== CODES[signal] && end.code !== 0)
      book.wrong(`${signal}: ${end.code} ${end.stderr}`);
    const said = /job_\w{26}/.exec(end.stdout)?.[0];
    if (said && diskStore(work.home).store.read(said).remote_task_id === null) book.lost(said);
  }
  server.audit(book);
  const sent = server.calls.size;
  expect(diskStore(work.home).store.list().jobs.length).toBeGreaterThanOrEqual(sent);
  book.settle();
});

const STDIO = fileURLToPath(new URL('../support/hostile-stdio.js', import.meta.url));

it.skipIf(process.platform !== 'linux')(
  'signals to a keeper: hang-ups are nothing to it, the others end it and its server',
  async () => {
    const book = ledger('a signal to the keeper');
    for (const signal of SIGNALS) {
      const home = await keeperHome(['--', process.execPath, STDIO]);
      const submitted = await run(['work', 'task', '--ms', '1500', '--background', '--quiet'], { home });
      const id = submitted.stdout.trim();
      const dir = `${home}/instances/work/keeper`;
      const state = readdirSync(dir).find((name) => /^\w+\.json$/.test(name)) ?? '';
      const { pid } = JSON.parse(readFileSync(`${dir}/${state}`, 'utf8')).holder as { pid: number };
      book.tried();
      process.kill(pid, signal);
      const waited = await run(['work', 'jobs', 'wait', id], { home });
      const { status, error } = diskStore(home).store.read(id);
      const what = `${signal}: ${waited.code}, ${status} (${error?.code}) ${waited.stderr}`;
      if (signal === 'SIGHUP' && (waited.code !== 0 || status !== 'completed')) book.lost(what);
      if (signal !== 'SIGHUP' && (waited.code !== 1 || status !== 'lost' || error?.code !== 'keeper_stopped'))
        book.wrong(what);
    }
    book.settle();
  },
);

it.skipIf(!ptyTool())('a terminal that goes away ends waiting, not the job', async () => {
  const book = ledger('a lost terminal');
  for (const [words, held] of [
    ['jobs wait --latest', 'tasks/result'],
    ['jobs watch --latest', 'tasks/result'],
    ['work --n 1', 'tools/call'],
    ['work --n 2 --background', 'tools/call'],
  ] as const) {
    const { server, work } = await place(false);
    if (words.startsWith('jobs')) await work.submit('work --n 0');
    const reached = new Promise<void>((resolve) => server.on(held, () => resolve()));
    const handle = startOnPty(['work', ...words.split(' ')], { home: work.home, tool: 'python3' });
    await reached;
    book.tried();
    const victims = childrenOf(handle);
    // The terminal's own end is closed: the kernel hangs up.
    handle.signal('SIGKILL');
    await handle.done;
    await expect.poll(() => victims.filter(alive), { timeout: 8_000 }).toEqual([]);
    server.behave();
    checked(
      book,
      server,
      work,
      words.startsWith('jobs') ? ['running'] : words.includes('background') ? ['lost'] : undefined,
      words,
    );
    if (words.startsWith('jobs')) {
      server.task = { ...server.task, status: 'completed' };
      const later = await work.run('jobs wait --latest');
      if (later.code !== 0) book.lost(`${words}: ${later.code} ${later.stderr}`);
    }
  }
  book.settle();
});

function childrenOf({ pid }: Handle): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

it('readers that go away: every command that prints ends as it would, and says nothing', async () => {
  const book = ledger('closed stdout');
  const { server, work } = await place(false);
  server.task = { ...server.task, status: 'completed' };
  server.callResult = { content: [{ type: 'text', text: 'line\n'.repeat(100_000) }] };
  for (let n = 0; n < 3; n++) await work.submit(`work --n ${n}`);
  await work.run('jobs define mine --tool work');
  let next = 100;
  const lines = [
    '--help',
    'ls',
    'work --help',
    'refresh',
    'work --n N',
    'work --n N --background',
    'jobs list',
    'jobs list -o ndjson',
    'jobs show --latest',
    'jobs wait --latest',
    'jobs watch --latest',
    'jobs cancel --latest',
    'jobs logs --latest',
    'jobs definitions',
    'jobs --help',
    '--verbose jobs list',
  ]
    .flatMap((line) => [line.split(' '), ['--json', ...line.split(' ')]])
    .map((words) => ['work', ...words]);
  const host = [
    ['--help'],
    ['--version'],
    ['instances', 'list'],
    ['instances', 'show', 'work'],
    ['keeper', 'status'],
    ['demo', '--help'],
  ];
  for (const words of [...lines, ...host])
    for (const reader of ['| head -1', '| true', '>&-']) {
      book.tried();
      const line = words.map((word) => (word === 'N' ? `${next++}` : word)).join(' ');
      const script = `"$NODE" "$BIN" ${line} ${reader} >/dev/null; exit \${PIPESTATUS[0]}`;
      const free = reader === '>&-' ? script.replace(' >/dev/null', '') : script;
      const env = { NODE: process.execPath, BIN };
      const end = await startCommand('bash', ['-c', free], { home: work.home, env }).done;
      // A descriptor that is not there is an output that cannot be written.
      const expected = reader === '>&-' ? [0, 74] : [0];
      const quiet = words.includes('--verbose') || reader === '>&-' || !/error|Error|at /.test(end.stderr);
      if (!expected.includes(end.code ?? -1) || !quiet)
        book.wrong(`${words.join(' ')} ${reader}: ${end.code} ${end.stderr.slice(0, 300)}`);
    }
  server.audit(book);
  book.settle();
});

it('a reader that goes away in the middle of a foreground call', async () => {
  const book = ledger('closed stdout');
  const { server, work } = await place(false);
  const reached = new Promise<() => void>((resolve) =>
    server.on('tools/call', ({ result }) => resolve(() => result(server.callResult))),
  );
  const handle = start(['work', 'work', '--n', '1'], { home: work.home });
  const answer = await reached;
  book.tried();
  handle.closeStdout();
  answer();
  const end = await handle.done;
  if (end.code !== 0 || end.stderr !== '') book.wrong(`${end.code} ${end.stderr}`);
  book.settle();
});
