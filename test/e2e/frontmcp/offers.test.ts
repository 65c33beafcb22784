/** What a server of FrontMCP's kind offers: its jobs and workflows as subcommands. */
import { describe, expect, it } from 'vitest';
import { frontmcpClient } from '../../support/frontmcp/client.ts';
import { failure, jobWork } from '../../support/frontmcp/work.ts';

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });
const refused = (stderr: string, code = 2) => ({ code, stdout: '', stderr: `error: ${stderr}\n` });

const MANAGEMENT = ['execute_job', 'execute_workflow', 'get_job_status', 'get_workflow_status'];
const JOBS = [
  'greet',
  'analyze-text',
  'process-order',
  'flaky',
  'always-fails',
  'slow',
  'nullable',
  'scalar',
  'nothing',
  'large',
  'no-input',
];
const GREET =
  'greet                job       Generate a personalized greeting  #greeting #text team=people\n';
const ETL = 'etl  workflow  Extract twice, then load  #data\n';

/** The first words of the lines. */
const named = (stdout: string) => stdout.split('\n').flatMap((line) => line.split(' ')[0] || []);

describe('ls', () => {
  it('has tools, jobs and workflows, each with its kind, tags and labels', async () => {
    const work = await jobWork();
    const listed = await work.run('ls');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toContain(GREET);
    expect(listed.stdout).toContain('\nnothing              job\n');
    expect(listed.stdout).toContain('\netl                  workflow  Extract twice, then load  #data\n');
    const kebab = MANAGEMENT.map((name) => name.replaceAll('_', '-'));
    expect(named(listed.stdout)).toEqual([...kebab, ...JOBS, 'etl', 'fails-in-the-middle']);
    expect(await work.run('refresh')).toMatchObject(ok('4 tools, 11 jobs, 2 workflows\n'));
    // Such servers refuse a call without arguments, even of tools that need none.
    expect(work.sent().map(({ name, arguments: args }) => [name, args])).toEqual([
      ['list_jobs', {}],
      ['list_workflows', {}],
      ['list_jobs', {}],
      ['list_workflows', {}],
    ]);
  });

  it('has them verbatim with --json', async () => {
    const work = await jobWork();
    const { data, summary } = await work.json('ls');
    expect(summary).toBe('4 tools, 11 jobs, 2 workflows');
    expect(data.items.map(({ id, kind }: { id: string; kind: string }) => `${kind} ${id}`)).toEqual([
      ...MANAGEMENT.map((name) => `tool ${name}`),
      ...JOBS.map((name) => `job ${name}`),
      'workflow etl',
      'workflow fails-in-the-middle',
    ]);
    const { jobs } = await (await frontmcpClient(work.server.url)).ask('list_jobs');
    expect(data.items[4]).toEqual({ id: 'greet', kind: 'job', ...(jobs as object[])[0] });
    expect(data.items.at(-2)).toEqual({
      id: 'etl',
      kind: 'workflow',
      name: 'etl',
      description: 'Extract twice, then load',
      trigger: 'manual',
      stepCount: 3,
      tags: ['data'],
    });
  });

  it.each([
    ['--tag greeting --tag orders', ['greet', 'process-order']],
    ['--tag data', ['etl', 'fails-in-the-middle']],
    ['--tag none', []],
    ['--label team=data --label cost=low', ['analyze-text']],
    ['--label team=data', ['analyze-text', 'etl']],
    ['--label cost=high --tag test', ['slow']],
    ['--query GREET', ['greet']],
    ['--query runid', ['get-job-status']],
    ['--query text --tag data', []],
    ['--query job', ['execute-job', 'get-job-status']],
  ])('%s leaves %j', async (filter, names) => {
    const work = await jobWork();
    const listed = await work.run(`ls ${filter}`);
    expect(listed).toMatchObject({ code: 0, stderr: names.length > 0 ? '' : 'nothing fits the filter\n' });
    expect(named(listed.stdout)).toEqual(names);
  });

  it('asks the server for the labels of workflows, which it does not list', async () => {
    const work = await jobWork();
    expect(await work.run('ls --label team=data --query extract')).toMatchObject(ok(ETL));
    expect(work.sent('list_workflows').map((call) => call.arguments)).toEqual([
      {},
      { labels: { team: 'data' } },
    ]);
    // All else is known already.
    await work.run('ls --tag data');
    expect(work.sent()).toHaveLength(3);
    work.falsify(() => failure('SERVER_ERROR', 'Jobs are switched off\n\nOriginal error:\nError: at x'));
    expect(await work.run('ls --label team=data')).toMatchObject(
      refused('list_workflows: Jobs are switched off', 1),
    );
    expect(await work.run('ls --label team')).toMatchObject(
      refused('--label: not NAME=VALUE: "team"\nhint: for example team=data'),
    );
  });
});

describe('a job is a subcommand', () => {
  it('with flags from its inputSchema, those with a default optional', async () => {
    const work = await jobWork();
    expect(await work.run('greet --name Ada')).toMatchObject(ok('{"message":"Hello Ada!"}\n'));
    expect(await work.run('greet --name 7 --formal')).toMatchObject(ok('{"message":"Dear 7!"}\n'));
    const help = await work.run('greet --help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: mcp2cli work greet --name <string> \[flags\]\n/);
    expect(help.stdout).toContain('--name <string>  Who is greeted\n');
    expect(help.stdout).toContain('--formal         [default: false]\n');
    // Defaults are the server's to apply; nothing runs inline, nothing twice.
    expect(work.sent('execute_job').map((call) => call.arguments)).toEqual([
      { name: 'greet', input: { name: 'Ada' }, background: true },
      { name: 'greet', input: { name: '7', formal: true }, background: true },
    ]);
    expect(work.server.stats).toMatchObject({ executions: { greet: 2 }, attempts: { greet: 2 } });
  });

  it('with choices, lists of objects and things that may be null', async () => {
    const work = await jobWork();
    const item = (productId: string, quantity: number) => JSON.stringify({ productId, quantity });
    const order = `process-order --order-id 007 --items ${item('a', 2)} --items ${item('b', 1)}`;
    expect(await work.run(`${order} --priority high`)).toMatchObject(
      ok('{"orderId":"007","status":"processed","totalAmount":7.5,"priority":"high"}\n'),
    );
    expect(await work.run(order)).toMatchObject({ code: 0, stdout: expect.stringContaining('"normal"') });
    expect(await work.run('nullable --args {"note":null,"tag":null}')).toMatchObject(
      ok('{"note":null,"tag":null}\n'),
    );
    expect(await work.run('nullable --note x')).toMatchObject(ok('{"note":"x","tag":"none"}\n'));
    // A flag of the job's own wins over one of the program's.
    expect(await work.run('nullable --note x --tag y')).toMatchObject(ok('{"note":"x","tag":"y"}\n'));
    expect(await work.run('analyze-text --args {"text":"good"} --language de')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"language":"de"'),
    });
  });

  it.each([
    ['greet', 'missing required --name', 'greet'],
    ['greet --name a --nickname b', 'unknown flag --nickname', 'greet'],
    ['greet --args {"name":"a","nickname":"b"}', '--args: unknown property "nickname"', 'greet'],
    ['greet --args {"name":7}', '--name: must be text (given 7)', 'greet'],
    ['greet --name a --formal=maybe', '--formal: must be true or false (given "maybe")', 'greet'],
    ['flaky --failures two', '--failures: must be an integer (given "two")', 'flaky'],
    ['flaky --failures 1.5', '--failures: must be an integer (given "1.5")', 'flaky'],
    ['flaky --failures -1', '--failures: must be >= 0 (given -1)', 'flaky'],
    [
      'process-order --order-id 1 --items {"productId":"a","quantity":0}',
      '--items: item 1, quantity: must be >= 1 (given 0)',
      'process-order',
    ],
    ['no-input --x 1', 'unknown flag --x', 'no-input'],
    ['no-input --args {"x":1}', '--args: unknown property "x"', 'no-input'],
  ])('%s is refused before anything is sent', async (words, problem, job) => {
    const work = await jobWork();
    for (const more of ['', ' --background']) {
      const result = await work.run(words + more);
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toBe(`error: ${problem}\nhint: see: mcp2cli work ${job} --help\n`);
    }
    expect(work.sent().map(({ name }) => name)).toEqual(['list_jobs', 'list_workflows']);
    expect(await work.json('jobs list')).toEqual([]);
  });

  it('that is hidden is run by its name', async () => {
    const work = await jobWork();
    expect(await work.run('hidden --args {"word":"x"}')).toMatchObject({
      code: 2,
      stderr:
        'error: work has no tool "hidden"\nhint: see: mcp2cli work ls; a job that is not listed: mcp2cli work call --job NAME\n',
    });
    for (const words of ['call --job hidden', 'call --job=hidden', 'call --quiet --job hidden'])
      expect(await work.run(`${words} --args {"word":"x"}`)).toMatchObject(ok('{"word":"x"}\n'));
    expect(work.server.stats.executions).toEqual({ hidden: 3 });
  });

  it('or none that the server knows, which it says itself', async () => {
    const work = await jobWork();
    for (const [kind, what] of [
      ['job', 'Job'],
      ['workflow', 'Workflow'],
    ]) {
      const said = `${what} "none" not found`;
      expect(await work.run(`call --${kind} none`)).toMatchObject({
        code: 1,
        stdout: `${said}\n`,
        stderr: 'error: none failed\n',
      });
      expect(await work.run(`call --${kind} none --background`)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/\nerror: none failed: the tool reported an error\n$/),
      });
    }
  });

  it('unless a tool has its name', async () => {
    const tools = [
      { name: 'greet', description: 'Wave', inputSchema: { type: 'object' as const } },
      { name: 'etl', inputSchema: { type: 'object' as const } },
    ];
    const work = await jobWork({ tools });
    const listed = (await work.run('ls')).stdout;
    expect(listed).toMatch(/^greet +tool +Wave\n/);
    expect(listed).toMatch(/\ncall --job greet +job +Generate a personalized greeting/);
    expect(listed).toMatch(/\ncall --workflow etl +workflow +Extract twice, then load/);
    const waved = ok('{"tool":"greet","args":{}}\n');
    for (const words of ['greet', 'call greet', 'call --tool greet'])
      expect(await work.run(words)).toMatchObject(waved);
    expect(work.server.stats.executions).toEqual({});
    expect(await work.run('call --job greet --name Ada')).toMatchObject(ok('{"message":"Hello Ada!"}\n'));
    expect(await work.run('call --workflow etl')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^etl: completed\n/),
    });
    expect(await work.run('call --workflow greet')).toMatchObject({
      code: 1,
      stderr: 'error: greet failed\n',
    });
  });

  it('that was registered at run time takes anything, since the server does not list what', async () => {
    const work = await jobWork();
    const { ask } = await frontmcpClient(work.server.url);
    const inputSchema = { type: 'object', properties: { a: { type: 'number' } } };
    await ask('register_job', { name: 'shaped', script: '', inputSchema });
    const steps = [{ id: 'one', jobName: 'greet', dependsOn: ['one'] }];
    await ask('register_workflow', { name: 'round', steps });
    // Such a job cannot be run by these servers; what they say of it is told.
    const shaped = await work.run('shaped --args {"a":1}');
    expect(shaped).toMatchObject({ code: 1, stdout: '' });
    expect(shaped.stderr).toMatch(/^error: shaped failed: ./);
    expect(work.sent('execute_job')[0]?.arguments).toMatchObject({ input: { a: 1 } });
    expect(await work.run('round --args {"a":1}')).toMatchObject(
      refused('round failed: Workflow has a cycle involving step "one"', 1),
    );
    expect(work.sent('execute_workflow')[0]?.arguments).toEqual({
      name: 'round',
      input: { a: 1 },
      background: true,
    });
  });

  it('and cannot be tried again by this program', async () => {
    const work = await jobWork();
    const result = await work.run('always-fails --retries 3');
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(result.stderr).toMatch(/^error: always-fails runs as a task of the server only/);
    expect(work.sent('execute_job')).toEqual([]);
  });
});
