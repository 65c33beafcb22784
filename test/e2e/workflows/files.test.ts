/** Workflows of job files: what is on record of them before and after their host has begun, and going on with them. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf } from '../../support/instance.ts';
import { keeperHome } from '../../support/keeper.ts';

/** Files whose workflow `steps` runs `count` once a step, and what it has run. */
async function place() {
  const dir = freshDir('step-files');
  const calls = join(freshDir('calls'), 'calls');
  const deadly = join(freshDir('deadly'), 'now');
  const write = (steps: string) =>
    writeFileSync(
      join(dir, 'steps.workflow.mjs'),
      `import { appendFileSync, existsSync } from 'node:fs';
import { job, workflow, z } from 'mcp2cli/jobs';
/** The input is checked before anything of a run is done: the host ends in that moment, once, if it is to. */
const whole = () => {
  if (existsSync(${JSON.stringify(deadly)})) process.kill(process.pid, 'SIGKILL');
  return true;
};
export const count = job({ name: 'count', inputSchema: { id: z.string(), fails: z.string().optional() }, outputSchema: {} })(
  async ({ id, fails }) => {
    appendFileSync(${JSON.stringify(calls)}, id + '\\n');
    if (fails && existsSync(fails)) throw new Error('not yet');
    return {};
  });
export default workflow({
  name: 'steps', inputSchema: { n: z.string().default('').refine(whole) }, steps: [${steps}],
});
`,
    );
  write('');
  const home = await keeperHome(['--jobs', dir]);
  return {
    dir,
    deadly,
    write,
    work: (...words: string[]) => run(['work', ...words], { home }),
    called: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
  };
}

const step = (id: string, dependsOn: readonly string[] = [], fails = '') =>
  `{ id: '${id}', jobName: 'count', dependsOn: ${JSON.stringify(dependsOn)}, input: { id: '${id}'${fails && `, fails: ${JSON.stringify(fails)}`} } },`;

it('has its steps on record before its host has begun it: killed in that moment, it is resumed', async () => {
  const { deadly, write, work, called } = await place();
  write(step('a') + step('b', ['a']));
  writeFileSync(deadly, '');
  await work('steps', '--background');
  // The answer to its submission may have come before.
  expect(await work('jobs', 'wait', '--latest')).toMatchObject({ code: 1 });
  rmSync(deadly);
  const killed = dataOf(await work('--json', 'jobs', 'show', '--latest'));
  expect(killed).toMatchObject({ status: 'lost', steps: [{ state: 'pending' }, { state: 'pending' }] });
  expect(called()).toEqual([]);
  expect(await work('jobs', 'resume', '--latest')).toMatchObject({
    code: 0,
    stdout: `Job resumed: ${killed['job_id']} (0 of 2 steps have completed)\n`,
  });
  expect(await work('jobs', 'wait', '--latest')).toMatchObject({ code: 0 });
  expect(called()).toEqual(['a', 'b']);
});

it('that was changed since is resumed as it is now, and shown so: what has completed is not run again', async () => {
  const { dir, write, work, called } = await place();
  const gate = join(dir, 'gate');
  writeFileSync(gate, '');
  write(step('a') + step('b', ['a'], gate));
  expect(await work('steps')).toMatchObject({ code: 1 });
  write(step('new') + step('a', ['new']) + step('b', ['a'], gate));
  for (const round of [1, 2]) {
    expect(await work('jobs', 'resume', '--latest'), `round ${round}`).toMatchObject({ code: 0 });
    expect(await work('jobs', 'wait', '--latest')).toMatchObject({ code: 1 });
  }
  expect(dataOf(await work('--json', 'jobs', 'show', '--latest'))).toMatchObject({
    steps: [{ id: 'new', state: 'completed' }, { state: 'completed' }, { id: 'b', state: 'failed' }],
  });
  expect(called()).toEqual(['a', 'b', 'new', 'b', 'b']);
});
