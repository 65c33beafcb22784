/** Servers that other programs have: found, taken over, and used as they are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { HOST_FILES, type HostFixture, placeFile, type Servers } from '../../support/host-files.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { STDIO_SERVER } from '../../support/servers.ts';

const ECHO = { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } };
const SERVERS: Servers = { url: 'http://127.0.0.1:9/mcp', command: process.execPath, script: STDIO_SERVER };

interface Item {
  name: string;
  host: string;
  scope: string;
  path: string;
  import_as: string;
  state: string;
  reason?: string;
  notes: string[];
  secrets: string[];
}

const configOf = (home: string) =>
  JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')) as { mcpServers: Record<string, unknown> };

/** A home with one file of a host in it, or in the project beside it. */
function placed({ path, scope, text }: HostFixture, servers = SERVERS) {
  const home = freshHome();
  const project = freshDir('project');
  const file = placeFile(scope === 'user' ? home : project, path, text(servers));
  return { home, project, file };
}

/** The same two servers, as a person types them. */
async function byHand(): Promise<Record<string, unknown>> {
  const home = freshHome();
  const web = ['web', SERVERS.url, '--header', 'Authorization: Bearer ${WEB_TOKEN}'];
  const local = [
    'local',
    '--env',
    'DEPTH=3',
    '--env',
    'KEY=${LOCAL_KEY}',
    '--',
    SERVERS.command,
    SERVERS.script,
  ];
  for (const words of [web, local])
    expect(await run(['instances', 'add', ...words], { home })).toMatchObject({ code: 0 });
  return configOf(home).mcpServers;
}

describe.each(HOST_FILES)('$host, $scope: $path', (fixture) => {
  it('imports to the same servers as those that are typed by hand', async () => {
    const { home, project, file } = placed(fixture);
    const { items } = dataOf<{ items: Item[] }>(
      await run(['instances', 'discover', '--json'], { home, cwd: project }),
    );
    const found = items.filter(({ state }) => state === 'new');
    expect(found.map(({ name, host, path, scope }) => ({ name, host, path, scope }))).toEqual(
      ['web', 'local'].map((name) => ({ name, host: fixture.host, path: file, scope: fixture.scope })),
    );
    const words = ['instances', 'import', '--all', '--from', fixture.host];
    expect(await run(words, { home, cwd: project })).toMatchObject({ code: 0 });
    expect(configOf(home).mcpServers).toEqual(await byHand());
    // The file named, from anywhere.
    const other = freshHome();
    const named = ['instances', 'import', 'local', 'web', '--from', file];
    expect(await run(named, { home: other, env: { HOME: home } })).toMatchObject({ code: 0 });
    expect(configOf(other).mcpServers).toEqual(configOf(home).mcpServers);
  });
});

describe('instances discover', () => {
  it('says what there is, where, and what is left out and why; nothing is started, stored or shown that is secret', async () => {
    const home = freshHome();
    const project = freshDir('project');
    const cursor = placeFile(
      home,
      '.cursor/mcp.json',
      JSON.stringify({
        mcpServers: {
          one: {
            command: 'touch',
            args: [join(home, 'started'), '--token', 'hunter2'],
            env: { API_KEY: 'hunter3' },
          },
          'my server': { url: 'https://me:hunter4@host/mcp?api_key=hunter5', disabled: true },
          jobs: { command: 'x' },
          bad: null,
          worse: { args: [] },
          odd: { type: 'carrier-pigeon', url: 'https://host' },
          asks: { command: '${command:pick}' },
        },
      }),
    );
    const vscode = placeFile(
      project,
      '.vscode/mcp.json',
      '{"servers": {"sock": {"url": "unix:///run/x.sock#/mcp"}}}',
    );
    const broken = placeFile(home, '.codex/config.toml', '[mcp_servers.x]\nenv = { TOKEN = "hunter6" \n');
    const { code, stdout, stderr } = await run(['instances', 'discover'], { home, cwd: project });
    expect(code).toBe(0);
    expect(stdout).toBe(`Cursor: ${cursor}
  one        touch ${join(home, 'started')} --token [redacted]
  my server  https://[redacted]@host/mcp?api_key=[redacted]  (here: my-server; disabled)
  jobs       x  (here: cursor-jobs)
  bad        (left out: it is no object)
  worse      (left out: it has neither a URL nor a command: its host brings the server, or it is not complete)
  odd        (left out: its type is "carrier-pigeon", which is not known here)
  asks       (left out: it has \${command:pick}, which only Cursor fills in)

VS Code, of the project: ${vscode}
  sock  (left out: its address is no http(s) URL: unix:...)
`);
    expect(stderr).toBe(
      `to take them over: mcp2cli instances import NAME..., or --all\nwarning: damaged: ${broken}: not valid TOML (line 3)\n`,
    );
    const json = await run(['instances', 'discover', '--json'], { home, cwd: project });
    expect(stdout + stderr + json.stdout + json.stderr).not.toContain('hunter');
    expect(dataOf<{ items: Item[] }>(json).items[0]).toMatchObject({ secrets: ['env.API_KEY', 'args'] });
    expect(() => readFileSync(join(home, 'config.json'))).toThrow('ENOENT');
    expect(() => readFileSync(join(home, 'started'))).toThrow('ENOENT');
    const quiet = freshHome();
    expect(await run(['instances', 'discover'], { home: quiet })).toMatchObject({ code: 0, stdout: '' });
  });

  it("looks into the project's folder, up to the top of its repository, and no further", async () => {
    const home = freshHome();
    const outer = freshDir('outer');
    const text = (name: string) => JSON.stringify({ mcpServers: { [name]: { command: 'x' } } });
    placeFile(outer, '.mcp.json', text('outside'));
    placeFile(outer, 'repo/.git/HEAD', '');
    placeFile(outer, 'repo/.mcp.json', text('top'));
    placeFile(outer, 'repo/a/b/.mcp.json', text('here'));
    const names = async (cwd: string) =>
      dataOf<{ items: Item[] }>(await run(['instances', 'discover', '--json'], { home, cwd })).items.map(
        ({ name }) => name,
      );
    expect(await names(join(outer, 'repo/a/b'))).toEqual(['here', 'top']);
    expect(await names(join(outer, 'repo/a'))).toEqual(['top']);
    expect(await names(outer)).toEqual(['outside']);
  });

  it('has what Claude Code keeps for this folder alone', async () => {
    const home = freshHome();
    const project = freshDir('project');
    const projects = {
      [project]: { mcpServers: { mine: { command: 'x' } }, history: [] },
      '/elsewhere': { mcpServers: { other: { command: 'y' } } },
    };
    placeFile(home, '.claude.json', JSON.stringify({ mcpServers: {}, projects }));
    const { items } = dataOf<{ items: Item[] }>(
      await run(['instances', 'discover', '--json'], { home, cwd: project }),
    );
    expect(items).toMatchObject([{ name: 'mine', scope: 'folder' }]);
  });
});

describe('instances import', () => {
  const two = (home: string, project: string) => {
    placeFile(
      home,
      '.cursor/mcp.json',
      JSON.stringify({ mcpServers: { github: { url: 'https://a/mcp' }, files: { command: 'x' } } }),
    );
    placeFile(
      project,
      '.mcp.json',
      JSON.stringify({ mcpServers: { github: { url: 'https://b/mcp' }, bad: 5 } }),
    );
  };

  it('asks which is meant where a name is there twice; --force takes the first, HOST-NAME the one', async () => {
    const home = freshHome();
    const project = freshDir('project');
    two(home, project);
    const at = { home, cwd: project };
    const refused = await run(['instances', 'import', 'files', 'github', '--json'], at);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(refused)).toMatchObject({
      code: 'ambiguous_server',
      message: expect.stringContaining('github is in question: '),
      hint: 'beside it: mcp2cli instances import cursor-github or claude-code-github; in its place: --force',
    });
    // All that were named, or nothing.
    expect(() => configOf(home)).toThrow('ENOENT');

    const dry = await run(['instances', 'import', '--all', '--dry-run'], at);
    expect(dry).toMatchObject({ code: 0, stdout: 'Would add files: x (Cursor)\n' });
    expect(dry.stderr).toContain('warning: bad of Claude Code is left out: it is no object\n');
    expect(() => configOf(home)).toThrow('ENOENT');

    expect(await run(['instances', 'import', 'claude-code-github', 'files'], at)).toMatchObject({ code: 0 });
    expect(Object.keys(configOf(home).mcpServers)).toEqual(['claude-code-github', 'files']);
    // What is here already is no question any more.
    expect(await run(['instances', 'import', '--all', '--quiet'], at)).toMatchObject({
      code: 0,
      stdout: 'Added github: https://a/mcp (Cursor)\n',
    });
    const before = configOf(home);
    expect(await run(['instances', 'import', 'github', 'files'], at)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('nothing to import'),
    });
    expect(configOf(home)).toEqual(before);
  });

  it('replaces another server of the name with --force only', async () => {
    const home = freshHome();
    await run(['instances', 'add', 'files', '--', 'mine'], { home });
    placeFile(home, '.cursor/mcp.json', '{"mcpServers": {"files": {"command": "theirs"}}}');
    expect(await run(['instances', 'import', 'files'], { home })).toMatchObject({
      code: 2,
      stderr: `error: files is in question: instance files is another server
hint: beside it: mcp2cli instances import cursor-files; in its place: --force
`,
    });
    expect(configOf(home).mcpServers).toEqual({ files: { command: 'mine', args: [] } });
    expect(await run(['instances', 'import', 'files', '--force'], { home })).toMatchObject({ code: 0 });
    expect(configOf(home).mcpServers).toEqual({ files: { command: 'theirs', args: [] } });
  });

  it("makes a variable of what VS Code asks for, and says so; the project's folder is filled in", async () => {
    const home = freshHome();
    const project = freshDir('project');
    placeFile(
      project,
      '.vscode/mcp.json',
      `{
        "inputs": [{"type": "promptString", "id": "gh-token", "description": "A token of yours", "password": true}],
        "servers": {"gh": {"type": "stdio", "command": "\${workspaceFolder}/bin/gh", "args": ["\${userHome}"], "env": {"T": "\${input:gh-token}"}}},
      }`,
    );
    const imported = await run(['instances', 'import', 'gh'], { home, cwd: project });
    expect(imported).toMatchObject({
      code: 0,
      stderr: 'gh: VS Code asks for gh-token (A token of yours); here it is the variable GH_TOKEN\n',
    });
    expect(configOf(home).mcpServers).toEqual({
      gh: { command: join(project, 'bin/gh'), args: [home], env: { T: '${GH_TOKEN}' } },
    });
  });

  it('takes a secret over with a warning, and shows it nowhere', async () => {
    const home = freshHome();
    placeFile(
      home,
      '.cursor/mcp.json',
      JSON.stringify({
        mcpServers: {
          a: { url: 'https://host/mcp', headers: { Authorization: 'Bearer hunter2' } },
          b: { command: 'x', env: { TOKEN: 'hunter2', FINE: '${env:TOKEN}' } },
        },
      }),
    );
    for (const json of [[], ['--json']]) {
      const { code, stdout, stderr } = await run(['instances', 'import', '--all', '--force', ...json], {
        home,
      });
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain('hunter2');
      if (json.length === 0)
        expect(stderr).toBe(
          `warning: a: headers.Authorization has a secret written out, which is now in config.json, too; \${VAR} in its place keeps it out
warning: b: env.TOKEN has a secret written out, which is now in config.json, too; \${VAR} in its place keeps it out
`,
        );
    }
    expect(configOf(home).mcpServers).toMatchObject({ b: { env: { TOKEN: 'hunter2', FINE: '${TOKEN}' } } });
  });

  it('keeps numbers, names that are no plain words, and what is switched off', async () => {
    const home = freshHome();
    placeFile(
      home,
      '.codex/config.toml',
      `[mcp_servers."@scope/big server"]
command = "x"
env = { ID = 725653563933458432 }
env_vars = ["PASSED"]
enabled = false
enabled_tools = ["a"]
startup_timeout_sec = 20
[mcp_servers.__proto__]
url = "https://host/mcp"
env_http_headers = { X-Team = "TEAM" }
`,
    );
    placeFile(
      home,
      '.cursor/mcp.json',
      '{"mcpServers": {"n": {"command": "x", "env": {"ID": 725653563933458432, "F": 1.10}}}}',
    );
    const { code, stderr } = await run(['instances', 'import', '--all'], { home });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'scope-big-server: which tools may be used is not taken over: see permissions\n',
    });
    expect(configOf(home).mcpServers).toEqual({
      n: { command: 'x', args: [], env: { ID: '725653563933458432', F: '1.10' } },
      'scope-big-server': {
        command: 'x',
        args: [],
        env: { ID: '725653563933458432' },
        passEnv: ['PASSED'],
        connectTimeout: '20s',
        disabled: true,
      },
      proto: { type: 'http', url: 'https://host/mcp', headers: { 'X-Team': '${TEAM}' } },
    });
  });

  it.each([
    [['import'], 'which servers? give names, or --all'],
    [['import', 'nope'], 'no server "nope" was found'],
    [['import', 'files', '--all'], 'names and --all cannot be used together'],
    [
      ['import', '--all', '--from', 'cursr'],
      '--from cursr: no file, and no program that is known (did you mean cursor?)',
    ],
    [['import', '--all', '--from', './no.json'], 'no such file: '],
    [['import', '--all', '--from', '.'], 'not a file: '],
  ])('%j is a usage error', async (words, message) => {
    const home = freshHome();
    two(home, home);
    const refused = await run(['instances', ...words, '--json'], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(refused).message).toContain(message);
    expect(() => configOf(home)).toThrow('ENOENT');
  });

  it('a file of 2 MB, with comments, is read; a damaged one, of nothing, or a link to itself is told', async () => {
    const home = freshHome();
    const history = Array.from({ length: 20_000 }, (_, i) => ({
      at: i,
      text: 'x'.repeat(80),
      id: 0,
    }));
    const servers = { one: { command: 'x' } };
    const text = JSON.stringify({ history, mcpServers: servers }).replaceAll(
      '"id":0',
      '"id":725653563933458432',
    );
    expect(text.length).toBeGreaterThan(2_000_000);
    placeFile(home, '.claude.json', `// large\n${text}`);
    expect(await run(['instances', 'import', 'one'], { home })).toMatchObject({ code: 0 });
    const damaged = placeFile(home, 'bad.json', '{"mcpServers": {"a": {"env": {"TOKEN": "hunter2"');
    const refused = await run(['instances', 'import', '--all', '--from', damaged], { home });
    expect(refused).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('not valid JSON'),
    });
    expect(refused.stderr).not.toContain('hunter2');
    const none = placeFile(home, 'none.json', '{"theme": "dark"}');
    expect(await run(['instances', 'import', '--all', '--from', none], { home })).toMatchObject({
      code: 78,
      stderr: expect.stringContaining(`no servers in ${none}`),
    });
  });

  it('a circle of variables ends with the one that is not set', async () => {
    const home = freshHome();
    const env = { A: '${B}', B: '${A}', PATH: '${PATH}' };
    placeFile(home, '.mcp.json', JSON.stringify({ mcpServers: { round: { command: 'x', env } } }));
    expect(await run(['instances', 'import', 'round'], { home })).toMatchObject({ code: 0 });
    expect(await run(['round', 'ls'], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('environment variable B is not set'),
    });
  });
});

describe('--config FILE', () => {
  async function project() {
    const { url } = await fixtureServer([ECHO]);
    const home = freshHome();
    const dir = freshDir('project');
    const file = placeFile(
      dir,
      '.mcp.json',
      JSON.stringify({ mcpServers: { work: { url }, off: { url, disabled: true }, bad: 1 } }),
    );
    return { url, home, dir, file };
  }
  const CALL = ['echo', '--message', 'hi'];
  const ANSWER = { code: 0, stdout: '{"name":"echo","args":{"message":"hi"}}\n' };

  it('uses the servers of the file, and stores none of them', async () => {
    const { home, dir, file } = await project();
    const at = { home, cwd: dir };
    expect(await run(['--config', '.mcp.json', 'work', ...CALL], at)).toMatchObject(ANSWER);
    expect(await run(['--config', '.mcp.json', '-i', 'work', ...CALL], at)).toMatchObject(ANSWER);
    expect(await run(['work', ...CALL], { ...at, env: { MCP2CLI_CONFIG: file } })).toMatchObject(ANSWER);
    // It counts when it is named, and not by lying there.
    expect(await run(['work', ...CALL], at)).toMatchObject({ code: 2 });
    expect(() => configOf(home)).toThrow('ENOENT');
    const listed = await run(['--config', file, 'instances', 'list'], at);
    expect(listed).toMatchObject({ code: 0, stderr: 'warning: bad is left out: it is no object\n' });
    expect(listed.stdout).toContain('(disabled)');
  });

  it('has jobs of its own, which stay, apart from an instance of the same name', async () => {
    const { home, dir, url } = await project();
    const other = await fixtureServer([ECHO]);
    await run(['instances', 'add', 'work', other.url], { home });
    const at = { home, cwd: dir };
    const words = ['--config', '.mcp.json', 'work'];
    const { code, stdout } = await run([...words, ...CALL, '--background', '--quiet'], at);
    expect(code).toBe(0);
    const ids = (result: { stdout: string }) =>
      (JSON.parse(result.stdout) as { job_id: string }[]).map(({ job_id }) => job_id);
    expect(ids(await run([...words, 'jobs', 'list', '--json'], at))).toEqual([stdout.trim()]);
    expect(ids(await run(['work', 'jobs', 'list', '--json'], at))).toEqual([]);
    // The same server by another file of the same kind is the same.
    const copy = placeFile(
      freshDir('copy'),
      'x/.mcp.json',
      JSON.stringify({ mcpServers: { work: { url } } }),
    );
    expect(ids(await run(['--config', copy, 'jobs', 'list', '--json'], { home }))).toEqual([stdout.trim()]);
    const hint = await run([...words, 'jobs', 'show', 'job_nope'], at);
    expect(hint.stderr).toContain(`hint: see: mcp2cli --config ${join(dir, '.mcp.json')} work jobs list`);
  });

  it.each([
    [['ls'], /^error: ls is a command of a server, and .* has 2 of them\nhint: name one: work, off\n$/],
    [['off', 'ls'], /^error: off is disabled in /],
    [['bad', 'ls'], /^error: bad of .* cannot be used here: it is no object\n$/],
    [['nope', 'ls'], /^error: no server "nope" in .*\nhint: it has: work, off\n$/],
    [
      ['instances', 'add', 'x', 'https://host'],
      /^error: --config goes with commands of a server, not with instances\n/,
    ],
    [['--url', 'https://host', 'ls'], /^error: --config and an ad hoc target cannot be used together\n/],
  ])('%j is refused', async (words, message) => {
    const { home, file } = await project();
    const refused = await run(['--config', file, ...words], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
  });

  it("a file that is not there is a usage error, a damaged one is told as that; the program's own commands do without", async () => {
    const home = freshHome();
    const file = placeFile(home, 'bad.json', '{');
    expect(await run(['--config', join(home, 'no.json'), 'x', 'ls'], { home })).toMatchObject({ code: 2 });
    expect(await run(['--config', file, 'x', 'ls'], { home })).toMatchObject({ code: 78 });
    expect(
      await run(['instances', 'add', 'x', 'https://host'], { home, env: { MCP2CLI_CONFIG: file } }),
    ).toMatchObject({ code: 0 });
  });
});
