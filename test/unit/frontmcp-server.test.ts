import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failed, logLine, refused, rig, uuid } from '../support/frontmcp/expected.ts';

const $schema = 'https://json-schema.org/draft/2020-12/schema';
const string = { type: 'string' };

describe('the tools', () => {
  it('lists four of them', async () => {
    const { tools } = await (await rig()).client.listTools();
    const execution = (what: string, background: string) => ({
      $schema,
      type: 'object',
      properties: {
        name: { type: 'string', description: `${what} name to execute` },
        input: {
          description: `${what} input data`,
          type: 'object',
          propertyNames: string,
          additionalProperties: {},
        },
        background: {
          default: false,
          description: `Run in background (${background})`,
          type: 'boolean',
        },
      },
      required: ['name', 'background'],
      additionalProperties: false,
    });
    const status = (description: string) => ({
      $schema,
      type: 'object',
      properties: { runId: { type: 'string', description } },
      required: ['runId'],
      additionalProperties: false,
    });
    expect(
      tools.map(({ name, title, inputSchema, ...rest }) => [name, title, inputSchema, Object.keys(rest)]),
    ).toEqual([
      ['execute_job', 'execute_job', execution('Job', 'returns runId for status polling'), ['description']],
      ['execute_workflow', 'execute_workflow', execution('Workflow', 'returns runId'), ['description']],
      [
        'get_job_status',
        'get_job_status',
        status('Run ID returned from execute_job or execute_workflow'),
        ['description'],
      ],
      [
        'get_workflow_status',
        'get_workflow_status',
        status('Run ID returned from execute_workflow'),
        ['description'],
      ],
    ]);
  });

  it('spells the names as it was told, and answers to both spellings', async () => {
    const { client, ask, call, server } = await rig({ names: 'hyphen' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'execute-job',
      'execute-workflow',
      'get-job-status',
      'get-workflow-status',
    ]);
    for (const name of ['execute-job', 'execute_job'])
      expect(await ask(name, { name: 'scalar' })).toMatchObject({ result: 42 });
    for (const name of ['list-jobs', 'list_jobs']) expect(await ask(name)).toHaveProperty('count', 11);
    expect(await call('get-job_status')).toEqual(
      failed('TOOL_NOT_FOUND', /^Tool "get-job_status" not found$/),
    );
    expect(server.stats.calls).toMatchObject({ 'execute-job': 1, execute_job: 1 });
  });

  it('refuses arguments that do not fit a tool', async () => {
    const { call, client } = await rig({ production: true });
    const wrong = (path: string, words: string) =>
      failed(
        'INVALID_INPUT',
        new RegExp(`^Invalid tool input\nDetails: \\[\n[^]*${path}[^]*${words}`),
        false,
      );
    expect(await call('execute_job')).toEqual(wrong('"name"', 'expected string, received undefined'));
    expect(await call('execute_job', { name: 'greet', background: 'yes' })).toEqual(
      wrong('"background"', 'expected boolean, received string'),
    );
    const bare = await client.request({ method: 'tools/call', params: { name: 'list_jobs' } }, z.any());
    expect(bare).toEqual(wrong('', 'expected object, received undefined'));
  });
});

describe('the list of jobs', () => {
  it('has what there is to know, but for hidden jobs', async () => {
    const { jobs, count } = (await (await rig()).ask('list_jobs')) as {
      jobs: Array<{ name: string }>;
      count: number;
    };
    expect(count).toBe(jobs.length);
    expect(jobs.map(({ name }) => name)).not.toContain('hidden');
    const named = Object.fromEntries(jobs.map((job) => [job.name, job]));
    const object = (properties: object, required: string[]) => ({
      type: 'object',
      properties,
      required,
      additionalProperties: false,
    });
    expect(named['greet']).toEqual({
      name: 'greet',
      description: 'Generate a personalized greeting',
      tags: ['greeting', 'text'],
      labels: { team: 'people' },
      inputSchema: {
        $schema,
        ...object(
          {
            name: { type: 'string', description: 'Who is greeted' },
            formal: { default: false, type: 'boolean' },
          },
          // What has a default is required all the same.
          ['name', 'formal'],
        ),
      },
    });
    const item = object({ productId: string, quantity: { type: 'number', minimum: 1 } }, [
      'productId',
      'quantity',
    ]);
    expect(named['process-order']).toMatchObject({
      inputSchema: {
        properties: {
          items: { type: 'array', items: item },
          priority: { default: 'normal', type: 'string', enum: ['low', 'normal', 'high'] },
        },
        required: ['orderId', 'items', 'priority'],
      },
    });
    expect(named['nullable']).toMatchObject({
      inputSchema: {
        properties: {
          note: { anyOf: [{ type: 'string', description: 'A note' }, { type: 'null' }] },
          tag: { type: ['string', 'null'] },
        },
        required: ['note'],
      },
    });
    expect(named['nothing']).toEqual({ name: 'nothing', tags: [], labels: {} });
  });

  it.each([
    [{ tags: ['greeting', 'orders'] }, ['greet', 'process-order']],
    [{ labels: { team: 'data', cost: 'low' } }, ['analyze-text']],
    [{ labels: { team: 'data', cost: 'high' } }, []],
    [{ query: 'GREET' }, ['greet']],
    [{ query: 'sentiment', tags: ['orders'] }, []],
    [{ query: 'hidden' }, []],
  ])('filters by %j', async (filter, names) => {
    const { jobs } = (await (await rig()).ask('list_jobs', filter)) as { jobs: Array<{ name: string }> };
    expect(jobs.map(({ name }) => name)).toEqual(names);
  });
});

describe('a job inline', () => {
  it('answers with its result', async () => {
    const { ask, server } = await rig();
    expect(await ask('execute_job', { name: 'greet', input: { name: 'Ada', unknown: 1 } })).toEqual({
      runId: uuid,
      state: 'completed',
      result: { message: 'Hello Ada!' },
      logs: [logLine('Generating greeting for Ada')],
    });
    const done = { runId: uuid, state: 'completed', logs: [] };
    expect(await ask('execute_job', { name: 'scalar' })).toEqual({ ...done, result: 42 });
    expect(await ask('execute_job', { name: 'nothing' })).toEqual(done);
    expect(await ask('execute_job', { name: 'hidden', input: { word: 'x' } })).toMatchObject({
      result: { word: 'x' },
    });
    expect(await ask('execute_job', { name: 'nullable', input: { note: null } })).toMatchObject({
      result: { note: null, tag: 'none' },
    });
    const large = await ask('execute_job', { name: 'large', input: { kb: 3 } });
    expect((large['result'] as { text: string }).text).toHaveLength(3 * 1024);
    expect(server.stats.executions).toMatchObject({ greet: 1, large: 1 });
  });

  it('fails without a run id, and in production without a reason', async () => {
    const crashed =
      /^Tool "execute_job" execution failed: The warehouse is closed\n\nOriginal error:\nRangeError: The warehouse is closed\n {4}at /;
    const args = { name: 'always-fails' };
    expect(await (await rig()).call('execute_job', args)).toEqual(failed('TOOL_EXECUTION_ERROR', crashed));
    const quiet = /^Internal FrontMCP error\. Please contact support with error ID: err_[0-9a-f]{16}$/;
    const { call } = await rig({ production: true });
    expect(await call('execute_job', args)).toEqual(failed('TOOL_EXECUTION_ERROR', quiet, false));
    expect(await call('execute_job', { name: 'none' })).toEqual(failed('SERVER_ERROR', quiet, false));
    expect(await call('get_job_status', { runId: 'none' })).toEqual(failed('SERVER_ERROR', quiet, false));
  });

  it.each([
    ['execute_job', { name: 'none' }, 'Job "none" not found'],
    ['execute_workflow', { name: 'none' }, 'Workflow "none" not found'],
    ['get_job_status', { runId: 'none' }, 'Run "none" not found'],
    ['get_workflow_status', { runId: 'none' }, 'Run "none" not found'],
  ])('is refused by %s for %j', async (tool, args, words) => {
    expect(await (await rig()).call(tool, args)).toEqual(refused(words));
  });
});
