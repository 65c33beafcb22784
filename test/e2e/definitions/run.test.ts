/** Jobs of the user's own, run like tools; and jobs and workflows that are defined at a FrontMCP server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { frontmcpServer } from '../../support/frontmcp/server.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { configure, keeperHome, STDIO_COMMAND } from '../../support/keeper.ts';
import { watchedServer, workAt } from '../../support/work.ts';

describe('a definition', () => {
  it('is a subcommand with the flags that are left, and sends what is fixed with what is typed', async () => {
    const server = await watchedServer({ dialect: 'plain', speed: 50 });
    const work = await workAt(server.url);
    const define = 'jobs define nightly-export --tool export --arg dataset=full --tag etl --label team=data';
    expect(await work.run(define)).toMatchObject({ code: 0, stdout: 'defined nightly-export (export)\n' });
    const help = await work.run('nightly-export --help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: mcp2cli work nightly-export \[flags\]\n/);
    expect(help.stdout).toContain('--format');
    expect(help.stdout).not.toContain('--dataset');
    expect(await work.run('nightly-export --format csv')).toMatchObject({ code: 0 });
    expect(server.sent(/^tools\/call$/).map(({ params }) => [params['name'], params['arguments']])).toEqual([
      ['export', { dataset: 'full', format: 'csv' }],
    ]);
  });

  it('in the background is a job of its own name, with its marks', async () => {
    const server = await watchedServer({ speed: 50 });
    const work = await workAt(server.url);
    await work.run('jobs define nightly --tool export --arg dataset=full --tag etl --label team=data');
    const id = await work.submit('nightly --tag now');
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0 });
    expect(await work.stored(id)).toMatchObject({
      capability: 'nightly',
      kind: 'definition',
      tool: 'export',
      arguments: { dataset: 'full' },
      tags: ['etl', 'now'],
      labels: { team: 'data' },
      backend: 'tasks-2025-11-25',
    });
    const shown = await work.run(`jobs show ${id}`);
    expect(shown.stdout).toMatch(/\nkind: definition\nname: nightly\ntool: export\n/);
    expect(await work.run('jobs list --tag etl')).toMatchObject({
      stdout: expect.stringMatching(/^job_\w+ {2}nightly {2}completed {2}/),
    });
    expect(await work.run('jobs list --tag other')).toMatchObject({ code: 0, stdout: '' });
  });

  it('gives the same stdout and exit code in the foreground and through a job', async () => {
    const server = await watchedServer({ speed: 50 });
    const work = await workAt(server.url);
    await work.run('jobs define plus --tool add --arg a=1');
    const direct = await work.run('plus --b 2');
    const background = await work.run('plus --b 2 --background --quiet');
    expect(await work.run(`jobs wait ${background.stdout.trim()}`)).toMatchObject({
      code: direct.code,
      stdout: direct.stdout,
    });
  });

  it('has retries and a timeout of its own, above the ones of the tool and below what is typed', async () => {
    const home = await keeperHome(STDIO_COMMAND, { tools: { flaky: { retries: 9, retryBackoff: '50ms' } } });
    const jobs = (...words: string[]) => run(['work', ...words], { home });
    const define = ['jobs', 'define', 'thrice', '--tool', 'flaky', '--arg', 'failures=9', '--retries', '3'];
    expect(await jobs(...define)).toMatchObject({ code: 0 });
    const log = async () =>
      dataOf<{ entries: { text: string }[] }>(await jobs('--json', 'jobs', 'logs', '--latest')).entries[0]
        ?.text;
    expect(await jobs('thrice', '--background')).toMatchObject({ code: 1 });
    expect(await log()).toBe('attempt 1 of 3');
    expect(await jobs('thrice', '--background', '--retries', '1')).toMatchObject({ code: 1 });
    expect(await log()).toBe('attempt 1 of 1');
    expect(await jobs('flaky', '--failures', '1', '--background')).toMatchObject({ code: 0 });
    expect(await log()).toBe('attempt 1 of 9');
    // The keeper has the same terms.
    expect(await jobs('thrice', '--detach')).toMatchObject({ code: 0 });
    expect(await jobs('jobs', 'wait', '--latest')).toMatchObject({ code: 1 });
    expect(await log()).toBe('attempt 1 of 3');
  });

  it('checks what is typed against the tool, with what is fixed, before anything is sent', async () => {
    const server = await watchedServer({ dialect: 'plain' });
    const work = await workAt(server.url);
    await work.run('jobs define one --tool add --arg a=1');
    for (const [words, message] of [
      ['one', /^error: missing required --b\n/],
      ['one --b many', /^error: --b: must be a number \(given "many"\)\n/],
      ['one --b 1 --a 2', /^error: unknown flag --a\b/],
      ['one --args {"a":2,"b":3}', /^error: a is fixed to 1\n/],
    ] as const)
      expect({ words, ...(await work.run(words)) }).toMatchObject({
        words,
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
    expect(server.stats.calls).toEqual({});
    // The same value again contradicts nothing.
    expect(await work.run('one --args {"a":1,"b":3}')).toMatchObject({ code: 0 });
  });

  it('is in ls with kind, tags and labels, unless it is hidden', async () => {
    const server = await watchedServer({ dialect: 'plain' });
    const work = await workAt(server.url);
    await work.run('jobs define seen --tool echo --tag a --label k=v');
    await work.run('jobs define unseen --tool echo --hide');
    expect((await work.run('ls')).stdout).toMatch(/^seen +definition {2}.+ {2}#a k=v$/m);
    expect((await work.run('ls')).stdout).not.toContain('unseen');
    expect((await work.run('ls --all')).stdout).toContain('unseen');
    expect(await work.json('ls --label k=v')).toMatchObject({
      data: { items: [{ id: 'seen', kind: 'definition', tool: 'echo', tags: ['a'], labels: { k: 'v' } }] },
    });
    configure(work.home, { tools: { add: { hideFromDiscovery: true, tags: ['math'] } } });
    expect((await work.run('ls')).stdout).not.toMatch(/^add /m);
    expect((await work.run('ls --all --tag math')).stdout).toMatch(/^add {2}.*#math$/m);
    // What is not listed can be called all the same.
    expect(await work.run('add --a 1 --b 2')).toMatchObject({ code: 0 });
    expect(await work.run('unseen --message hi')).toMatchObject({ code: 0 });
  });

  it('stands behind a tool of its name, and says so when its tool is gone', async () => {
    const server = await watchedServer({ dialect: 'plain' });
    const work = await workAt(server.url);
    await work.run('jobs define mine --tool echo --arg message=mine');
    const file = join(work.home, 'instances', 'work', 'definitions.json');
    const stored = { tool: 'add', args: { a: 1, b: 1 } };
    writeFileSync(
      file,
      JSON.stringify({ schema_version: 1, definitions: { echo: stored, gone: { tool: 'nowhere' } } }),
    );
    expect(await work.run('echo --message tool')).toMatchObject({ code: 0, stdout: 'tool\n' });
    expect(await work.run('call --definition echo')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2'),
    });
    const gone = await work.run('gone');
    expect(gone).toMatchObject({ code: 2, stdout: '' });
    expect(gone.stderr).toMatch(/^error: gone calls nowhere, which the server does not have \(any more\)\n/);
  });

  it('does not get round a rule for its tool', async () => {
    const server = await watchedServer({ dialect: 'plain' });
    const work = await workAt(server.url);
    await work.run('jobs define hello --tool echo --arg message=hi');
    configure(work.home, { permissions: [{ action: 'execute', tools: ['echo'], roles: ['admin'] }] });
    const refused = await work.run('--json hello');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'permission_denied' });
    expect(server.stats.calls).toEqual({});
    configure(work.home, {
      permissions: [{ action: ['create', 'update', 'delete'], tools: ['h*'], roles: ['admin'] }],
    });
    expect(await work.run('jobs define hallo --tool echo')).toMatchObject({ code: 4 });
    expect(await work.run('jobs define hello --tool echo --force')).toMatchObject({ code: 4 });
    expect(await work.run('jobs undefine hello')).toMatchObject({ code: 4 });
    expect(await work.run('jobs undefine hello', { env: { MCP2CLI_ROLES: 'admin' } })).toMatchObject({
      code: 0,
    });
  });
});

describe('at a FrontMCP server', () => {
  it('jobs define and undefine drive register_* and remove_*', async () => {
    const server = await frontmcpServer({ speed: 20 });
    const work = await workAt(server.url);
    const flow = [
      { id: 'hello', jobName: 'greet', input: { name: 'Ada' } },
      { id: 'then', jobName: 'scalar', dependsOn: ['hello'] },
    ];
    const file = join(work.home, 'flow.json');
    writeFileSync(
      file,
      JSON.stringify([
        { name: 'flow', steps: flow, tags: ['own'] },
        { name: 'own', script: '1' },
      ]),
    );
    expect(await work.run(`jobs define ${file}`)).toMatchObject({
      code: 0,
      stdout: 'registered flow (workflow of the server)\nregistered own (job of the server)\n',
      stderr: '',
    });
    expect((await work.run('ls --tag own')).stdout).toMatch(/^flow +.*#own\n$/);
    expect(await work.run('flow')).toMatchObject({
      code: 0,
      stdout: 'flow: completed\n├─ hello: completed  {"message":"Hello Ada!"}\n└─ then: completed  42\n',
    });
    const again = await work.run('jobs define own --script 2');
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'error: register_job: Job "own" already exists\n',
    });
    expect(await work.run('jobs define own --script 2 --force')).toMatchObject({
      code: 0,
      stdout: 'replaced own (job of the server)\n',
    });
    expect(await work.run('jobs undefine flow')).toMatchObject({
      code: 0,
      stdout: 'removed flow (workflow of the server)\n',
    });
    expect(await work.run('flow')).toMatchObject({ code: 2 });
    expect(await work.run('jobs undefine greet')).toMatchObject({
      code: 1,
      stderr: 'error: remove_job: Job "greet" is not a dynamic job and cannot be removed\n',
    });
    expect(await work.run('jobs undefine own --job')).toMatchObject({ code: 0 });
    expect(server.stats.calls).toMatchObject({ register_workflow: 1, remove_workflow: 1, remove_job: 3 });
  });

  it('looks at steps here, and refuses what a server would take and fail of', async () => {
    const server = await frontmcpServer();
    const work = await workAt(server.url);
    const steps = (list: object[]) => JSON.stringify(list);
    for (const [words, message] of [
      [`--steps ${steps([])}`, /steps must be a list of steps, at least one/],
      [`--steps ${steps([{ id: 'a' }])}`, /step a: jobName is missing/],
      [
        `--steps ${steps([{ id: 'a', jobName: 'x', dependsOn: ['b'] }])}`,
        /step a waits for b, which is no step/,
      ],
      [
        `--steps ${steps([
          { id: 'a', jobName: 'x', dependsOn: ['b'] },
          { id: 'b', jobName: 'x', dependsOn: ['a'] },
        ])}`,
        /steps wait for each other: a, b/,
      ],
      ['--steps nonsense', /--steps: not valid JSON/],
      ['--script 1 --retries 3', /--retries is for a job of your own/],
      ['--steps [{"id":"a","jobName":"x"}] --trigger never', /trigger must be one of manual, webhook, event/],
    ] as const)
      expect({ words, ...(await work.run(`jobs define flow ${words}`)) }).toMatchObject({
        words,
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
    expect(server.stats.calls).not.toHaveProperty('register_workflow');
  });

  it('is said plainly where a server has no jobs', async () => {
    const server = await watchedServer();
    const work = await workAt(server.url);
    expect(await work.run('jobs define x --script 1')).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/^error: the server has no jobs of its own that could be defined\n/),
    });
  });

  it.each([
    [
      'at a server without workflows',
      'steps: [{id: a, jobName: echo}]',
      5,
      'the server has no workflows of its',
    ],
    [
      'with a field of our own',
      'steps: [{id: a, jobName: echo}]\nmaxConcurrency: 2',
      2,
      'maxConcurrency: a workflow of',
    ],
    ['with a step that says neither', 'steps: [{id: a, job: echo}]', 2, 'step a: jobName is missing'],
  ])('steps with jobName %s: the error says what steps of your own have', async (_what, text, code, told) => {
    const server = await watchedServer();
    const work = await workAt(server.url);
    const file = join(work.home, 'flow.yaml');
    writeFileSync(file, `name: flow\n${text}\n`);
    const refused = await work.run(`--json jobs define ${file}`);
    expect(refused.code).toBe(code);
    expect(errorOf(refused)).toMatchObject({
      message: expect.stringContaining(told),
      hint: 'steps with "jobName" are for a FrontMCP job server; those of your own have "tool" in its place: {"id": "a", "tool": "TOOL"}',
    });
  });

  it('a workflow that no server here could have had is told so on its removal, without a word of steps', async () => {
    const server = await watchedServer();
    const work = await workAt(server.url);
    expect(await work.run('jobs undefine flow --workflow')).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /^error: the server has no workflows of its own .*\nhint: .*jobs definitions\n$/,
      ),
    });
  });
});
