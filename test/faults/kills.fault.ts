/** Commands killed at random moments of their life: whatever they had said is on disk afterwards, and no call goes out twice. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isTerminal, type JobRecord } from '../../src/jobs/record.ts';
import { type RunResult, run, start } from '../support/cli.ts';
import { type Ledger, ledger, seeded } from '../support/ledger.ts';
import { leftovers } from '../support/leftovers.ts';
import { diskStore } from '../support/store-fixtures.ts';
import { type WatchedServer, type Work, watchedServer, workAt } from '../support/work.ts';

const ROUNDS = Number(process.env['FAULTS_KILLS'] ?? 80);
/** How many commands are alive at once: they disturb each other too. */
const LANES = 3;

const DIALECTS = ['tasks-2025-11-25', 'meta-task', 'plain'] as const;

it.each(DIALECTS)('submissions killed at random times: %s', async (dialect) => {
  const book = ledger(`SIGKILL at a random time: submission (${dialect})`);
  const { server, work, store, killed } = await place(book, dialect, 60);
  await killed(
    ROUNDS,
    (n) => `export --dataset set-${n} --background`,
    (result, n) => {
      acknowledged(book, store, result);
      // Intent before effect: what reached the server is on record here.
      const known = store.list().jobs.some((job) => job.arguments['dataset'] === `set-${n}`);
      if (datasets(server).has(`set-${n}`) && !known) book.lost(`set-${n} was sent and has no record`);
    },
  );
  whole(book, store);
  once(book, server);
  // What the kills left can be read, waited for and listed, and the next command sweeps up.
  for (const job of store.list().jobs.slice(0, 10)) {
    const { code } = await work.run(`jobs wait ${job.job_id}`);
    if (code !== (store.read(job.job_id).status === 'completed' ? 0 : 1)) book.wrong(`wait: ${code}`);
  }
  once(book, server);
  await swept(book, work);
  book.settle();
});

it.each(['call', 'wait', 'watch', 'show', 'cancel', 'list'] as const)(
  'jobs %s (or a call) killed at random times',
  async (command) => {
    const book = ledger(`SIGKILL at a random time: ${command}`);
    const { server, work, store, killed } = await place(book, 'tasks-2025-11-25', 20);
    const seen = new Map<string, JobRecord>();
    const jobs = await Promise.all(
      Array.from({ length: 4 }, (_, i) => work.submit(`export --dataset job-${i} --duration 6`)),
    );
    const line = (n: number) =>
      command === 'call'
        ? `batch-process --input set-${n} --duration 1`
        : command === 'list'
          ? 'jobs list --refresh'
          : `jobs ${command} ${jobs[n % jobs.length]}`;
    await killed(ROUNDS / 2, line, (result) => {
      for (const job of store.list().jobs) terminalForEver(book, seen, store.read(job.job_id));
      // A result that was printed is on disk.
      const printed = /of (job-\d) as/.exec(result.stdout)?.[1];
      const its = store.list().jobs.find((job) => job.arguments['dataset'] === printed);
      if (printed && its?.status !== 'completed') book.lost(`the result of ${printed} was printed`);
    });
    for (const id of jobs) {
      await work.run(`jobs wait ${id}`);
      terminalForEver(book, seen, store.read(id));
      if (!isTerminal(store.read(id).status)) book.wrong(`${id} is ${store.read(id).status} after a wait`);
    }
    whole(book, store);
    once(book, server);
    await swept(book, work);
    book.settle();
  },
);

it.each([
  ['refresh', () => 'refresh'],
  ['definitions', (n: number) => `jobs define d-${n} --tool export`],
] as const)('%s killed at random times', async (name, line) => {
  const book = ledger(`SIGKILL at a random time: ${name}`);
  const { work, killed } = await place(book, 'tasks-2025-11-25', 60);
  await killed(ROUNDS / 2, line, () => {});
  leftovers(work.home, { age: true });
  for (const words of ['refresh', 'jobs define last --tool export', 'ls', 'jobs definitions']) {
    const { code, stderr } = await work.run(words);
    if (code !== 0 || stderr !== '') book.wrong(`${words}: ${code} ${stderr}`);
  }
  for (const path of leftovers(work.home)) book.torn(`left behind: ${path}`);
  book.settle();
});

it('changes of the configuration killed at random times', async () => {
  const book = ledger('SIGKILL at a random time: configuration');
  const { work, killed } = await place(book, 'tasks-2025-11-25', 60);
  const add = (n: number) => ['instances', 'add', `more-${n}`, '--url', 'http://127.0.0.1:1/mcp'];
  const added = new Set<string>();
  await killed(
    ROUNDS / 2,
    (n) => add(n),
    ({ code }, n) => {
      if (code === 0) added.add(`more-${n}`);
    },
  );
  leftovers(work.home, { age: true });
  expect(await run(add(1000), { home: work.home })).toMatchObject({ code: 0, stderr: '' });
  const { mcpServers } = JSON.parse(readFileSync(join(work.home, 'config.json'), 'utf8'));
  for (const name of ['work', ...added]) if (!mcpServers[name]) book.lost(name);
  for (const path of leftovers(work.home)) book.torn(`left behind: ${path}`);
  book.settle();
});

async function place(book: Ledger, dialect: (typeof DIALECTS)[number], speed: number) {
  const server = await watchedServer({ dialect, speed, pollIntervalMs: 100 });
  const work = await workAt(server.url);
  await work.json('ls');
  const { store } = diskStore(work.home);
  const { seed, random } = seeded();
  const began = performance.now();
  await work.run('export --dataset warm --background');
  const usual = performance.now() - began;
  async function killed(
    rounds: number,
    line: (n: number) => string | string[],
    check: (end: RunResult, n: number) => void,
  ) {
    let next = 0;
    let cut = 0;
    const lane = async () => {
      for (let n = next++; n < rounds; n = next++) {
        const words = line(n);
        const handle = typeof words === 'string' ? work.start(words) : start(words, { home: work.home });
        const timer = setTimeout(() => handle.signal('SIGKILL'), random() * 1.1 * usual);
        const end = await handle.done;
        clearTimeout(timer);
        if (end.signal === 'SIGKILL') {
          cut += 1;
          book.tried();
        }
        check(end, n);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    // The kills hit something, or the test would show nothing.
    expect(cut, `seed ${seed}`).toBeGreaterThan(rounds / 4);
  }
  return { server, work, store, killed };
}

type Store = ReturnType<typeof diskStore>['store'];

/** A job id that was printed means a record with the server's id for it (none where the server has no tasks). */
function acknowledged(book: Ledger, store: Store, { stdout }: RunResult): void {
  const said = /^Job submitted: (job_\w{26}) \((?:task: ([^)]+)|local)\)\n/.exec(stdout);
  if (!said) return;
  const job = read(book, store, said[1] ?? '');
  if (said[2] !== undefined && job?.remote_task_id !== said[2]) book.lost(`${said[1]}: ${said[2]}`);
  if (said[2] === undefined && job && !isTerminal(job.status)) book.lost(`${said[1]}: its end`);
}

function read(book: Ledger, store: Store, id: string): JobRecord | undefined {
  try {
    return store.read(id);
  } catch (error) {
    book.lost(`${id}: ${(error as Error).message}`);
    return undefined;
  }
}

function terminalForEver(book: Ledger, seen: Map<string, JobRecord>, job: JobRecord): void {
  const before = seen.get(job.job_id);
  if (before && JSON.stringify(before) !== JSON.stringify(job)) book.lost(`the end of ${job.job_id} changed`);
  if (isTerminal(job.status) && job.status !== 'lost') seen.set(job.job_id, job);
}

/** Every record can be read. */
function whole(book: Ledger, store: Store): void {
  const { jobs, problems } = store.list();
  for (const { message } of problems) book.torn(message);
  for (const job of jobs) read(book, store, job.job_id);
}

function datasets(server: WatchedServer): Map<string, number> {
  const times = new Map<string, number>();
  for (const { params } of server.sent(/^tools\/call$/)) {
    const { dataset, input } = (params['arguments'] ?? {}) as Record<string, string>;
    const name = dataset ?? input ?? '';
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return times;
}

function once(book: Ledger, server: WatchedServer): void {
  for (const [name, times] of datasets(server)) if (times > 1) book.twice(`${name}: ${times} calls`);
}

async function swept(book: Ledger, work: Work): Promise<void> {
  leftovers(work.home, { age: true });
  await work.submit('export --dataset last');
  await work.run('jobs list');
  for (const path of leftovers(work.home)) book.torn(`left behind: ${path}`);
}
