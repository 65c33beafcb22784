/** `--all-instances`, and finding jobs by tool, time and name. */
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.ts';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance, dataOf } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { screen } from '../../support/screen.ts';
import { demoServer } from '../../support/servers.ts';

/** A home with two servers, `left` and `right`, and one that nobody answers at, `gone`. None is active. */
async function twoServers(speed = 50) {
  const home = freshHome();
  const [left, right] = [await demoServer({ speed }), await demoServer({ speed })];
  await addInstance(home, ['--url', left.url], 'left');
  await addInstance(home, ['--url', right.url], 'right');
  await addInstance(home, ['--url', 'http://127.0.0.1:1/mcp'], 'gone');
  const submit = async (instance: string, words: string) => {
    const made = await run([instance, ...words.split(' '), '--background', '--quiet'], { home });
    expect(made).toMatchObject({ code: 0 });
    return made.stdout.trim();
  };
  const typed = (words: string) => run(words.split(' '), { home });
  return { home, left, right, submit, typed };
}

const ids = (stdout: string) => [...stdout.matchAll(/job_\w{26}/g)].map(([id]) => id);

describe('jobs of all instances', () => {
  it('are listed newest first, with their instances; no server is asked, and none has to be named', async () => {
    const { home, left, right, submit, typed } = await twoServers();
    const a = await submit('left', 'deploy --version 1 --duration 1');
    const b = await submit('right', 'deploy --version 2 --duration 1');
    const c = await submit('left', 'batch-process --input x.csv --duration 1');
    const asked = () => [left, right].map(({ stats }) => stats.requests['tasks/get'] ?? 0);
    const before = asked();
    for (const words of ['jobs list -A', 'left jobs list --all-instances', 'jobs -q list -A']) {
      const { code, stdout, stderr } = await typed(words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(ids(stdout)).toEqual([c, b, a]);
      expect(stdout).toMatch(
        /^left {2}job_\w+ {2}batch-process {2}.*\nright {2}job_\w+ {2}deploy {2}.*\nleft {2}job_/,
      );
    }
    const listed: JobRecord[] = JSON.parse((await typed('jobs list -A --json --limit 2')).stdout);
    expect(listed.map(({ job_id, instance }) => [job_id, instance])).toEqual([
      [c, 'left'],
      [b, 'right'],
    ]);
    expect(asked()).toEqual(before);
    // One that is damaged stops none of the others.
    expect(await run(['instances', 'set', 'right', 'disabled', 'true'], { home })).toMatchObject({ code: 0 });
    expect(ids((await typed('jobs list -A')).stdout)).toEqual([c, b, a]);
  });

  it.skipIf(!ptyTool())('are listed but for those of a store that is away, which is named', async () => {
    const { home, submit } = await twoServers();
    const id = await submit('left', 'deploy --version 1 --duration 1');
    await run(['instances', 'set', 'gone', 'store', 'redis://127.0.0.1:1'], { home });
    const words = ['jobs', 'list', '-A', '--no-refresh'];
    const away = /gone: the store redis:\/\/127\.0\.0\.1:1\S* cannot be reached/g;
    const pipe = await run(words, { home });
    expect({ code: pipe.code, ids: ids(pipe.stdout) }).toEqual({ code: 0, ids: [id] });
    expect(pipe.stderr.match(away)).toHaveLength(1);
    const person = await startOnPty([...words, '--wide'], { home, columns: 160 }).done;
    const short = await startOnPty(words, { home, columns: 160 }).done;
    for (const { code, stdout } of [person, short]) {
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('deploy') });
      expect(stdout.match(away)).toHaveLength(1);
    }
  });

  it('are waited for: all that have not ended, those of a tag, and single ones wherever they are', async () => {
    const { submit, typed } = await twoServers();
    const a = await submit('left', '--tag t deploy --version 1 --duration 1');
    const b = await submit('right', '--tag t deploy --version 2 --duration 1');
    const all = await typed('jobs wait -A');
    expect(all).toMatchObject({
      code: 0,
      stdout: 'Deployed version 1 to staging\nDeployed version 2 to staging\n',
      stderr: `${a}: completed\n${b}: completed\n`,
    });
    const tagged = await typed('jobs wait -A --tag t --json');
    expect(dataOf<JobRecord[]>(tagged).map(({ job_id }) => job_id)).toEqual([a, b]);
    expect((await typed('right jobs wait --tag t')).stdout).toBe('Deployed version 2 to staging\n');
    expect((await typed(`jobs wait -A ${a.slice(-8)}`)).stdout).toBe('Deployed version 1 to staging\n');
    expect((await typed('jobs wait -A --latest')).stdout).toBe('Deployed version 2 to staging\n');
    expect(await typed('jobs wait -A')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no jobs to wait for\n',
    });
    expect(await typed('jobs wait -A nosuch')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('hint: see: mcp2cli jobs list --all-instances\n'),
    });
    expect(await typed(`left jobs wait --tag t ${a}`)).toMatchObject({ code: 2 });
    const failing = await submit('left', 'flaky-import --source x');
    const { code } = await typed('jobs wait -A');
    expect({ code, status: (await typed(`left jobs show ${failing} --exit-status`)).code }).toEqual({
      code: 1,
      status: 1,
    });
  });

  it('come back to a wait that ran out of time', async () => {
    const { submit, typed } = await twoServers(0.01);
    const a = await submit('left', 'deploy --version 1');
    const b = await submit('right', 'deploy --version 2');
    expect(await typed('jobs wait -A --timeout 300ms')).toMatchObject({
      code: 124,
      stderr: expect.stringContaining(`mcp2cli jobs wait --all-instances ${a} ${b}`),
    });
  });

  it('are watched: a line for each change in a pipe, a document with --json', async () => {
    const { submit, typed } = await twoServers();
    const a = await submit('left', 'deploy --version 1 --duration 2');
    const b = await submit('right', 'deploy --version 2 --duration 2');
    const { code, stdout } = await typed('jobs watch -A');
    expect(code).toBe(0);
    for (const [name, id] of [
      ['left', a],
      ['right', b],
    ])
      expect(stdout).toMatch(new RegExp(`^${name}  ${id}  completed`, 'm'));
    const c = await submit('left', 'deploy --version 3 --duration 1');
    const json = await typed('jobs watch -A --json');
    const last = JSON.parse(json.stdout.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ app_id: 'mcp2cli', data: { job_id: c, status: 'completed' } });
    expect(await typed('jobs watch -A')).toMatchObject({ code: 0, stderr: 'no jobs to watch\n' });
  });

  it.skipIf(!ptyTool()).each([40, 80, 120])(
    'are watched as a table on a terminal of %d columns',
    async (columns) => {
      const { home, submit, typed } = await twoServers(1);
      const made = [
        await submit('left', 'deploy --version 1 --duration 3600'),
        await submit('right', 'batch-process --input x.csv --duration 3600'),
      ];
      const terminal = startOnPty(['jobs', 'watch', '-A'], { home, columns, env: { NO_COLOR: '1' } });
      const shown = async () => screen(terminal.stdout, columns);
      await expect.poll(async () => (await shown()).lines.join('\n')).toMatch(/2 of 2 jobs run/);
      const { lines, wrapped } = await shown();
      expect(wrapped).toEqual([]);
      expect(lines.filter((line) => line !== '')).toHaveLength(4);
      for (const id of made)
        expect(lines.find((line) => line.includes(id.slice(-6)))).toMatch(/running|queued/);
      await typed(`right jobs cancel ${made[1]}`);
      await expect.poll(async () => (await shown()).lines.join('\n')).toMatch(/1 of 2 jobs run/);
      await typed(`left jobs cancel ${made[0]}`);
      const { code, stdout } = await terminal.done;
      expect(code).toBe(1);
      const end = await screen(stdout, columns);
      expect(end.wrapped).toEqual([]);
      // The table stays, once.
      expect(end.lines.filter((line) => line.includes('canceled'))).toHaveLength(2);
    },
  );

  it('are pruned by rules', async () => {
    const { submit, typed } = await twoServers();
    const a = await submit('left', 'deploy --version 1 --duration 1');
    const b = await submit('right', 'deploy --version 2 --duration 1');
    await typed('jobs wait -A');
    const would = await typed('jobs prune -A --older-than 0 --dry-run');
    expect(ids(would.stdout)).toEqual([a, b]);
    const done = await typed('jobs prune -A --older-than 0 --json');
    expect(dataOf(done)).toMatchObject({ removed: [a, b], count: 2, dry_run: false });
    expect((await typed('jobs list -A')).stdout).toBe('');
    expect(await typed(`jobs prune -A ${a}`)).toMatchObject({ code: 2 });
  });
});

it('ls -A --filter searches the caches of all instances, and says what was never read', async () => {
  const { left, typed } = await twoServers();
  for (const name of ['left', 'right']) await typed(`${name} ls`);
  const before = { ...left.stats.requests };
  const { code, stdout, stderr } = await typed('ls -A --filter count');
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'not read yet: gone; to read one: mcp2cli gone refresh\n',
  });
  expect(stdout).toMatch(/^left {2}countdown {2}Count down .*\nright {2}countdown {2}Count down .*\n$/);
  const found = dataOf<{ items: { instance: string; id: string }[]; not_read: string[] }>(
    await typed('ls --all-instances --filter COUNT --json'),
  );
  expect(found.items.map(({ instance, id }) => [instance, id])).toEqual([
    ['left', 'countdown'],
    ['right', 'countdown'],
  ]);
  expect(found.not_read).toEqual(['gone']);
  expect(left.stats.requests).toEqual(before);
});

describe('a job is found', () => {
  it('by its name, like by an id: the newest of that name', async () => {
    const { submit, typed } = await twoServers();
    const first = await submit('left', '--name nightly deploy --version 1 --duration 1');
    const second = await submit('left', 'deploy --version 2 --duration 1 --name nightly');
    await submit('left', 'deploy --version 3 --duration 1');
    expect((await typed('left jobs wait nightly')).stdout).toBe('Deployed version 2 to staging\n');
    const shown = dataOf<JobRecord>(await typed('left jobs show nightly --json'));
    expect(shown).toMatchObject({ job_id: second, name: 'nightly' });
    expect((await typed('left jobs show nightly')).stdout).toContain('\nname: nightly\n');
    expect(ids((await typed('left jobs list --name nightly')).stdout)).toEqual([second, first]);
    expect(ids((await typed('jobs list -A --name nightly')).stdout)).toEqual([second, first]);
    expect((await typed('jobs wait -A nightly')).stdout).toBe('Deployed version 2 to staging\n');
    const again = dataOf<JobRecord>(await typed('left jobs rerun nightly --json'));
    expect(again).toMatchObject({ name: 'nightly', arguments: { version: '2' } });
    expect(await typed('left --name  deploy --version 1 --background')).toMatchObject({ code: 2 });
    // A tool's own flag of that name is the tool's.
    const own = await typed('left --name mine provision --name db1 --duration 0 --background --json');
    expect(dataOf(own)).toMatchObject({ name: 'mine', arguments: { name: 'db1' } });
  });

  it('by its tool and by its age', async () => {
    const { submit, typed } = await twoServers();
    const a = await submit('left', 'deploy --version 1 --duration 1');
    const b = await submit('left', 'batch-process --input x.csv --duration 1');
    const list = async (flags: string) => ids((await typed(`left jobs list ${flags}`)).stdout);
    expect(await list('--tool deploy')).toEqual([a]);
    expect(await list('--tool deploy --tool batch-process')).toEqual([b, a]);
    expect(await list('--since 1h')).toEqual([b, a]);
    expect(await list('--since 2999-01-01')).toEqual([]);
    expect(await list('--since 2020-01-01T00:00:00Z --tool nope')).toEqual([]);
    expect(await typed('left jobs list --since yesterday')).toMatchObject({ code: 2 });
  });
});
