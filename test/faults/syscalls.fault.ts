/**
 * Every system call on the data root in a job's life (create, accept, observe, end), once the last thing that a process does and once
 * refused by the disk. Through the real program, by `strace -e inject`.
 */
import { cpSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { freshDir } from '../support/home.ts';
import { type Hostile, hostileServer } from '../support/hostile.ts';
import { type Ledger, ledger } from '../support/ledger.ts';
import { diskStore } from '../support/store-fixtures.ts';
import { type Call, canTrace, type Point, type Traced, traced } from '../support/strace.ts';
import { type Work, workAt } from '../support/work.ts';

const LANES = 2;

/** What a disk can say to each call. */
const REFUSALS: Record<Call, readonly string[]> = {
  openat: ['EMFILE', 'ENOSPC', 'EIO'],
  write: ['ENOSPC', 'EIO'],
  pwrite64: ['ENOSPC', 'EIO'],
  fsync: ['EIO', 'ENOSPC'],
  rename: ['ENOSPC', 'EIO'],
  link: ['ENOSPC', 'EIO'],
  mkdir: ['ENOSPC', 'EIO'],
  unlink: ['EIO'],
  rmdir: ['EIO'],
};

const LARGE = { content: [{ type: 'text', text: 'large '.repeat(10_000) }] };

interface Scene {
  server: Hostile;
  /** A home before the step, to be copied. */
  work: Work;
  /** The line of the n-th try. */
  line(n: number): string[];
  /** The job of a step on one that is there. */
  id?: string;
}

const SCENES: Record<string, () => Promise<Scene>> = {
  async 'create and accept'() {
    const { server, work } = await place();
    return { server, work, line: (n) => ['work', 'work', '--n', `${n}`, '--background'] };
  },
  async 'observe and end'() {
    const { server, work } = await place();
    const id = await work.submit('work --n first');
    // Seen to run once more, and to have ended with the next look.
    let looks = 0;
    server.on('tasks/get', ({ result }) => {
      looks += 1;
      result({ ...server.task, status: looks % 2 === 0 ? 'completed' : 'working' });
    });
    server.on('tasks/result', () => {});
    server.on('tasks/result', ({ result }) => result(LARGE));
    return { server, work, id, line: () => ['work', 'jobs', 'wait', id] };
  },
  async 'a local job from beginning to end'() {
    const { server, work } = await place();
    server.tools = server.tools.map((tool) => ({
      ...(tool as object),
      execution: { taskSupport: 'forbidden' },
    }));
    await work.run('refresh');
    server.callResult = LARGE;
    return { server, work, line: (n) => ['work', 'work', '--n', `${n}`, '--background'] };
  },
  async 'a cancellation'() {
    const { server, work } = await place();
    const id = await work.submit('work --n first');
    return { server, work, id, line: () => ['work', 'jobs', 'cancel', id] };
  },
};

async function place() {
  const server = await hostileServer();
  const work = await workAt(server.url);
  await work.run('ls');
  return { server, work };
}

const skipped = !canTrace();

for (const [step, prepare] of Object.entries(SCENES)) {
  it.skipIf(skipped)(`SIGKILL at every system call of ${step}`, async () => {
    const book = ledger(`SIGKILL at a system call: ${step}`);
    const scene = await prepare();
    const points = (await pointsOf(scene)).filter(({ call }) => call !== 'unlink' && call !== 'rmdir');
    await each(
      points.map((point) => ({ point, fault: 'signal=SIGKILL' })),
      scene,
      (end, home, n) => {
        if (end.hit.length === 0) return;
        book.tried();
        checked(book, scene, end, home, n);
      },
    );
    scene.server.audit(book);
    book.settle();
  });

  it.skipIf(skipped)(`a refusal of every system call of ${step}`, async () => {
    const book = ledger(`a refused system call: ${step}`);
    const scene = await prepare();
    const points = await pointsOf(scene);
    const faults = points.flatMap((point) =>
      REFUSALS[point.call].map((errno) => ({ point, fault: `error=${errno}` })),
    );
    await each(faults, scene, (end, home, n) => {
      const [hit] = end.hit;
      if (!hit?.line.includes(home)) return;
      book.tried();
      const what = `${hit.line} -> ${end.code}, ${end.stderr || 'no word'}`;
      if (end.code !== 0 && end.code !== 74) book.wrong(what);
      if (end.code === 74 && !/^error: .*\//m.test(end.stderr)) book.wrong(`no path: ${what}`);
      // The answer is not lost with the record.
      const sent = scene.server.calls.has(JSON.stringify({ n: `${n}` }));
      if (end.code === 74 && sent && !`${end.stdout}${end.stderr}`.includes('job_')) book.lost(what);
      checked(book, scene, end, home, n);
    });
    scene.server.audit(book);
    book.settle();
  });
}

/** The system calls of the step that are about the home. */
async function pointsOf(scene: Scene): Promise<Point[]> {
  const home = copied(scene.work);
  const end = await traced(scene.line(-1), home);
  expect(end).toMatchObject({ code: 0 });
  const points = end.points.filter(({ line }) => line.includes(home));
  expect(points.length).toBeGreaterThan(5);
  return points;
}

function copied(work: Work): string {
  const home = freshDir('copy');
  cpSync(work.home, home, { recursive: true });
  return home;
}

async function each(
  faults: { point: Point; fault: string }[],
  scene: Scene,
  check: (end: Traced, home: string, n: number) => void,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < faults.length; n = next++) {
      const home = copied(scene.work);
      check(await traced(scene.line(n), home, faults[n]), home, n);
      rmSync(home, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** What was said is on disk, what is on disk is whole, and what was sent is on record. */
function checked(book: Ledger, scene: Scene, end: Traced, home: string, n: number): void {
  const { store } = diskStore(home);
  const { jobs, problems } = store.list();
  const at = end.hit[0]?.line ?? '';
  for (const { message } of problems) book.torn(`${message} after ${at}`);
  for (const job of jobs) {
    try {
      const whole = store.read(job.job_id);
      if (whole.status === 'completed' && whole.result === undefined) book.torn(`no result after ${at}`);
    } catch (error) {
      book.torn(`${(error as Error).message} after ${at}`);
    }
  }
  const said = /^Job submitted: (job_\w{26}) \((?:task: ([^)]+)|local)\)\n/.exec(end.stdout);
  const record = jobs.find(({ job_id }) => job_id === said?.[1]);
  if (said && !record && end.code !== 74) book.lost(`${said[1]} after ${at}`);
  if (said?.[2] && record?.remote_task_id !== said[2]) book.lost(`${said[1]}: ${said[2]} after ${at}`);
  if (
    scene.server.calls.has(JSON.stringify({ n: `${n}` })) &&
    !jobs.some((job) => job.arguments['n'] === `${n}`)
  )
    book.lost(`${n} was sent and has no record after ${at}`);
  if (!scene.id) return;
  const job = jobs.find(({ job_id }) => job_id === scene.id);
  if (job?.remote_task_id == null) book.lost(`the job, or its task, after ${at}`);
  if (end.code === 0 && job && job.status !== 'completed' && job.status !== 'canceled')
    book.lost(`code 0, and ${job.status} on disk, after ${at}`);
  if (end.stdout.startsWith('large') && end.code !== 74 && job?.status !== 'completed')
    book.lost(`the result that was printed, after ${at}`);
}
