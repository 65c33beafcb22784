import { describe, expect, it } from 'vitest';
import { failed, LONG, refused, rig, run, time, uuid } from './expected.ts';

describe('workflows', () => {
  it('lists them', async () => {
    const { ask } = await rig();
    const etl = {
      name: 'etl',
      description: 'Extract twice, then load',
      trigger: 'manual',
      stepCount: 3,
      tags: ['data'],
    };
    const { workflows, count } = (await ask('list_workflows')) as { workflows: object[]; count: number };
    expect([workflows[0], count]).toEqual([etl, 2]);
    expect(await ask('list_workflows', { labels: { team: 'data' } })).toEqual({ workflows: [etl], count: 1 });
    expect(await ask('list_workflows', { tags: ['broken'] })).toMatchObject({ count: 1 });
  });

  const end = (workflowName: string, state: string, stepResults: object) => ({
    state,
    result: { workflowName, state, stepResults, startedAt: time, completedAt: time },
  });
  const orders = { outputs: { message: 'Hello orders!' }, state: 'completed' };
  const load = { sentiment: 'positive', keyPhrases: ['Hello', 'orders!'], confidence: 0.9, language: 'en' };
  const etl = end('etl', 'completed', {
    users: { outputs: { ms: 200 }, state: 'completed' },
    orders,
    load: { outputs: load, state: 'completed' },
  });
  const broken = end('fails-in-the-middle', 'failed', {
    first: { outputs: { message: 'Hello first!' }, state: 'completed' },
    second: { outputs: {}, state: 'failed' },
    third: { outputs: {}, state: 'skipped' },
  });

  it('runs them inline, where a failed one is no failure', async () => {
    const { ask, server } = await rig();
    expect(await ask('execute_workflow', { name: 'etl' })).toEqual({ runId: uuid, ...etl });
    expect(await ask('execute_workflow', { name: 'fails-in-the-middle' })).toEqual({
      runId: uuid,
      ...broken,
    });
    expect(server.stats.executions).toEqual({ etl: 1, 'fails-in-the-middle': 1 });
    expect(server.stats.attempts).toMatchObject({ slow: 1, 'always-fails': 2 });
  });

  it('has nothing of their steps until the end, and get_workflow_status not even then', async () => {
    const { ask, start, status, ended } = await rig({ speed: 0.5 });
    const runId = await start('etl', undefined, 'execute_workflow');
    expect(await status(runId)).toEqual({ ...run, jobName: 'etl', state: 'running' });
    const narrow = { runId, workflowName: 'etl', stepResults: {}, startedAt: time };
    expect(await ask('get_workflow_status', { runId })).toEqual({ ...narrow, state: 'running' });
    expect(await ended(runId)).toEqual({ ...run, jobName: 'etl', ...etl, completedAt: time });
    const done = { ...narrow, state: 'completed', completedAt: time };
    expect(await ask('get_workflow_status', { runId })).toEqual(done);
    const failing = await ended(await start('fails-in-the-middle', undefined, 'execute_workflow'));
    expect(failing).toEqual({ ...run, jobName: 'fails-in-the-middle', ...broken, completedAt: time });
  });
});

describe('definitions at runtime', () => {
  it('registers a job, lists it without its schema, and cannot run it', async () => {
    const { ask, call, start, ended } = await rig();
    const inputSchema = { type: 'object', properties: { a: { type: 'number' } } };
    const script = 'return input';
    const bare = await ask('register_job', { name: 'bare', script });
    expect(bare).toEqual({ success: true, jobId: 'bare' });
    await ask('register_job', { name: 'shaped', description: 'A', script, inputSchema, tags: ['own'] });
    expect(await ask('list_jobs', { tags: ['own'] })).toEqual({
      jobs: [
        {
          name: 'shaped',
          description: 'A',
          tags: ['own'],
          labels: {},
          inputSchema: { type: 'object', properties: {} },
        },
      ],
      count: 1,
    });
    expect(await ask('list_jobs', { query: 'bare' })).toMatchObject({ jobs: [{ name: 'bare' }] });
    for (const name of ['bare', 'shaped']) {
      expect(await ended(await start(name, { a: 1 }))).toMatchObject({ state: 'failed', attempt: 1 });
      expect(await call('execute_job', { name, input: { a: 1 } })).toEqual(
        failed('TOOL_EXECUTION_ERROR', /^Tool "execute_job" execution failed: /),
      );
    }
    expect(await call('register_job', { name: 'bare', script })).toEqual(
      refused('Job "bare" already exists'),
    );
    expect(await ask('remove_job', { name: 'bare' })).toEqual({
      success: true,
      message: 'Job "bare" removed',
    });
    expect(await call('remove_job', { name: 'bare' })).toEqual(refused('Job "bare" not found'));
    const built = 'Job "greet" is not a dynamic job and cannot be removed';
    expect(await call('remove_job', { name: 'greet' })).toEqual(refused(built));
  });

  it('registers a workflow that runs', async () => {
    const { ask, call, server } = await rig();
    const steps = [
      { id: 'one', jobName: 'greet' },
      { id: 'two', jobName: 'none', timeout: 5, continueOnError: true },
      { id: 'three', jobName: 'slow', input: LONG, timeout: 5, dependsOn: ['two'] },
      { id: 'four', jobName: 'always-fails' },
    ];
    expect(await ask('register_workflow', { name: 'own', steps })).toEqual({
      success: true,
      workflowId: 'own',
    });
    const args = { name: 'own', input: { name: 'Ada' } };
    expect(await ask('execute_workflow', args)).toMatchObject({
      state: 'failed',
      result: {
        stepResults: {
          one: { outputs: { message: 'Hello Ada!' }, state: 'completed' },
          two: { outputs: {}, state: 'failed' },
          three: { outputs: {}, state: 'failed' },
          four: { outputs: {}, state: 'failed' },
        },
      },
    });
    // A step is tried thrice, where its job alone is tried once.
    expect(server.stats.attempts).toEqual({ greet: 1, slow: 3, 'always-fails': 3 });
    await ask('register_workflow', {
      name: 'round',
      steps: [{ id: 'a', jobName: 'greet', dependsOn: ['a'] }],
    });
    expect(await call('execute_workflow', { name: 'round' })).toEqual(
      failed('TOOL_EXECUTION_ERROR', /failed: Workflow has a cycle involving step "a"\n/),
    );
    expect(await ask('remove_workflow', { name: 'own' })).toEqual({
      success: true,
      message: 'Workflow "own" removed',
    });
    const built = 'Workflow "etl" is not dynamic and cannot be removed';
    expect(await call('remove_workflow', { name: 'etl' })).toEqual(refused(built));
  });
});
