/** Instances whose server is job files: how they are added, shown, checked and refused. Nothing is started here. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { dataOf } from '../../support/instance.ts';

const configOf = (home: string) => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers;

function homeWithJobs(): { home: string; jobs: string } {
  const home = freshHome();
  const jobs = join(home, 'jobs');
  mkdirSync(jobs);
  return { home, jobs };
}

it('adds a folder by its absolute path, and shows it', async () => {
  const { home, jobs } = homeWithJobs();
  const added = await run(['instances', 'add', 'etl', '--jobs', './jobs', '--env', 'A=b'], { home });
  expect(added).toMatchObject({ code: 0, stdout: `Added etl: job files in ${jobs}\n` });
  expect(configOf(home)).toEqual({ etl: { jobs, env: { A: 'b' } } });
  const listed = await run(['instances', 'list'], { home });
  expect(listed.stdout).toBe(`  etl  job files in ${jobs}\n`);
  const shown = await run(['instances', 'show', 'etl'], { home });
  expect(shown.stdout).toContain(`transport: stdio\njob files: ${jobs}\n`);
  expect(dataOf(await run(['--json', 'instances', 'show', 'etl'], { home }))).toMatchObject({ jobs });
});

it('says what is wrong with the path, or with what stands beside it', async () => {
  const { home, jobs } = homeWithJobs();
  for (const [words, message] of [
    [['--jobs', './none'], `no such file or folder of jobs: ${join(home, 'none')}`],
    [['--jobs', 'jobs', '--url', 'http://x'], '--jobs and --url cannot be used together'],
    [['--jobs', 'jobs', '--', 'npx'], 'no server may follow: npx'],
  ] as const) {
    const refused = await run(['instances', 'add', 'etl', ...words], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  }
  const adHoc = await run(['--jobs', 'none', 'ls'], { home });
  expect(adHoc).toMatchObject({ code: 2, stdout: '' });
  expect(adHoc.stderr).toContain(`no such file or folder of jobs: ${join(home, 'none')}`);
  const both = await run(['--jobs', 'jobs', '--stdio', 'x', 'ls'], { home });
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be used together') });

  await run(['instances', 'add', 'etl', '--jobs', 'jobs'], { home });
  rmSync(jobs, { recursive: true });
  const gone = await run(['etl', 'ls'], { home });
  expect(gone).toMatchObject({ code: 2, stdout: '' });
  expect(gone.stderr).toContain(`cannot start etl: no such file or folder of jobs: ${jobs}`);
  const doctor = await run(['--json', 'doctor', 'etl', '--offline'], { home });
  expect(dataOf(doctor)).toMatchObject({
    checks: expect.arrayContaining([expect.objectContaining({ check: 'jobs', status: 'problem' })]),
  });
});

it('takes it from a file, where a relative path is meant from the file', async () => {
  const { home, jobs } = homeWithJobs();
  const file = join(home, 'servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { etl: { jobs: './jobs' } } }));
  const listed = await run(['--config', file, 'instances', 'list'], { home, cwd: '/' });
  expect(listed.stdout).toContain(`etl  job files in ${jobs}\n`);

  writeFileSync(join(home, 'config.json'), JSON.stringify({ mcpServers: { etl: { jobs: './jobs' } } }));
  const relative = await run(['etl', 'ls'], { home });
  expect(relative).toMatchObject({ code: 78, stdout: '' });
  expect(relative.stderr).toContain('instance etl: jobs must be an absolute path, not "./jobs"');
});
