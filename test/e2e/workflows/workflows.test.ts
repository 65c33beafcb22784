/** Workflows as documents: defined, run in the foreground and in the background, killed, resumed. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { keeperHome, theKeeper } from '../../support/keeper.ts';

const SERVER = fileURLToPath(new URL('../../support/steps-stdio.js', import.meta.url));

const PIPELINE = `
name: pipeline
description: Counts
labels: { team: data }
inputSchema:
  type: object
  properties: { by: { type: integer } }
  required: [by]
steps:
  - id: first
    tool: count
    input: '{n: 1, by: .input.by}'
  - id: second
    tool: count
    dependsOn: [first]
    input: '{n: .steps.first.outputs.sum, by: .input.by}'
  - id: skipped
    tool: count
    dependsOn: [first]
    condition: .steps.first.outputs.sum > 1000
    input: {n: 0, by: 0}
  - id: last
    tool: count
    dependsOn: [second, skipped]
    input: '{n: .steps.second.outputs.sum, by: (.steps.skipped.state | length)}'
`;

async function place() {
  const dir = freshDir('steps');
  const calls = join(dir, 'calls');
  const home = await keeperHome([
    ...['--env', `STEPS_CALLS=${calls}`, '--env', `STEPS_GATE=${join(dir, 'gate')}`],
    ...['--', process.execPath, SERVER],
  ]);
  const work = (...words: string[]) => run(['work', ...words], { home });
  return {
    home,
    dir,
    work,
    /** What the server was asked to do, as the ids that the steps gave it. */
    called: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    openGate: () => appendFileSync(join(dir, 'gate'), 'open'),
    async define(text: string, file = 'pipeline.yaml') {
      writeFileSync(join(dir, file), text);
      return work('jobs', 'define', join(dir, file));
    },
  };
}

/** Three steps, of which the second waits at the server until the gate is open. */
const GATED = JSON.stringify({
  name: 'gated',
  steps: [
    { id: 'a', tool: 'count', input: { n: 1, by: 1, id: 'a' } },
    { id: 'b', tool: 'gate', dependsOn: ['a'], input: '{id: "b", sum: .steps.a.outputs.sum}' },
    { id: 'c', tool: 'count', dependsOn: ['b'], input: { n: 2, by: 2, id: 'c' } },
  ],
});

describe('a workflow of a document', () => {
  it('of one step is told as one', async () => {
    const { define } = await place();
    const one = JSON.stringify({ name: 'one', steps: [{ id: 'a', tool: 'count' }] });
    expect(await define(one)).toMatchObject({ code: 0, stdout: 'defined one (workflow, 1 step)\n' });
  });

  it('is an entry of the instance, and each step gets what those before it made', async () => {
    const { work, define, called } = await place();
    expect(await define(PIPELINE)).toMatchObject({
      code: 0,
      stdout: 'defined pipeline (workflow, 4 steps)\n',
    });
    expect((await work('ls', '--kind', 'workflow')).stdout).toContain('pipeline');
    expect((await work('ls', '--label', 'team=data')).stdout).toContain('pipeline');
    expect((await work('pipeline', '--help')).stdout).toContain('--by <integer>');
    const { code, stdout, stderr } = await work('pipeline', '--by', '10', '--json');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^progress: .*4\/4.*\n$/m);
    expect(JSON.parse(stdout).data.structuredContent).toEqual({
      workflowName: 'pipeline',
      state: 'completed',
      stepResults: {
        first: { state: 'completed', outputs: { sum: 11 } },
        second: { state: 'completed', outputs: { sum: 21 } },
        skipped: { state: 'skipped' },
        last: { state: 'completed', outputs: { sum: 28 } },
      },
    });
    expect(called()).toHaveLength(3);
    const shown = await work('jobs', 'show', '--latest');
    expect(shown.stdout).toMatch(
      /\nsteps:\n {2}\+ first +completed .*\n {2}\+ {3}second .*\n {2}- {3}skipped +skipped/,
    );
    const [job] = JSON.parse((await work('jobs', 'list', '--json')).stdout);
    expect(job).toMatchObject({ kind: 'workflow', progress: { progress: 4, total: 4 } });
    expect(job).not.toHaveProperty('steps');
    expect(await work('pipeline', '--by', 'x')).toMatchObject({ code: 2 });
    // Its document can be taken elsewhere; the definitions' has nothing of it, and says so.
    const { stdout: exported } = await work('jobs', 'export', 'pipeline');
    const all = await work('jobs', 'export');
    expect(JSON.parse(all.stdout)).toMatchObject({ definitions: [] });
    expect(all.stderr).toContain('the workflow pipeline is a document of its own: ');
    expect(await work('jobs', 'undefine', 'pipeline')).toMatchObject({ code: 0 });
    expect(await work('pipeline', '--by', '1')).toMatchObject({ code: 2 });
    expect(await define(exported)).toMatchObject({ code: 0 });
    expect(await work('pipeline', '--by', '1')).toMatchObject({ code: 0 });
  });

  it('fails with a step that may not, says which, and is resumed without what has completed', async () => {
    const { work, define, called, openGate } = await place();
    await define(
      JSON.stringify({
        name: 'flaky',
        steps: [
          { id: 'a', tool: 'count', input: { n: 1, by: 1, id: 'a' } },
          {
            id: 'b',
            tool: 'needs-gate',
            dependsOn: ['a'],
            input: { id: 'b' },
            retry: { maxAttempts: 2, backoffMs: 1 },
          },
          { id: 'c', tool: 'count', dependsOn: ['b'], input: { n: 1, by: 1, id: 'c' } },
          { id: 'd', tool: 'needs-gate', continueOnError: true, input: { id: 'd' } },
          {
            id: 'e',
            tool: 'count',
            dependsOn: ['d'],
            input: '{n: 1, by: (.steps.d.error.code | length), id: "e"}',
          },
        ],
      }),
      'flaky.json',
    );
    const failed = await work('flaky');
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: flaky failed: step b failed: the gate is shut'),
      stdout: expect.stringContaining('├─ c: skipped'),
    });
    expect(called().sort()).toEqual(['a', 'b', 'b', 'd', 'e']);
    openGate();
    const resumed = await work('jobs', 'resume', '--latest');
    expect(resumed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Job resumed: job_\w+ \(2 of 5 steps/),
    });
    expect(await work('jobs', 'wait', '--latest')).toMatchObject({ code: 0 });
    // What a completed step was built on stays as it was.
    expect(called().sort()).toEqual(['a', 'b', 'b', 'b', 'c', 'd', 'e']);
    expect(await work('jobs', 'resume', '--latest')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has completed: there is nothing to resume'),
    });
    expect(JSON.parse((await work('jobs', 'list', '--json')).stdout)).toHaveLength(1);
  });

  it('goes on after kill -9 of the keeper, with the step that was under way', async () => {
    const { home, work, define, called, openGate } = await place();
    await define(GATED, 'gated.json');
    const id = (await work('gated', '--background', '--quiet')).stdout.trim();
    const waiter = start(['work', 'jobs', 'wait', id], { home });
    await expect.poll(called).toEqual(['a', 'b']);
    expect(await work('jobs', 'resume', id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is running'),
    });
    process.kill((await theKeeper(home)).pid as number, 'SIGKILL');
    expect(await waiter.done).toMatchObject({ code: 1, stderr: expect.stringContaining('gated is lost') });
    const lost = dataOf<{ steps: object[] }>(await work('jobs', 'show', id, '--json'));
    expect(lost).toMatchObject({
      status: 'lost',
      steps: [{ state: 'completed' }, { state: 'lost' }, { state: 'pending' }],
    });
    openGate();
    // Of two at once one wins.
    const both = await Promise.all([work('jobs', 'resume', id), work('jobs', 'resume', id)]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
    expect(await work('jobs', 'wait', id)).toMatchObject({ code: 0 });
    expect(called()).toEqual(['a', 'b', 'b', 'c']);
    expect(dataOf(await work('jobs', 'show', id, '--json'))).toMatchObject({
      status: 'completed',
      resumed: 1,
      result: { structuredContent: { stepResults: { b: { state: 'completed', outputs: { sum: 2 } } } } },
    });
  });

  it('is canceled from elsewhere, and by ^C in the foreground, which says how to go on', async () => {
    const { home, work, define, called } = await place();
    await define(GATED, 'gated.json');
    const id = (await work('gated', '--background', '--quiet')).stdout.trim();
    await expect.poll(called).toEqual(['a', 'b']);
    expect(await work('jobs', 'cancel', id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled/),
    });
    const foreground = start(['work', 'gated'], { home });
    await expect.poll(called).toEqual(['a', 'b', 'a', 'b']);
    foreground.signal('SIGINT');
    expect(await foreground.done).toMatchObject({ code: 130 });
    expect(dataOf(await work('jobs', 'show', '--latest', '--json'))).toMatchObject({
      status: 'canceled',
      steps: [{ state: 'completed' }, { state: 'canceled' }, { state: 'pending' }],
    });
  });

  it('is canceled in the middle of an expression that has no end, and its keeper goes on meanwhile', async () => {
    const { work, define } = await place();
    const steps = [{ id: 'endless', tool: 'count', condition: 'def f: f; f' }];
    await define(JSON.stringify({ name: 'endless', steps }), 'endless.json');
    const id = (await work('endless', '--background', '--quiet')).stdout.trim();
    expect(await work('count', '--n', '1', '--by', '1')).toMatchObject({ code: 0 });
    expect(await work('jobs', 'cancel', id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled/),
    });
  });

  it('tells what changes, a line a step, and the same as JSON', async () => {
    const { home, work, define, openGate, called } = await place();
    await define(GATED, 'gated.json');
    const id = (await work('gated', '--background', '--quiet')).stdout.trim();
    await expect.poll(called).toEqual(['a', 'b']);
    const watcher = start(['work', 'jobs', 'watch', id], { home });
    await watcher.waitForStdout(/step b {2}running/);
    openGate();
    expect(await watcher.done).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/step c {2}completed|gated: completed/),
    });
  });
});

describe('what is wrong with a document', () => {
  it.each([
    [
      'a circle',
      'pipeline.yaml',
      'name: x\nsteps:\n  - {id: a, tool: count, dependsOn: [b]}\n  - {id: b, tool: count, dependsOn: [a]}\n',
      ':3: steps wait for each other in a circle: a -> b -> a',
    ],
    [
      'a step that is none',
      'x.yml',
      'name: x\nsteps:\n  - id: a\n    tool: count\n    dependsOn: [zz]\n',
      ':3: a depends on "zz", which is no step',
    ],
    [
      'a doubled id',
      'x.json',
      '{"name":"x","steps":[\n{"id":"a","tool":"count"},\n{"id":"a","tool":"count"}]}',
      ':3: two steps have the id "a"',
    ],
    [
      'a typo',
      'x.yaml',
      'name: x\nsteps:\n  - id: a\n    tool: count\n    dependOn: []\n',
      ':5: step a: there is no field "dependOn": did you mean dependsOn?',
    ],
    [
      'jq that is none',
      'x.yaml',
      'name: x\nsteps:\n  - id: a\n    tool: count\n    input: "{n: ."\n',
      ':5: step a: input is no jq expression',
    ],
    [
      'a bare number for a time',
      'x.yaml',
      'name: x\ntimeout: 30\nsteps:\n  - {id: a, tool: count}\n',
      ':2: timeout must be a duration with its unit',
    ],
    [
      'a tool that is not there',
      'x.yaml',
      'name: x\nsteps:\n  - id: a\n    tool: cuont\n',
      ':4: step a: there is no tool "cuont" (did you mean count?)',
    ],
    [
      'the name of a tool',
      'x.yaml',
      'name: count\nsteps:\n  - {id: a, tool: count}\n',
      ':1: the server has a tool "count"',
    ],
    ['no YAML', 'x.yaml', 'name: x\nsteps: [\n', 'not valid YAML'],
  ])('%s', async (_, file, text, says) => {
    const { define, work } = await place();
    const result = await define(text, file);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(says) });
    expect(result.stderr).toContain(file);
    expect(await work('jobs', 'definitions')).toMatchObject({ stdout: '' });
  });

  it('tells all of it at once, and refuses a name that is taken', async () => {
    const { define, work } = await place();
    await work('jobs', 'define', 'nightly', '--tool', 'count', '--arg', 'n=1');
    expect(await define('name: nightly\nsteps:\n  - {id: a, tool: nightly, input: {by: 2}}\n')).toMatchObject(
      {
        code: 2,
        stderr: expect.stringContaining('nightly is defined already'),
      },
    );
    // A definition is a step like a tool.
    expect(await define('name: over\nsteps:\n  - {id: a, tool: nightly, input: {by: 2}}\n')).toMatchObject({
      code: 0,
    });
    expect(dataOf(await work('over', '--json'))).toMatchObject({
      structuredContent: { stepResults: { a: { outputs: { sum: 3 } } } },
    });
    expect(errorOf(await work('over', '--retries', '3', '--json'))).toMatchObject({ exit_code: 2 });
    expect(await work('jobs', 'rerun', '--latest')).toMatchObject({ code: 0 });
  });
});
