/** Permissions of an instance, through the real program against real servers: what is refused never reaches the server. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult, StartOptions } from '../../support/cli.ts';
import { run, start } from '../../support/cli.ts';
import { hostileServer } from '../../support/hostile.ts';
import { dataOf, errorOf, homeWith } from '../../support/instance.ts';
import { configure, keeperHome, STDIO_COMMAND, theKeeper } from '../../support/keeper.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { demoServer, everythingHttp } from '../../support/servers.ts';

interface Refused {
  time: string;
  action: string;
  tool: string | null;
  rule: string;
  reason: string;
  roles: string[];
  scopes: string[];
}

const DEPLOY = ['deploy', '--version', '2.0', '--duration', '0'];

/** A demo server and an instance `work` of it, with its catalogue in the cache and these settings. */
async function guarded(settings: object, headers: readonly string[] = []) {
  const server = await demoServer({ pollIntervalMs: 50 });
  const home = await homeWith(['--url', server.url, ...headers]);
  const work = (words: readonly string[], options: Partial<StartOptions> = {}) =>
    run(['work', ...words], { home, ...options });
  expect(await work(['refresh'], { env: { TOKEN: 'x' } })).toMatchObject({ code: 0 });
  configure(home, settings);
  return { server, home, work, file: join(home, 'instances/work/refusals.jsonl') };
}

function refusals(file: string): Refused[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Refused);
}

const denied = (message: string) => ({
  code: 4,
  stdout: '',
  stderr: expect.stringContaining(`error: work: ${message}\n`),
});

const node = (code: string) => ({ command: process.execPath, args: ['-e', code] });

describe('execute', () => {
  it('is refused before anything is sent, in the foreground and in the background, and recorded', async () => {
    const permissions = [
      { action: 'read', roles: ['nobody'] },
      { action: 'execute', tools: ['de*'], roles: ['admin', 'release manager'] },
    ];
    const { server, work, home, file } = await guarded({ permissions });
    const before = structuredClone(server.stats);
    const message =
      'execute "deploy" is not permitted: rule permissions[1] requires one of the roles admin, release manager';
    expect(await work(DEPLOY)).toMatchObject(denied(message));
    expect(await work(['call', ...DEPLOY])).toMatchObject(denied(message));
    expect(await work([...DEPLOY, '--background'])).toMatchObject(denied(message));
    expect(await work([...DEPLOY, '--detach'])).toMatchObject(denied(message));
    const json = await work(['--json', ...DEPLOY]);
    expect(json).toMatchObject({ code: 4, stdout: '' });
    expect(errorOf(json)).toEqual({
      code: 'permission_denied',
      message: `work: ${message}`,
      hint: 'you have roles: none; scopes: none; more come from the access token, MCP2CLI_ROLES, MCP2CLI_SCOPES, or: mcp2cli instances set work roles|scopes NAME...',
      exit_code: 4,
      details: {
        action: 'execute',
        tool: 'deploy',
        rule: 'permissions[1]',
        reason: 'requires one of the roles admin, release manager',
      },
    });
    expect(server.stats).toEqual(before);
    expect(await work(['jobs', 'list'])).toMatchObject({ code: 0, stdout: '' });
    expect(existsSync(join(home, 'instances/work/jobs'))).toBe(false);

    const all = refusals(file);
    expect(all).toHaveLength(5);
    for (const one of all)
      expect(one).toEqual({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        action: 'execute',
        tool: 'deploy',
        rule: 'permissions[1]',
        reason: 'requires one of the roles admin, release manager',
        roles: [],
        scopes: [],
      });
    expect(statSync(file).mode & 0o777).toBe(0o600);

    // Other tools, help, and wrong lines are as ever.
    expect(await work(['add', '--a', '1', '--b', '2'])).toMatchObject({ code: 0, stdout: '1 + 2 = 3\n' });
    expect(await work(['deploy', '--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(await work(['deploy'])).toMatchObject({ code: 2 });
    expect(refusals(file)).toHaveLength(5);
  });

  it('needs any of a list, and all of the rules', async () => {
    const permissions = [
      { action: 'execute', roles: ['admin', 'data-officer'] },
      { action: ['execute', 'delete'], scopes: ['data:delete', 'data:*'], name: 'deleters' },
    ];
    const { server, home, work, file } = await guarded({ permissions });
    const set = async (...words: string[]) =>
      expect(await run(['instances', 'set', 'work', ...words], { home })).toMatchObject({ code: 0 });
    await set('roles', 'viewer', 'data-officer');
    expect(await work(DEPLOY)).toMatchObject(
      denied(
        'execute "deploy" is not permitted: rule "deleters" requires one of the scopes data:delete, data:*',
      ),
    );
    await set('scopes', 'data:read');
    expect(await work(DEPLOY)).toMatchObject({ code: 4 });
    expect(server.stats.calls).toEqual({});
    await set('scopes', 'data:read', 'data:delete');
    expect(await work(DEPLOY)).toMatchObject({ code: 0 });
    await set('roles', 'viewer');
    expect(await work(DEPLOY)).toMatchObject(
      denied(
        'execute "deploy" is not permitted: rule permissions[0] requires one of the roles admin, data-officer',
      ),
    );
    expect(server.stats.calls).toEqual({ deploy: 1 });
    expect(refusals(file).map(({ rule, roles, scopes }) => ({ rule, roles, scopes }))).toEqual([
      { rule: 'deleters', roles: ['viewer', 'data-officer'], scopes: [] },
      { rule: 'deleters', roles: ['viewer', 'data-officer'], scopes: ['data:read'] },
      { rule: 'permissions[0]', roles: ['viewer'], scopes: ['data:read', 'data:delete'] },
    ]);

    // Roles and scopes of the environment count beside these.
    const env = { MCP2CLI_ROLES: 'ops,admin', MCP2CLI_SCOPES: 'a b' };
    expect(await work(DEPLOY, { env })).toMatchObject({ code: 0 });
    expect(await run(['instances', 'unset', 'work', 'permissions'], { home })).toMatchObject({ code: 0 });
    expect(await work(DEPLOY)).toMatchObject({ code: 0 });
    expect(server.stats.calls).toEqual({ deploy: 3 });
  });

  it('takes roles and scopes from the access token, and never shows it', async () => {
    const token = (claims: object) =>
      ['{}', JSON.stringify(claims), 'sig'].map((part) => Buffer.from(part).toString('base64url')).join('.');
    const permissions = [
      { action: 'execute', roles: ['admin'] },
      { action: 'execute', scopes: ['tools:run'] },
    ];
    const { server, work, home } = await guarded({ permissions }, [
      '--header',
      'Authorization: Bearer ${TOKEN}',
    ]);
    const good = token({ scope: 'openid tools:run', realm_access: { roles: ['admin'] } });
    expect(await work(DEPLOY, { env: { TOKEN: good } })).toMatchObject({ code: 0 });
    expect(server.stats.calls).toEqual({ deploy: 1 });

    const poor = token({ scp: 'tools:run', roles: ['user'] });
    const refused = await work(['--verbose', ...DEPLOY], { env: { TOKEN: poor } });
    expect(refused).toMatchObject(
      denied('execute "deploy" is not permitted: rule permissions[0] requires the role admin'),
    );
    expect(refused.stderr).toContain('you have roles: user; scopes: tools:run;');
    for (const part of poor.split('.')) expect(refused.stderr).not.toContain(`${part}.`);
    expect(readFileSync(join(home, 'instances/work/refusals.jsonl'), 'utf8')).not.toContain(poor);

    // One that cannot be read grants nothing; one that is missing is told.
    expect(await work(DEPLOY, { env: { TOKEN: 'opaque' } })).toMatchObject({ code: 4 });
    const unset = await work(DEPLOY);
    expect(unset).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('(not read: environment variable TOKEN is not set'),
    });
    const env = { MCP2CLI_ROLES: 'admin', MCP2CLI_SCOPES: 'tools:run' };
    expect(await work(DEPLOY, { env })).toMatchObject({ code: 2 });
    expect(server.stats.calls).toEqual({ deploy: 1 });
  });

  it('is refused although the refusal cannot be recorded', async () => {
    const { server, work, home, file } = await guarded({
      permissions: [{ action: 'execute', roles: ['admin'] }],
    });
    mkdirSync(file);
    const refused = await work(['--json', ...DEPLOY]);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    const [warning] = refused.stderr.split('\n');
    expect(JSON.parse(warning ?? '')).toEqual({
      warning: {
        code: 'refusals',
        message: expect.stringContaining(`the refusal was not recorded: cannot write ${home}`),
      },
    });
    expect(errorOf(refused).code).toBe('permission_denied');
    expect(server.stats.calls).toEqual({});
  });

  it('rules that are damaged let nothing through', async () => {
    const { server, work } = await guarded({
      permissions: [{ action: 'execute', role: 'admin', scopes: ['x'] }],
    });
    for (const words of [DEPLOY, ['ls'], ['jobs', 'list']])
      expect(await work(words)).toMatchObject({
        code: 78,
        stdout: '',
        stderr: expect.stringMatching(
          /^error: instance work: permissions\[0\] must be made of .* not "role"\nhint: /,
        ),
      });
    expect(server.stats.calls).toEqual({});
  });

  it('is free on an ad hoc target of the same server', async () => {
    const { server, home } = await guarded({ permissions: [{ action: 'execute', roles: ['admin'] }] });
    expect(await run(['--url', server.url, ...DEPLOY], { home })).toMatchObject({ code: 0 });
  });

  it('of a job is not got round by the tool that runs it, whatever its schema says', async () => {
    const server = await hostileServer();
    const string = { type: 'string' };
    server.tools = ['execute_job', 'execute-workflow', 'work'].map((name) => ({
      name,
      inputSchema: { type: 'object', properties: { name: string, input: { type: 'object' } } },
    }));
    const home = await homeWith(['--url', server.url]);
    const rule = { action: ['execute', 'read', 'list'], tools: ['purge*'], roles: ['admin'] };
    const work = (...words: string[]) => run(['work', ...words], { home });
    const other = await work('execute-job', '--name', 'purge_all', '--background', '--quiet');
    configure(home, { permissions: [rule] });
    const calls = server.count('tools/call');
    const refused = denied(
      'execute "purge_all" is not permitted: rule permissions[0] requires the role admin',
    );
    expect(await work('execute-job', '--name', 'purge_all')).toMatchObject(refused);
    expect(await work('call', 'execute_job', '--args', '{"name":"purge_all"}')).toMatchObject(refused);
    expect(await work('execute-workflow', '--name', 'purge_all', '--background')).toMatchObject(refused);
    expect(server.count('tools/call')).toBe(calls);
    expect(await work('work', '--name', 'purge_all')).toMatchObject({ code: 0 });
    expect(await work('execute-job', '--name', 'report')).toMatchObject({ code: 0 });
    // The run of before is that job's, too.
    expect(await work('jobs', 'list')).toMatchObject({ code: 0, stdout: '' });
    expect(await work('jobs', 'show', other.stdout.trim())).toMatchObject({ code: 4, stdout: '' });
  });

  it('against server-everything, a tool call does not arrive', async () => {
    const proxy = await recordingProxy((await everythingHttp()).url);
    const home = await homeWith(['--url', proxy.url]);
    configure(home, { permissions: [{ action: 'execute', tools: ['get-*'], scopes: ['sums'] }] });
    const sum = ['work', 'get-sum', '--a', '1', '--b', '2'];
    expect(await run(sum, { home })).toMatchObject({ code: 4, stdout: '' });
    expect(proxy.count('tools/call')).toBe(0);
    expect(await run(sum, { home, env: { MCP2CLI_SCOPES: 'sums' } })).toMatchObject({ code: 0 });
    expect(proxy.count('tools/call')).toBe(1);
  });
});

describe('a guard', () => {
  const DECIDE = `
    const question = JSON.parse(require('fs').readFileSync(0, 'utf8'));
    require('fs').appendFileSync(process.env.HOME + '/asked.jsonl', JSON.stringify(question) + '\\n');
    if (question.arguments?.environment === 'production') { console.error('not on a friday'); process.exit(1); }`;
  const asked = (home: string) =>
    readFileSync(join(home, 'asked.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('is told what is to happen, and decides', async () => {
    const permissions = [
      { action: 'execute', name: 'fridays', roles: ['ops'], command: node(DECIDE) },
      { action: 'execute', tools: ['export'], roles: ['admin'] },
    ];
    const { server, home, work } = await guarded({ permissions, roles: ['ops'], scopes: ['s'] });
    const production = [...DEPLOY, '--environment', 'production'];
    expect(await work(DEPLOY)).toMatchObject({ code: 0 });
    const refused = await work(production);
    expect(refused).toMatchObject({
      code: 4,
      stdout: '',
      stderr:
        'error: work: execute "deploy" is not permitted: rule "fridays": its command refused: not on a friday\nhint: it was told roles: ops; scopes: s\n',
    });
    expect(server.stats.calls).toEqual({ deploy: 1 });
    expect(asked(home)).toEqual([
      {
        instance: 'work',
        action: 'execute',
        tool: 'deploy',
        arguments: { version: '2.0', duration: 0 },
        roles: ['ops'],
        scopes: ['s'],
      },
      expect.objectContaining({ arguments: { version: '2.0', duration: 0, environment: 'production' } }),
    ]);
    // Not asked when roles decide.
    expect(await work(['export', '--dataset', 'x'])).toMatchObject({ code: 4 });
    expect(asked(home)).toHaveLength(2);
  });

  it('gets secrets redacted', async () => {
    const { server, home, work } = await guarded({
      permissions: [{ action: 'execute', command: node(DECIDE) }],
    });
    expect(await work(['show-types', '--secret', 'hunter2', '--text', 'a'])).toMatchObject({ code: 0 });
    expect(server.stats.calls).toEqual({ 'show-types': 1 });
    expect(asked(home)).toMatchObject([{ arguments: { text: 'a', secret: '[redacted]' } }]);
  });

  it.each([
    ['crashes', node('throw new Error("broken")'), /rule permissions\[0\]: its command refused: /],
    ['is killed', node('process.kill(process.pid, "SIGKILL")'), /its command was ended by SIGKILL/],
    [
      'cannot be started',
      { command: '/no/such/guard' },
      /its command could not be started: no such command: \/no\/such\/guard/,
    ],
  ])('that %s lets nothing through', async (_, command, stderr) => {
    const { server, work, file } = await guarded({ permissions: [{ action: 'execute', command }] });
    expect(await work(DEPLOY)).toMatchObject({ code: 4, stdout: '', stderr: expect.stringMatching(stderr) });
    expect(server.stats.calls).toEqual({});
    expect(refusals(file)).toHaveLength(1);
  });

  it('that hangs can be interrupted, and nothing is sent', async () => {
    const hang = node(
      "require('fs').writeFileSync(process.env.HOME + '/up', ''); setInterval(() => {}, 1000)",
    );
    const { server, home, file } = await guarded({ permissions: [{ action: 'execute', command: hang }] });
    const running = start(['work', ...DEPLOY], { home });
    await expect.poll(() => existsSync(join(home, 'up'))).toBe(true);
    running.signal('SIGINT');
    expect(await running.done).toMatchObject({ code: 130, stdout: '' });
    expect(server.stats.calls).toEqual({});
    expect(refusals(file)).toEqual([]);
  });
});

describe('list', () => {
  const names = (result: RunResult) =>
    result.stdout.split('\n').flatMap((line) => /^ *([\w-]+)/.exec(line)?.[1] ?? []);

  it('leaves out what its rules for tools refuse', async () => {
    const permissions = [
      { action: 'list', tools: ['batch-*', 'flaky-import'], roles: ['admin'] },
      { action: 'list', tools: ['export'], scopes: ['data'] },
    ];
    const { work, file } = await guarded({ permissions });
    const env = { MCP2CLI_ROLES: 'admin', MCP2CLI_SCOPES: 'data' };
    const all = names(await work(['ls'], { env }));
    expect(all).toEqual(expect.arrayContaining(['deploy', 'export', 'batch-process', 'flaky-import']));
    const some = all.filter((name) => !['export', 'batch-process', 'flaky-import'].includes(name));
    const listed = await work(['ls', '--verbose']);
    expect(names(listed)).toEqual(some);
    expect(listed.stderr).toContain(
      '2 left out: rule permissions[0] requires the role admin\n1 left out: rule permissions[1] requires the scope data\n',
    );
    const ids = async (word: string) =>
      dataOf<{ items: { id: string }[] }>(await work([word, '--json'])).items.map(({ id }) => id);
    expect(await ids('ls')).toEqual(some);
    expect(await ids('refresh')).toEqual(some);
    expect(await work(['refresh'])).toMatchObject({ code: 0, stdout: `${some.length} tools\n` });
    const help = await work(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('\n  deploy ');
    expect(help.stdout).not.toMatch(/\n {2}(export|batch-process) /);
    // What is not listed can be run, for all that the rules say.
    expect(await work(['export', '--dataset', 'x', '--duration', '0'])).toMatchObject({ code: 0 });
    expect(refusals(file)).toEqual([]);
  });

  it('no error, no help and no completion names what is left out', async () => {
    const permissions = [{ action: 'list', tools: ['export', 'de*'], roles: ['admin'] }];
    const { work, home } = await guarded({ permissions });
    const env = { MCP2CLI_ROLES: 'admin' };
    expect((await work(['exprt'], { env })).stderr).toContain('did you mean export?');
    for (const words of [
      ['exprt'],
      ['call', 'exprt'],
      ['deploi'],
      ['jobs', 'define', 'x', '--tool', 'exprt'],
    ]) {
      const unknown = await work(words);
      expect(unknown).toMatchObject({ code: 2, stdout: '' });
      expect(unknown.stderr).not.toMatch(/export|deploy/);
    }
    const refused = denied('list "export" is not permitted: rule permissions[0] requires the role admin');
    for (const words of [
      ['export', '--help'],
      ['--help', 'export'],
      ['call', 'export', '--help'],
    ])
      expect(await work(words)).toMatchObject(refused);
    const json = await work(['export', '--help', '--json']);
    expect(json).toMatchObject({ code: 4, stdout: '' });
    expect(json.stderr).not.toContain('dataset');
    expect(await work(['export', '--help', '--json'], { env })).toMatchObject({ code: 0, stderr: '' });

    // A definition over it is known by its tool, too; and so are its jobs.
    const define = ['jobs', 'define', 'nightly', '--tool', 'export', '--arg', 'dataset=users'];
    expect(await work(define)).toMatchObject({ code: 0 });
    const id = (await work(['nightly', '--duration', '0', '--background', '--quiet'])).stdout.trim();
    expect(id).toMatch(/^job_/);
    for (const words of [
      ['ls'],
      ['jobs', 'list'],
      ['jobs', 'definitions'],
      ['jobs', 'export'],
      ['nightli'],
      ['jobs', 'export', 'nightli'],
    ]) {
      const { stdout, stderr } = await work(words);
      expect(`${stdout}${stderr}`).not.toMatch(/nightly|export /);
    }
    expect((await work(['jobs', 'list'], { env })).stdout).toContain('nightly');
    expect(await work(['jobs', 'export', 'nightly'])).toMatchObject({ code: 4, stdout: '' });
    const tab = async (words: string[], more = {}) =>
      (await run(['__complete', '--', 'work', ...words], { home, env: more })).stdout;
    for (const words of [['nigh'], ['exp'], ['jobs', 'undefine', ''], ['jobs', 'show', '']]) {
      expect(await tab(words)).not.toMatch(/nightly|export/);
      expect(await tab(words, env)).toMatch(/nightly|export/);
    }
  });

  it('as a whole is refused by a rule for all tools, before anything is sent', async () => {
    const { server, work, file } = await guarded({
      permissions: [{ action: 'list', name: 'eyes', roles: ['admin'] }],
    });
    const before = structuredClone(server.stats);
    for (const words of [['ls'], ['refresh'], ['jobs', 'list'], ['jobs', 'list', '--refresh']])
      expect(await work(words)).toMatchObject(
        denied('list is not permitted: rule "eyes" requires the role admin'),
      );
    // Help says what else there is.
    const help = await work(['--help']);
    expect(help).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^warning: work: list is not permitted: /),
    });
    expect(help.stdout).toContain('Tools:\n  (not permitted)\n');
    expect(server.stats).toEqual(before);
    expect(refusals(file).map(({ action, tool, rule }) => ({ action, tool, rule }))).toEqual(
      Array(5).fill({ action: 'list', tool: null, rule: 'eyes' }),
    );
  });

  it('asks a guard once, however long the list', async () => {
    const count = node(
      "require('fs').appendFileSync(process.env.HOME + '/asked', require('fs').readFileSync(0) + '\\n'); process.exit(1)",
    );
    const { work, home } = await guarded({
      permissions: [{ action: 'list', tools: ['*e*'], command: count }],
    });
    const left = names(await work(['ls']));
    expect(left.length).toBeGreaterThan(0);
    for (const name of left) expect(name).not.toContain('e');
    expect(
      readFileSync(join(home, 'asked'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([{ instance: 'work', action: 'list', tool: null, arguments: null, roles: [], scopes: [] }]);
  });
});

describe('jobs', () => {
  it('are read, updated and listed by the rules for their tools', async () => {
    const { server, work, home, file } = await guarded({});
    const submit = async (words: readonly string[]) =>
      (await work([...words, '--background', '--quiet'])).stdout.trim();
    const exported = await submit(['export', '--dataset', 'users', '--duration', '0']);
    expect(await work(['jobs', 'wait', exported])).toMatchObject({ code: 0 });
    const secret = await submit(['batch-process', '--input', 'data.csv', '--duration', '600']);
    configure(home, {
      permissions: [
        { action: ['read', 'list'], tools: ['export'], roles: ['reader'] },
        { action: 'update', tools: ['batchProcess', 'batch-*'], roles: ['operator'] },
      ],
    });
    const before = structuredClone(server.stats);
    for (const words of [['show'], ['wait'], ['watch'], ['logs'], ['wait', secret]])
      expect(await work(['jobs', ...words, exported])).toMatchObject(
        denied('read "export" is not permitted: rule permissions[0] requires the role reader'),
      );
    for (const words of [['cancel'], ['answer', '--accept']])
      expect(await work(['jobs', ...words, secret])).toMatchObject(
        denied('update "batch-process" is not permitted: rule permissions[1] requires the role operator'),
      );
    expect(server.stats).toEqual(before);

    const idsOf = async (words: string[], env = {}) =>
      (
        JSON.parse((await work(['--json', 'jobs', 'list', ...words], { env })).stdout) as { job_id: string }[]
      ).map(({ job_id }) => job_id);
    expect(await idsOf([])).toEqual([secret]);
    expect(await idsOf(['--refresh'])).toEqual([secret]);
    expect(await idsOf([], { MCP2CLI_ROLES: 'reader' })).toEqual([secret, exported]);
    const third = await submit(['export', '--dataset', 'users', '--duration', '0']);
    expect(await idsOf(['--limit', '1'])).toEqual([secret]);
    expect(await idsOf(['--limit', '1'], { MCP2CLI_ROLES: 'reader' })).toEqual([third]);

    const env = { MCP2CLI_ROLES: 'reader operator' };
    expect(await work(['jobs', 'show', exported], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(await work(['jobs', 'wait', exported], { env })).toMatchObject({ code: 0 });
    expect(await work(['jobs', 'cancel', secret], { env })).toMatchObject({ code: 0 });
    expect(refusals(file).map(({ action, tool }) => `${action} ${tool}`)).toEqual([
      ...Array(5).fill('read export'),
      ...Array(2).fill('update batch-process'),
    ]);
  });

  it('a wait does not answer what may not be updated', async () => {
    const { server, work, home } = await guarded({
      permissions: [{ action: 'update', tools: ['provision'], roles: ['operator'] }],
    });
    const provision = ['provision', '--name', 'm', '--duration', '0', '--background', '--quiet'];
    const id = (await work(provision)).stdout.trim();
    const wait = ['jobs', 'wait', '--elicit', 'decline', id];
    const refused = await work(wait);
    expect(refused).toMatchObject({ code: 8, stdout: '' });
    expect(refused.stderr).toContain(
      'update "provision" is not permitted: rule permissions[0] requires the role operator',
    );
    expect(refusals(join(home, 'instances/work/refusals.jsonl'))).toHaveLength(1);
    // Its help only shows the question.
    expect(await work(['jobs', 'answer', id, '--help'])).toMatchObject({ code: 0 });
    expect(await work(wait, { env: { MCP2CLI_ROLES: 'operator' } })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing provisioned'),
    });
    expect(server.stats.calls).toEqual({ provision: 1 });
  });
});

describe('settings', () => {
  it('are set as JSON or from a file, shown, and taken back', async () => {
    const { home } = await guarded({});
    const instances = (...words: string[]) => run(['instances', ...words], { home });
    const stored = () => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers.work;
    const rule = { action: 'execute', tools: ['delete-*'], command: { command: './guard.sh' } };
    const kept = { ...rule, command: { command: join(home, 'guard.sh') } };
    const text = JSON.stringify([kept]);
    expect(await instances('set', 'work', 'permissions', JSON.stringify([rule]))).toMatchObject({
      code: 0,
      stdout: `work: permissions is ${text}\n`,
      stderr: '',
    });
    expect(stored().permissions).toEqual([kept]);
    expect((await instances('show', 'work')).stdout).toContain(`\npermissions: ${text}\n`);
    expect(await instances('set', 'work', 'roles', 'a', 'b')).toMatchObject({
      code: 0,
      stdout: 'work: roles is a b\n',
    });
    expect(await instances('set', 'work', 'scopes', 'x:y')).toMatchObject({
      code: 0,
      stdout: 'work: scopes is x:y\n',
    });
    expect(dataOf(await instances('show', 'work', '--json'))).toMatchObject({
      permissions: [kept],
      roles: ['a', 'b'],
      scopes: ['x:y'],
    });
    writeFileSync(join(home, 'rules.json'), '[{"action": "list", "roles": ["a"]}]');
    expect(await instances('set', 'work', 'permissions', '@rules.json')).toMatchObject({ code: 0 });
    expect(stored().permissions).toEqual([{ action: 'list', roles: ['a'] }]);
    for (const key of ['permissions', 'roles', 'scopes'])
      expect(await instances('unset', 'work', key)).toMatchObject({
        code: 0,
        stdout: `work: ${key} is not set\n`,
      });
    expect(Object.keys(stored())).toEqual(['type', 'url']);
  });

  it.each([
    [['permissions', '[{'], /^permissions: not JSON: /],
    [['permissions', '@none.json'], /^permissions: no such file: .*none\.json$/],
    [
      ['permissions', '[{"action": "execute"}]'],
      /^permissions\[0\] must be a rule with roles, scopes or a command /,
    ],
    [['permissions', '[]', 'x'], /^permissions: not JSON: /],
  ])('%j is refused, and nothing is stored', async (words, message) => {
    const { home } = await guarded({});
    const refused = await run(['instances', 'set', 'work', ...words, '--json'], { home });
    expect(refused).toMatchObject({ stdout: '' });
    expect(refused.code).toBe(2);
    expect(errorOf(refused).message).toMatch(message);
    expect(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers.work).not.toHaveProperty(
      'permissions',
    );
  });

  it('a change of rules, roles or scopes leaves a keeper at its work', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    const first = await run(['work', 'pid'], { home });
    expect(first).toMatchObject({ code: 0 });
    const { pid } = await theKeeper(home);
    configure(home, { permissions: [{ action: 'execute', roles: ['a'] }], roles: ['a'], scopes: ['s'] });
    expect(await run(['work', 'pid'], { home })).toMatchObject({ code: 0, stdout: first.stdout });
    expect(await theKeeper(home)).toMatchObject({ pid });
  });
});
