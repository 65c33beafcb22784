/** What is taken for a job server, and what becomes of one that tells less, or otherwise. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { failure, jobWork, success } from '../../support/frontmcp/work.ts';
import { dataOf, homeAt } from '../../support/instance.ts';
import { workAt } from '../../support/work.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });

describe('a job server', () => {
  it('from before the names were changed knows the hyphens alone', async () => {
    const work = await jobWork({ names: 'hyphen' });
    work.falsify(({ name }) =>
      name.includes('_') ? failure('TOOL_NOT_FOUND', `Tool "${name}" not found`) : undefined,
    );
    expect(await work.run('greet --name Ada')).toMatchObject(ok('{"message":"Hello Ada!"}\n'));
    expect(await work.run('fails-in-the-middle')).toMatchObject({ code: 1 });
    const id = await work.submit('greet --name Ada');
    expect(await work.run(`jobs wait ${id}`)).toMatchObject(ok('{"message":"Hello Ada!"}\n'));
    expect(await work.run('ls --label team=data')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('etl '),
    });
    expect(work.sent('execute-job')).toHaveLength(2);
    expect(work.sent('execute-workflow')).toHaveLength(1);
    expect(work.sent('execute_job')).toEqual([]);
    expect(work.server.stats.executions).toEqual({ greet: 2, 'fails-in-the-middle': 1 });
  });

  it('that answers to both spellings is called by the one that it lists', async () => {
    const work = await jobWork({ names: 'hyphen' });
    expect(await work.run('scalar')).toMatchObject(ok('42\n'));
    expect(work.server.stats.calls).toMatchObject({ 'execute-job': 1, get_job_status: 1 });
  });

  it('that does not tell its jobs has its tools all the same', async () => {
    const work = await jobWork({ tools: [{ name: 'sing', inputSchema: { type: 'object' } }] });
    work.falsify(({ name }) =>
      name === 'list_jobs' ? failure('SERVER_ERROR', 'The store is down') : undefined,
    );
    const warning = 'warning: the jobs of the server are not known: list_jobs: The store is down\n';
    expect(await work.run('sing')).toMatchObject({
      code: 0,
      stdout: '{"tool":"sing","args":{}}\n',
      stderr: warning,
    });
    expect(await work.run('refresh')).toMatchObject({
      code: 0,
      stdout: '5 tools, 2 workflows\n',
      stderr: warning,
    });
    expect(await work.run('call --job greet --args {"name":"Ada"}')).toMatchObject({
      code: 0,
      stdout: '{"message":"Hello Ada!"}\n',
    });
    // Nor is the list taken for complete: it is asked for until it can be had.
    expect(await work.run('ls --query greet')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `${warning}nothing fits the filter\n`,
    });
    work.falsify(undefined);
    expect(await work.run('ls --query greet')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^greet {2}job/),
      stderr: '',
    });
  });

  it('that has no such list is not asked again', async () => {
    const work = await jobWork();
    work.falsify(({ name }) =>
      /^list.jobs$/.test(name) ? failure('TOOL_NOT_FOUND', `Tool "${name}" not found`) : undefined,
    );
    expect(await work.run('ls --tag data')).toMatchObject({
      code: 0,
      stderr: 'warning: the jobs of the server are not known: list_jobs: Tool "list-jobs" not found\n',
    });
    expect(await work.run('ls --tag data')).toMatchObject({ code: 0, stderr: '' });
    expect(work.sent()).toHaveLength(3);
  });

  it.each([
    ['no list', {}],
    ['a list that is none', { jobs: { greet: {} } }],
    ['entries that are none', { jobs: [null, 7, 'greet', {}, { name: 7 }] }],
  ])('that answers with %s has no jobs', async (_what, answer) => {
    const work = await jobWork();
    work.falsify(({ name }) => (name === 'list_jobs' ? success(answer) : undefined));
    expect(await work.run('refresh')).toMatchObject(ok('4 tools, 2 workflows\n'));
  });

  it('may list nonsense, and it stays visible and callable', async () => {
    const work = await jobWork();
    const jobs = [
      { name: 'bare', inputSchema: null, tags: 'x', labels: ['y'], description: { toString: 1 } },
      { name: 'wrong', inputSchema: { type: 7, properties: [] }, tags: [7, 'ok'], labels: { a: 1, b: 'c' } },
      { name: '__proto__', inputSchema: { type: 'object', properties: JSON.parse('{"__proto__":{}}') } },
      { name: '' },
      { name: 'two words', id: 'forged', kind: 'tool' },
      { name: '\u001b[31mred', description: 'a\u001b]0;b\u0007' },
      { name: 'scalar' },
      { name: 'scalar' },
      { name: 'ls' },
    ];
    work.falsify(({ name }) => (name === 'list_jobs' ? success({ jobs }) : undefined));
    const listed = await work.run('ls');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(listed.stdout).toMatch(/\nwrong +job +#ok b=c\n/);
    const { data } = await work.json('ls --query words');
    expect(data.items).toEqual([{ id: 'two words', kind: 'job', name: 'two words' }]);
    expect(await work.run('scalar')).toMatchObject(ok('42\n'));
    expect(await work.run('call ls')).toMatchObject({ code: 1, stdout: 'Job "ls" not found\n' });
    for (const { name } of jobs)
      for (const words of [[name], ['call', '--job', name], ['call', '--job', name, '--help']]) {
        const { code, stderr } = await run(['work', ...words], { home: work.home });
        expect({ words, code, stderr }).toMatchObject({ code: expect.toBeOneOf([0, 1, 2]) });
      }
  });

  it('is none for having a tool of that name', async () => {
    const execution = { jobExecutionId: { type: 'string' }, name: { type: 'string' } };
    const server = await fixtureServer([
      { name: 'execute_job', inputSchema: { type: 'object', properties: execution } },
      { name: 'get_job_status', inputSchema: { type: 'object', properties: { runId: { type: 'string' } } } },
      { name: 'list_jobs', inputSchema: { type: 'object' } },
    ]);
    const home = await homeAt(server.url);
    expect(
      dataOf<{ items: { kind: string }[] }>(await run(['work', 'ls', '--json'], { home })).items,
    ).toEqual([
      expect.objectContaining({ id: 'execute_job', kind: 'tool' }),
      expect.objectContaining({ id: 'get_job_status', kind: 'tool' }),
      expect.objectContaining({ id: 'list_jobs', kind: 'tool' }),
    ]);
    expect(server.requests['tools/call']).toBeUndefined();
    const work = await workAt(server.url);
    expect(await work.run('execute-job --name a')).toMatchObject(
      ok('{"name":"execute_job","args":{"name":"a"}}\n'),
    );
    expect(await work.run('call --job a')).toMatchObject({
      code: 5,
      stdout: '',
      stderr:
        'error: the server has no jobs: it lists no tool that would run one\nhint: see: mcp2cli work ls\n',
    });
  });
});
