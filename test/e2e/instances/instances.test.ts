/** `instances`: named servers, and the file that they are kept in. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProcesses, type RunResult, run } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { hostileServer } from '../../support/hostile.ts';
import { addInstance, dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { demoServer, STDIO_SERVER } from '../../support/servers.ts';

const URL = 'http://127.0.0.1:9/mcp';
const configOf = (home: string) => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('add', () => {
  it('keeps servers in the shape that other MCP hosts use, for nobody else to read', async () => {
    const home = join(freshDir('root'), 'new', 'home');
    const at = { home, cwd: freshDir() };
    const http = await run(['instances', 'add', 'work', '--url', URL, '--header', 'X-Key: ${KEY}'], at);
    expect(http).toMatchObject({ code: 0, stdout: `Added work: ${URL}\n` });
    expect(http.stderr).toContain('try: mcp2cli work ls');
    const words = ['--env', 'A=${A:-1}', '--env', 'B=x=y', '--cwd', '/srv', '--', 'npx', '-y', 'a server'];
    const stdio = await run(['instances', 'add', 'local', ...words], at);
    expect(stdio).toMatchObject({ code: 0, stdout: 'Added local: npx -y a server\n', stderr: '' });
    expect(configOf(home)).toEqual({
      schema_version: 1,
      mcpServers: {
        work: { type: 'http', url: URL, headers: { 'X-Key': '${KEY}' } },
        local: { command: 'npx', args: ['-y', 'a server'], env: { A: '${A:-1}', B: 'x=y' }, cwd: '/srv' },
      },
    });
    expect(modeOf(join(home, 'config.json'))).toBe('600');
    expect(modeOf(home)).toBe('700');
  });

  it('starts a server with its arguments, environment and folder, and with nothing else', async () => {
    const folder = freshDir('with space');
    const how = [
      '--env',
      'GIVEN=yes',
      '--cwd',
      folder,
      '--',
      process.execPath,
      STDIO_SERVER,
      '--flag',
      "it's",
    ];
    const home = await homeWith(how);
    const words = [
      'describe',
      '--variables',
      'GIVEN',
      '--variables',
      'SECRET',
      '--variables',
      'MCP2CLI_HOME',
    ];
    const { code, stdout, stderr } = await run(['work', ...words], {
      home,
      env: { SECRET: 'not for servers' },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      argv: ['--flag', "it's"],
      cwd: folder,
      env: { GIVEN: 'yes', SECRET: null, MCP2CLI_HOME: null },
    });
  });

  it('takes a relative folder as it is meant when the instance is added', async () => {
    const folder = freshDir('cwd');
    const home = freshHome();
    const how = ['instances', 'add', 'work', '--cwd', '.', '--', process.execPath, STDIO_SERVER];
    await run(how, { home, cwd: folder });
    const { stdout } = await run(['work', 'describe'], { home, cwd: '/' });
    expect(JSON.parse(stdout)).toMatchObject({ cwd: folder });
  });

  it.each([
    ['no server', [], 'which server? give a URL, or a command after --'],
    ['both kinds', ['--url', URL, '--', 'npx'], '--url and npx cannot be used together'],
    ['a file URL', ['--url', 'file:///etc/passwd'], 'not an http(s) URL'],
    ['no URL', ['--url', 'host/mcp'], 'not a URL: host/mcp'],
    ['a header of no form', ['--url', URL, '--header', 'secret'], '--header: not a header'],
    ['a header for a command', ['--header', 'A: b', '--', 'npx'], '--header needs --url'],
    ['a folder for a URL', ['--url', URL, '--cwd', '/'], '--cwd goes with a command'],
    ['a variable of no form', ['--env', 'secret', '--', 'npx'], '--env: not NAME=VALUE'],
  ])('refuses %s', async (_, how, message) => {
    const home = freshHome();
    const { code, stdout, stderr } = await run(['instances', 'add', 'work', ...how], { home });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).not.toContain('secret');
    expect(existsSync(join(home, 'config.json'))).toBe(false);
  });

  it('refuses names that could not be typed or stored', async () => {
    const home = freshHome();
    for (const name of [
      '',
      '-x',
      '.hidden',
      'a/b',
      '../up',
      'a b',
      'ünicode',
      'nul',
      'x'.repeat(65),
      'end.',
    ]) {
      const { code, stderr } = await run(['instances', 'add', '--url', URL, '--', name], { home });
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(stderr).toContain('error: not an instance name');
    }
    for (const name of ['jobs', 'LS', 'instances', 'demo']) {
      const { code, stderr } = await run(['instances', 'add', name, '--url', URL], { home });
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(stderr).toContain('is a command, not an instance name');
    }
    expect(existsSync(join(home, 'config.json'))).toBe(false);
  });

  it('takes a name once, whatever its case, and replaces it with --force only', async () => {
    const home = await homeAt(URL, 'Work');
    const again = await run(['instances', 'add', 'wORK', '--url', 'http://other/mcp', '--json'], { home });
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(again).message).toBe('instance Work exists already');
    expect((await run(['instances', 'show', 'work'], { home })).stdout).toContain(`url: ${URL}\n`);
    await addInstance(home, ['--url', 'http://other/mcp', '--force'], 'wORK');
    expect(configOf(home).mcpServers).toEqual({ wORK: { type: 'http', url: 'http://other/mcp' } });
  });

  it('loses nothing when ten are added at the same time', async () => {
    const home = freshHome();
    const names = Array.from({ length: 10 }, (_, i) => `server-${i}`);
    await inProcesses(() => Promise.all(names.map((name) => addInstance(home, ['--url', URL], name))));
    expect(Object.keys(configOf(home).mcpServers).sort()).toEqual(names);
  });
});

it('lists and shows instances, and keeps their secrets', async () => {
  const home = freshHome();
  const none = await run(['instances', 'list'], { home });
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('no instances yet') });
  const headers = ['--header', 'X-Key: hunter2', '--header', 'Authorization: Bearer ${TOKEN}'];
  await addInstance(home, ['--url', URL, ...headers]);
  await addInstance(home, ['--env', 'PASSWORD=hunter2', '--', 'npx', 'server'], 'local');
  await run(['instances', 'use', 'local'], { home });

  const list = await run(['instances', 'list'], { home });
  expect(list).toMatchObject({ code: 0, stdout: `* local  npx server\n  work   ${URL}\n`, stderr: '' });
  const show = await run(['instances', 'show', 'work'], { home });
  expect(show).toMatchObject({ code: 0, stderr: '' });
  expect(show.stdout).toContain('header: X-Key: [redacted]\nheader: Authorization: Bearer ${TOKEN}\n');
  const json = await run(['instances', 'show', 'local', '--json'], { home });
  expect(dataOf(json)).toMatchObject({
    name: 'local',
    active: true,
    command: 'npx',
    args: ['server'],
    env: { PASSWORD: '[redacted]' },
  });
  const listJson = await run(['instances', 'list', '--json'], { home });
  expect(dataOf<{ items: unknown[] }>(listJson).items).toHaveLength(2);
  for (const { stdout } of [list, show, json, listJson]) expect(stdout).not.toContain('hunter2');

  // Arguments and URLs have secrets in them, too.
  const secretUrl = 'https://ada:hunter2@host/mcp?api_key=hunter2&q=1';
  const words = ['--api-key', 'hunter2', '--token=hunter2', '--header', 'Authorization: hunter2', '${KEY}'];
  const added = [
    await run(['instances', 'add', 'by-url', '--url', secretUrl], { home }),
    await run(['instances', 'add', 'by-args', '--', 'npx', 'server', ...words], { home }),
  ];
  for (const name of ['by-url', 'by-args'])
    for (const more of [[], ['--json']])
      added.push(await run(['instances', 'show', name, ...more], { home }));
  added.push(
    await run(['instances', 'list'], { home }),
    await run(['instances', 'list', '--json'], { home }),
  );
  for (const { code, stdout, stderr } of added) {
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('hunter2');
  }
  const [, , byUrl, , byArgs] = added;
  expect(byUrl?.stdout).toContain('url: https://[redacted]@host/mcp?api_key=[redacted]&q=1\n');
  expect(byArgs?.stdout).toContain(
    'command: ["npx","server","--api-key","[redacted]","--token=[redacted]","--header","Authorization: [redacted]","${KEY}"]\n',
  );
  const unknown = await run(['instances', 'show', 'nope'], { home });
  expect(unknown).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('"nope"') });
});

it('removes an instance; its jobs stay until they are purged', async () => {
  const { url } = await demoServer();
  const home = await homeAt(url);
  await run(['work', 'echo', '--message', 'hi', '--background'], { home });
  const jobs = join(home, 'instances/work/jobs');
  const removed = await run(['instances', 'remove', 'work'], { home });
  expect(removed).toMatchObject({ code: 0, stdout: 'Removed work\n' });
  expect(removed.stderr).toBe(`its jobs are kept in ${jobs} (--purge removes them too)\n`);
  expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ code: 2, stdout: '' });

  await addInstance(home, ['--url', url]);
  expect((await run(['work', 'jobs', 'list'], { home })).stdout).toMatch(/^job_\w+ {2}echo {2}completed /);
  const purged = await run(['instances', 'remove', 'work', '--purge'], { home });
  expect(purged).toMatchObject({ code: 0, stdout: 'Removed work\n', stderr: '' });
  expect(existsSync(join(home, 'instances/work'))).toBe(false);
});

it('a purge takes no record from under a job that has not ended', async () => {
  const server = await hostileServer();
  const home = await homeAt(server.url);
  const submit = async () => (await run(['work', 'work', '--background', '--quiet'], { home })).stdout.trim();
  const id = await submit();
  const folder = join(home, 'instances/work/jobs', id);
  const refused = await run(['instances', 'remove', 'work', '--purge'], { home });
  expect(refused).toMatchObject({ code: 8, stdout: '' });
  expect(refused.stderr).toBe(
    `error: not removed: work has a job that has not ended: ${id} (running)\nhint: wait for them, or end them first: mcp2cli work jobs cancel ${id}; --force gives them up, and removes their records\n`,
  );
  expect(existsSync(folder)).toBe(true);
  expect(await run(['work', 'jobs', 'show', id], { home })).toMatchObject({ code: 0 });
  expect(await run(['instances', 'remove', 'work', '--force'], { home })).toMatchObject({ code: 2 });
  expect(await run(['work', 'jobs', 'cancel', id], { home })).toMatchObject({ code: 0 });
  expect(await run(['instances', 'remove', 'work', '--purge'], { home })).toMatchObject({ code: 0 });
  expect(existsSync(folder)).toBe(false);

  // Given up on purpose.
  await addInstance(home, ['--url', server.url]);
  await submit();
  expect(await run(['instances', 'remove', 'work', '--purge', '--force'], { home })).toMatchObject({
    code: 0,
  });
  expect(existsSync(join(home, 'instances/work'))).toBe(false);
});

it('a purge while a job is being submitted loses it not without a word', async () => {
  const server = await hostileServer();
  const home = await homeAt(server.url);
  await run(['work', 'ls'], { home });
  let purged: RunResult | undefined;
  server.on('tools/call', async () => {
    // The record is on disk, and the server has the call.
    purged = await run(['instances', 'remove', 'work', '--purge'], { home });
    return false;
  });
  const submitted = await run(['work', 'work', '--background', '--quiet'], { home });
  expect(purged).toMatchObject({ code: 8, stdout: '' });
  expect(submitted).toMatchObject({ code: 0, stderr: '' });
  expect((await run(['work', 'jobs', 'list'], { home })).stdout).toContain(submitted.stdout.trim());
});

it('goes to the active instance without a name, and to MCP2CLI_INSTANCE before it', async () => {
  const { url } = await demoServer();
  const home = await homeAt(url, 'one');
  await addInstance(home, ['--', process.execPath, STDIO_SERVER], 'two');
  const nobody = await run(['ls'], { home });
  expect(nobody).toMatchObject({ code: 2, stdout: '' });
  expect(nobody.stderr).toContain('ls is a command of an instance, and none is named or active');

  const use = await run(['instances', 'use', 'ONE'], { home });
  expect(use).toMatchObject({ code: 0, stdout: 'one is active: mcp2cli ls\n', stderr: '' });
  const active = await run(['echo', '--message', 'hi'], { home });
  expect(active).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
  const other = await run(['describe'], { home, env: { MCP2CLI_INSTANCE: 'two' } });
  expect(other).toMatchObject({ code: 0, stdout: expect.stringContaining('"cwd"') });
  const wrong = await run(['ls'], { home, env: { MCP2CLI_INSTANCE: 'twoo' } });
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean two?') });
  await run(['instances', 'remove', 'one'], { home });
  expect(await run(['ls'], { home })).toMatchObject({ code: 2, stdout: '' });
});

it('says which file is damaged, with 78, and leaves it alone', async () => {
  const home = await homeAt(URL);
  const path = join(home, 'config.json');
  for (const text of ['{"mcpServers": {"wo', '[]', '{"mcpServers": []}', '{"schema_version": 99}', '']) {
    writeFileSync(path, text);
    for (const words of [
      ['instances', 'list'],
      ['work', 'ls'],
      ['instances', 'add', 'x', '--url', URL],
    ]) {
      const { code, stdout, stderr } = await run([...words, '--json'], { home });
      expect({ text, code, stdout }).toEqual({ text, code: 78, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ error: { message: expect.stringContaining(path) } });
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
  for (const words of [['--version'], ['--help'], ['help'], ['instances', '--help']])
    expect(await run(words, { home })).toMatchObject({ code: 0, stderr: '' });
});
