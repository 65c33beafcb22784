/** Texts of many megabytes at every place where a server may say something: nothing of it is stored but a beginning, and results stay whole. */
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { giantPlaces } from '../../support/giants.ts';
import { hostileServer } from '../../support/hostile.ts';
import { dataOf, homeAt, submitted } from '../../support/instance.ts';

const MIB = 1024 * 1024;
const GIANT = 'ä'.repeat(2 * MIB);
const PLACES = giantPlaces(GIANT);
/** Of each file but a result. */
const MOST_STORED = 300 * 1024;

/** Every file below the home that is larger than it should be. */
function largeFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return largeFiles(path);
    const { size } = statSync(path);
    return size > MOST_STORED && !entry.name.startsWith('result.') ? [`${path}: ${size}`] : [];
  });
}

it.each(PLACES)('%s of megabytes is stored in part', async (_, prepare, status) => {
  const server = await hostileServer();
  prepare(server);
  const home = await homeAt(server.url);
  const sent = await run(['work', 'work', '--n', '1', '--background'], { home });
  expect(sent.stderr.slice(0, 2_000)).not.toMatch(/^error: (?!ä|no)/);
  const waited = await run(['work', '--json', 'jobs', 'wait', '--latest'], { home });
  expect(waited.stderr.slice(0, 2_000)).not.toContain('"error"');
  const record = dataOf<{ status: string; result?: unknown; error?: { message: string } }>(waited);
  expect(record.status, record.error?.message).toBe(status);
  // What the tool gave back is whole.
  if (record.result !== undefined && server.count('tasks/result') > 0)
    expect(record.result).toEqual(server.callResult);
  expect(largeFiles(home)).toEqual([]);
  const listed = await run(['work', '--json', 'jobs', 'list'], { home });
  expect(JSON.parse(listed.stdout)).toHaveLength(1);
  expect(listed.stdout.length).toBeLessThan(MOST_STORED);
});

it('a cut message says so', async () => {
  const server = await hostileServer();
  Object.assign(server.task, { statusMessage: `begins ${GIANT}` });
  const home = await homeAt(server.url);
  const id = await submitted(home, ['work', 'work', '--n', '1']);
  const shown = await run(['work', '--json', 'jobs', 'show', id], { home });
  const { remote } = dataOf<{ remote: { statusMessage: string; taskId: string } }>(shown);
  expect(remote.statusMessage).toMatch(/^begins ä{4089}\.\.\. \(2093063 more characters\)$/);
  expect(remote).toMatchObject({ taskId: server.task['taskId'] });
});

it('records of an earlier version with all that a server said are listed, shown and removed', async () => {
  const server = await hostileServer();
  const home = await homeAt(server.url);
  const id = await submitted(home, ['work', 'work', '--n', '1']);
  Object.assign(server.task, { status: 'completed' });
  await run(['work', 'jobs', 'wait', id], { home });
  const jobs = join(home, 'instances', 'work', 'jobs');
  const end = JSON.parse(readFileSync(join(jobs, id, 'end.json'), 'utf8'));
  // `"\ud83d` at every place where it may be cut.
  const giant = `${'"\\n😀'.repeat(2_000)}${'x'.repeat(10 * MIB)}`;
  for (let i = 0; i < 10; i++) {
    const copy = id.replace(/.$/, `${i}`);
    if (copy === id) continue;
    cpSync(join(jobs, id), join(jobs, copy), { recursive: true });
    const record = {
      ...end,
      job_id: copy,
      remote: { ...end.remote, statusMessage: giant.slice(i), more: [{ a: 1 }] },
    };
    for (const file of ['job.json', 'end.json'])
      writeFileSync(join(jobs, copy, file), JSON.stringify(record));
  }
  const many = readdirSync(jobs).filter((name) => name.startsWith('job_')).length;
  expect(many).toBeGreaterThan(9);
  // As a process of less memory than these records take.
  const env = { NODE_OPTIONS: '--max-old-space-size=60' };
  const listed = await run(['work', '--json', 'jobs', 'list'], { home, env });
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  const records = JSON.parse(listed.stdout) as {
    job_id: string;
    status: string;
    remote: Record<string, unknown>;
  }[];
  expect(records).toHaveLength(many);
  for (const record of records.filter(({ job_id }) => job_id !== id)) {
    expect(record).toMatchObject({
      status: 'completed',
      remote: { taskId: server.task['taskId'], more: [{ a: 1 }] },
    });
    expect(record.remote['statusMessage']).toMatch(/\.\.\. \(\d{7,} more bytes\)$/);
    expect(record.remote['statusMessage']).not.toMatch(/\ufffd|[\ud800-\udbff](?![\udc00-\udfff])/);
  }
  const lines = await run(['work', 'jobs', 'list'], { home, env });
  expect(lines.stdout.trim().split('\n')).toHaveLength(many);
  const pruned = await run(['work', '--json', 'jobs', 'prune', '--older-than', '0'], {
    home,
    env,
  });
  expect(dataOf(pruned)).toMatchObject({ count: many });
  expect(readdirSync(jobs).filter((name) => name.startsWith('job_'))).toEqual([]);
});

it('lists of any length are one JSON array, on a slow reader too', async () => {
  const server = await hostileServer();
  const home = await homeAt(server.url);
  for (let i = 0; i < 3; i++)
    await submitted(home, ['work', 'work', '--args', JSON.stringify({ n: 'y'.repeat(90_000) })]);
  const listed = await run(['work', '--json', 'jobs', 'list'], { home });
  expect(JSON.parse(listed.stdout)).toHaveLength(3);
  expect(listed.stdout).toBe(`${JSON.stringify(JSON.parse(listed.stdout))}\n`);
  const cut = start(['work', '--json', 'jobs', 'list'], { home });
  cut.closeStdout();
  expect((await cut.done).code).toBe(0);
});
