/** An instance of job files, as a person has it: what is wrong with a file is told, and what has changed is seen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { atTestEnd, run } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { dataOf } from '../../support/instance.ts';

const greet = (name: string, hello = 'Hello') => `import { job, z } from 'mcp2cli/jobs';
export default job({ name: '${name}', inputSchema: { name: z.string() }, outputSchema: { message: z.string() } })(
  (input) => ({ message: \`${hello} \${input.name}\` }));
`;

test('ls, --help and doctor tell what is wrong with a file; a change reaches the next list and the next run', async () => {
  const home = freshHome();
  const jobs = freshDir('jobs');
  writeFileSync(join(jobs, 'greet.job.ts'), greet('greet'));
  writeFileSync(join(jobs, 'bad.job.ts'), 'const name: string =\n  ;\n');
  expect(await run(['instances', 'add', 'etl', '--jobs', jobs], { home })).toMatchObject({ code: 0 });
  const etl = (...words: string[]) => run(['etl', ...words], { home });
  atTestEnd(async () => {
    await run(['keeper', 'stop', 'etl', '--force'], { home });
  });

  const warning = 'warning: bad.job.ts:2: Unexpected token\n';
  // From the host, and from the cache.
  for (let i = 0; i < 2; i++)
    expect(await etl('ls')).toEqual({ code: 0, signal: null, stdout: 'greet\n', stderr: warning });
  expect(dataOf(await etl('ls', '--json'))).toMatchObject({
    left_out: [{ name: 'bad.job.ts:2', reason: 'Unexpected token', file: join(jobs, 'bad.job.ts') }],
  });
  expect(await etl('--help')).toMatchObject({ code: 0, stderr: warning });
  const doctor = await run(['doctor', 'etl'], { home });
  expect(doctor.stdout).toMatch(
    /job files: 1 job, 0 workflows[\s\S]*job files: bad\.job\.ts:2: Unexpected token/,
  );
  expect(await etl('greet', '--name', 'Ada')).toMatchObject({ code: 0, stdout: '{"message":"Hello Ada"}\n' });

  writeFileSync(join(jobs, 'bad.job.ts'), greet('mended'));
  writeFileSync(join(jobs, 'greet.job.ts'), greet('greet', 'Good morning'));
  expect(await etl('ls')).toMatchObject({ stdout: 'greet\nmended\n', stderr: '' });
  expect(await etl('greet', '--name', 'Ada')).toMatchObject({
    stdout: '{"message":"Good morning Ada"}\n',
  });
});

test('whoever types a workflow that was left out is told why, as is ls of each of two in one line', async () => {
  const home = freshHome();
  const jobs = freshDir('jobs');
  const lacks = (name: string) => `workflow({ name: '${name}', steps: [{ id: 'x', jobName: 'nobody' }] });`;
  writeFileSync(
    join(jobs, 'w.workflow.mjs'),
    `import { workflow } from 'mcp2cli/jobs';\n${lacks('one')} ${lacks('two')}\n`,
  );
  const cli = (...words: string[]) => run(['--jobs', jobs, ...words], { home });
  const why = (name: string) =>
    `the step "x" of the workflow "${name}" runs "nobody", and there is no such job here`;
  expect(await cli('ls')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`warning: w.workflow.mjs:2: ${why('one')}; ${why('two')}\n`),
  });
  expect(await cli('two')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`two was left out: w.workflow.mjs:2: ${why('one')}; ${why('two')}`),
  });
});
