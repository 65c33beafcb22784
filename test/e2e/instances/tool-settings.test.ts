/** What an instance has configured for its tools: defaults of their calls, and the tags and labels of their jobs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { dataOf, errorOf, homeAt, submitted } from '../../support/instance.ts';
import { configure, keeperHome, STDIO_COMMAND, theKeeper } from '../../support/keeper.ts';
import { watchedServer, watchedTasks2026, workAt } from '../../support/work.ts';

const FLAKY = { flaky: { retries: 5, retryBackoff: '50ms', retryMultiplier: 1 } };

async function latest(home: string): Promise<Record<string, unknown>> {
  return dataOf(await run(['work', '--json', 'jobs', 'show', '--latest'], { home }));
}

describe('defaults of a call', () => {
  it.each([
    ['in the foreground', []],
    ['in the background', ['--background']],
    ['in a keeper', ['--detach']],
  ])('retry %s', async (_, how) => {
    const home = await keeperHome(STDIO_COMMAND, { tools: FLAKY });
    expect(await run(['work', 'flaky', '--failures', '2', ...how], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toMatchObject({
      code: 0,
      stdout: 'call 3\n',
    });
    expect(await latest(home)).toMatchObject({ status: 'completed', attempt: 3, backend: 'local' });
  });

  it('give way to what is typed, before the tool or after it', async () => {
    const home = await keeperHome(STDIO_COMMAND, { tools: FLAKY });
    for (const words of [
      ['work', 'flaky', '--failures', '9', '--retries', '1'],
      ['work', '--retries', '1', 'call', 'flaky', '--failures', '9'],
    ])
      expect(await run(words, { home })).toMatchObject({ code: 1, stderr: 'error: flaky failed\n' });
    expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ code: 0, stdout: '' });
    // A pause that is typed beside retries that are configured means something; without any it does not.
    const paused = ['--failures', '1', '--retry-backoff', '10ms', '--background'];
    expect(await run(['work', 'flaky', ...paused], { home })).toMatchObject({ code: 0 });
    expect(await latest(home)).toMatchObject({ attempt: 2 });
    configure(home, { tools: { '*': { retryMaxBackoff: 5 } } });
    expect(await run(['work', 'pid'], { home })).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['work', 'pid', '--retry-backoff', '1s'], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--retry-backoff needs --retries'),
    });
  });

  it('limit a call, by a pattern as by the name', async () => {
    const home = await keeperHome(STDIO_COMMAND, { tools: { 'sl*': { timeout: '1s' } } });
    expect(await run(['work', 'slow', '--ms', '60000'], { home })).toMatchObject({ code: 124, stdout: '' });
    const longer = ['work', 'slow', '--ms', '1200', '--timeout', '0'];
    expect(await run(longer, { home })).toMatchObject({ code: 0, stdout: 'slept\n' });
    expect(await run(['work', 'slow', '--ms', '60000', '--background'], { home })).toMatchObject({
      code: 124,
      stderr: expect.stringContaining('did not end within 1 s'),
    });
  });

  it('leave the check of the output out, which can be asked for again', async () => {
    const home = await keeperHome(STDIO_COMMAND, { tools: { typed: { outputCheck: false } } });
    const words = ['work', 'typed', '--content', '{"rows":"many"}', '--background'];
    expect(await run(words, { home })).toMatchObject({ code: 0 });
    expect(await run([...words, '--output-check'], { home })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the result breaks the tool's outputSchema"),
    });
    expect(await run([...words, '--output-check', '--no-output-check'], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--output-check and --no-output-check cannot be used together'),
    });
  });

  it('that a tool cannot keep to are told apart from a wrong line', async () => {
    const server = await watchedServer();
    const work = await workAt(server.url);
    configure(work.home, { tools: { '*': { retries: 2 } } });
    const refused = await work.run('batch-process --input file.csv --json');
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(errorOf(refused)).toMatchObject({
      message: 'batch-process runs as a task of the server only, which --retries cannot repeat',
      hint: 'run it once: --retries 1; in the configuration: tools.batch-process.retries',
    });
    configure(work.home, { tools: { '*': { retries: 2 }, 'batch-process': { retries: 1 } } });
    await work.submit('batch-process --input file.csv');
    expect(server.stats.calls).toEqual({ 'batch-process': 1 });
  });

  it('do not retire a keeper when they change', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true, tools: FLAKY });
    expect(await run(['work', 'flaky', '--failures', '1', '--tag', 'kept'], { home })).toMatchObject({
      code: 0,
      stdout: 'call 2\n',
    });
    // The keeper has made the job.
    expect(await latest(home)).toMatchObject({ attempt: 2, tags: ['kept'] });
    const { pid } = await theKeeper(home);
    configure(home, { tools: { flaky: { retries: 2 } } });
    expect(await run(['work', 'flaky', '--failures', '1'], { home })).toMatchObject({ code: 0 });
    expect((await theKeeper(home)).pid).toBe(pid);
  });

  it.each([
    [{ flaky: { retries: 'many' } }, 'tools.flaky.retries must be a whole number from 1 to 1000'],
    [{ 'f*': { labels: ['x'] } }, 'tools.f*.labels must be an object of strings, such as {"team": "data"}'],
    ['all', 'tools must be an object of tools and their settings'],
  ])('that are wrong end the call: %j', async (tools, message) => {
    const home = await keeperHome(STDIO_COMMAND, { tools });
    const refused = await run(['work', 'flaky', '--failures', '0', '--json'], { home });
    expect(refused).toMatchObject({ code: 78, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'config', message: `instance work: ${message}` });
    expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('marks of a job', () => {
  const tools = {
    '*': { tags: ['all'], labels: { team: 'any', site: 'here' } },
    deploy: { tags: ['release'], labels: { team: 'ops' } },
  };

  it('come from the configuration and the line, and find the job', async () => {
    const server = await watchedServer();
    const work = await workAt(server.url);
    const plain = await work.submit('deploy --version 0');
    configure(work.home, { tools });
    const one = await work.submit(
      'deploy --version 1 --tag urgent --tag all --label ticket=7 --label team=me',
    );
    const two = await work.submit('export --dataset orders --label ticket=7');
    const shown = await work.json(`jobs show ${one}`);
    expect(shown.data).toMatchObject({
      tags: ['all', 'release', 'urgent'],
      labels: { team: 'me', site: 'here', ticket: '7' },
    });
    expect(shown.data).not.toHaveProperty('kind');
    expect((await work.run(`jobs show ${one}`)).stdout).toMatch(
      /^tool: deploy\n.*\ntags: all, release, urgent\nlabels: team=me, site=here, ticket=7\n/m,
    );
    const unmarked = await work.run(`jobs show ${plain}`);
    expect(unmarked.stdout).not.toMatch(/^(kind|tags|labels):/m);
    expect((await work.json(`jobs show ${plain}`)).data).not.toHaveProperty('tags');

    const listed = async (words: string) => {
      const { code, stdout, stderr } = await work.run(`jobs list ${words}`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(0, line.indexOf(' '))]));
    };
    expect(await listed('')).toEqual([two, one, plain]);
    expect(await listed('--tag all')).toEqual([two, one]);
    expect(await listed('--tag urgent --tag nobody')).toEqual([one]);
    expect(await listed('--label ticket=7')).toEqual([two, one]);
    expect(await listed('--label ticket=7 --label team=me')).toEqual([one]);
    expect(await listed('--tag all --limit 1')).toEqual([two]);
    expect(await listed('--tag release --limit 1')).toEqual([one]);
    expect(await listed('--label team=nobody')).toEqual([]);
    expect(await listed('--tag all --status lost')).toEqual([]);
    expect((await work.run('--tag release jobs list')).stdout).toBe(
      (await work.run('jobs list --tag release')).stdout,
    );
    expect(await work.json('jobs list --tag release')).toMatchObject([
      { job_id: one, labels: { team: 'me' } },
    ]);
    for (const [words, message] of [
      ['jobs list --label team', '--label: not NAME=VALUE: "team"'],
      ['deploy --version 2 --label =x', '--label: not NAME=VALUE: "=x"'],
    ] as const)
      expect(await work.run(words)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(message),
      });
    expect(server.stats.calls).toEqual({ deploy: 2, export: 1 });
  });

  it('stay with a job that runs in a keeper, to its end', async () => {
    const home = await keeperHome(STDIO_COMMAND, { tools });
    const id = await submitted(home, ['work', 'slow', '--ms', '10', '--detach', '--tag', 'now']);
    const metadata = { tags: ['all', 'now'], labels: { team: 'any', site: 'here' } };
    expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 0, stdout: 'slept\n' });
    expect(await latest(home)).toMatchObject({ job_id: id, status: 'completed', ...metadata });
    expect(JSON.parse((await run(['work', 'jobs', 'list', '--json'], { home })).stdout)).toMatchObject([
      metadata,
    ]);
  });

  it("are on a job that the server made of a call, and a tool's own --tag is the tool's", async () => {
    const server = await watchedTasks2026({ speed: 50 });
    const work = await workAt(server.url);
    configure(work.home, { tools });
    expect(await work.run('deploy --version 2.0 --label a=b')).toMatchObject({ code: 0 });
    expect((await work.json('jobs show --latest')).data).toMatchObject({
      tags: ['all', 'release'],
      labels: { team: 'ops', site: 'here', a: 'b' },
    });
    const home = await keeperHome(STDIO_COMMAND);
    // A call that makes no job has nothing to mark.
    expect(await run(['work', 'pid', '--tag', 'x', '--label', 'a=b'], { home })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(
      await run(['work', 'elicit', '--tag', 'own', '--elicit', 'decline', '--background'], { home }),
    ).toMatchObject({
      code: 0,
    });
    const job = await latest(home);
    expect(job).toMatchObject({ arguments: { tag: 'own' } });
    expect(job).not.toHaveProperty('tags');
  });
});

describe('instances set', () => {
  const at = async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    return {
      home,
      instances: (...words: string[]) => run(['instances', ...words], { home }),
      stored: () => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers.work,
    };
  };

  it('stores settings of tools, shows them, and takes them back', async () => {
    const { home, instances, stored } = await at();
    configure(home, { tools: { export: { futureSetting: 1 } } });
    for (const [words, said] of [
      [['tools.export.retries', '5'], 'tools.export.retries is 5'],
      [['tools.export.retry-backoff', '2s'], 'tools.export.retryBackoff is 2s'],
      [['tools.export.retryMultiplier', '1.5'], 'tools.export.retryMultiplier is 1.5'],
      [['tools.export.outputCheck', 'false'], 'tools.export.outputCheck is false'],
      [['tools.export.tags', 'etl', 'nightly'], 'tools.export.tags is etl nightly'],
      [['tools.export.labels', 'team=data', 'n=1'], 'tools.export.labels is team=data n=1'],
      [['tools.email.send.timeout', '10m'], 'tools.email.send.timeout is 10m'],
      [['tools.delete_*.hideFromDiscovery', 'true'], 'tools.delete_*.hideFromDiscovery is true'],
    ] as const)
      expect(await instances('set', 'work', ...words)).toMatchObject({
        code: 0,
        stdout: `work: ${said}\n`,
        stderr: '',
      });
    const tools = {
      export: {
        futureSetting: 1,
        retries: 5,
        retryBackoff: '2s',
        retryMultiplier: 1.5,
        outputCheck: false,
        tags: ['etl', 'nightly'],
        labels: { team: 'data', n: '1' },
      },
      'email.send': { timeout: '10m' },
      'delete_*': { hideFromDiscovery: true },
    };
    expect(stored().tools).toEqual(tools);
    expect((await instances('show', 'work')).stdout).toContain(
      [
        '\ntools.export.futureSetting: 1\ntools.export.retries: 5\ntools.export.retryBackoff: 2s',
        'tools.export.retryMultiplier: 1.5\ntools.export.outputCheck: false\ntools.export.tags: etl nightly',
        'tools.export.labels: team=data n=1\ntools.email.send.timeout: 10m\ntools.delete_*.hideFromDiscovery: true\n',
      ].join('\n'),
    );
    expect(dataOf(await instances('show', 'work', '--json'))).toMatchObject({ tools });

    expect(await instances('unset', 'work', 'tools.export.retries')).toMatchObject({
      code: 0,
      stdout: 'work: tools.export.retries is not set\n',
      stderr: '',
    });
    expect(stored().tools.export).not.toHaveProperty('retries');
    expect(await instances('unset', 'work', 'tools.export.retries')).toMatchObject({
      code: 0,
      stderr: 'tools.export.retries was not set\n',
    });
    expect(await instances('unset', 'work', 'tools.export')).toMatchObject({
      code: 0,
      stdout: 'work: tools.export is not set\n',
      stderr: '',
    });
    const json = await instances('unset', 'work', 'tools.email.send.timeout', '--json');
    expect(dataOf(json)).toEqual({ name: 'work', tools: { 'delete_*': tools['delete_*'] } });
    expect(await instances('unset', 'work', 'tools')).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(stored())).toEqual(['type', 'url']);
  });

  it.each([
    [
      'set',
      ['tools.export.retires', '5'],
      'no setting "tools.export.retires"',
      'did you mean tools.export.retries?',
    ],
    [
      'set',
      ['tools.export.colour', '5'],
      'no setting "tools.export.colour"',
      expect.stringMatching(/^one of retries, /),
    ],
    [
      'set',
      ['tools.retries', '5'],
      'tools.retries: which setting of which tool? tools.TOOL.KEY',
      expect.any(String),
    ],
    ['set', ['tools.export.retries'], 'tools.export.retries: which value?', expect.any(String)],
    [
      'set',
      ['tools.export.retries', 'many'],
      'tools.export.retries must be a whole number from 1 to 1000 (given many)',
      undefined,
    ],
    [
      'set',
      ['tools.x.timeout', '1s', '2s'],
      'tools.x.timeout must be a duration, such as "30s" (given 1s 2s)',
      undefined,
    ],
    ['set', ['tools.x.labels', 'team'], 'tools.x.labels: not NAME=VALUE: "team"', 'for example team=data'],
    ['unset', ['tools.kept.tagz'], 'no setting "tools.kept.tagz"', 'did you mean tools.kept.tags?'],
  ])('%s %j is refused, and nothing is stored', async (verb, words, message, hint) => {
    const { home, instances, stored } = await at();
    configure(home, { tools: { kept: { tags: ['a'] } } });
    const refused = await instances(verb, 'work', ...words, '--json');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ message, ...(hint === undefined ? {} : { hint }) });
    expect(stored().tools).toEqual({ kept: { tags: ['a'] } });
  });
});
