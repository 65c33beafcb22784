/** `--jq`: JSON output through jq, of the built program. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { homeAt } from '../../support/instance.ts';
import { demoServer } from '../../support/servers.ts';

it('filters every kind of JSON output, and keeps its numbers', async () => {
  const { url, stats } = await demoServer({ speed: 50 });
  const home = await homeAt(url);
  const jq = (...words: string[]) => run(['work', ...words], { home });
  expect(await jq('ls', '--jq', '.data.items[].id')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^deploy$/m),
    stderr: '',
  });
  expect(await jq('--jq', '.data.content[0].text', 'echo', '--message', 'hi')).toMatchObject({
    stdout: 'hi\n',
  });
  const made = await jq('deploy', '--version', '2', '--duration', '1', '--background', '--jq=.data.job_id');
  expect(made.stdout).toMatch(/^job_\w{26}\n$/);
  expect((await jq('jobs', 'list', '--jq', '.[] | [.job_id, .arguments.version]')).stdout).toBe(
    `["${made.stdout.trim()}","2"]\n`,
  );
  expect((await jq('jobs', 'wait', '--latest', '--jq', '.data.result.content[0].text')).stdout).toBe(
    'Deployed version 2 to staging\n',
  );
  expect((await jq('echo', '--message', 'x', '--jq', '725653563933458432, empty')).stdout).toBe(
    '725653563933458432\n',
  );
  expect(await jq('echo', '--message', 'x', '--jq', 'empty')).toMatchObject({ code: 0, stdout: '' });
  const calls = { ...stats.calls };
  // What jq does not understand is told before anything is done.
  expect(await jq('echo', '--message', 'x', '--jq', '.data |')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/"code":"jq","message":"--jq: syntax error/),
  });
  expect(stats.calls).toEqual(calls);
  expect(await jq('echo', '--message', 'x', '--jq', '.app_id.b')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('Cannot index string'),
  });
  expect(await jq('ls', '--jq', '--help')).toMatchObject({ code: 2, stdout: '' });
  expect(await jq('ls', '-o', 'human', '--jq', '.')).toMatchObject({ code: 2 });
});

it('is no part of what other commands load', () => {
  for (const file of ['run.cjs', 'main.cjs', 'call.cjs', 'jobs.cjs'])
    expect(readFileSync(new URL(`../../../dist/${file}`, import.meta.url), 'utf8')).not.toContain('jq.wasm');
});
