/** `instances add` with what people type first: a URL, an address, a whole line, a command without `--`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { dataOf } from '../../support/instance.ts';
import { demoServer } from '../../support/servers.ts';

const configOf = (home: string) => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers;

it('takes a first word with a scheme as --url', async () => {
  const { url } = await demoServer();
  const home = freshHome();
  const added = await run(['instances', 'add', 'gh', url, '--header', 'X-Key: ${KEY:-k}'], { home });
  expect(added).toMatchObject({ code: 0, stdout: `Added gh: ${url}\n` });
  expect(configOf(home)).toEqual({ gh: { type: 'http', url, headers: { 'X-Key': '${KEY:-k}' } } });
  expect(await run(['gh', 'echo', '--message', 'hi'], { home })).toMatchObject({ code: 0, stdout: 'hi\n' });

  for (const [words, message] of [
    [['https://host/mcp', 'more'], 'nothing may follow the URL: more'],
    [['https://host/mcp', '--env', 'A=b'], '--env goes with a command'],
    [
      ['https://host/mcp', '--url', 'https://other/mcp'],
      '--url and https://host/mcp cannot be used together',
    ],
    [['ws://host/mcp'], 'not an http(s) URL: ws://host/mcp'],
  ] as const) {
    const refused = await run(['instances', 'add', 'x', ...words], { home });
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`error: ${message}`),
    });
  }
});

it.each([
  [['localhost:3000/mcp'], 'mcp2cli instances add gh http://localhost:3000/mcp'],
  [['127.0.0.1:3000'], 'mcp2cli instances add gh http://127.0.0.1:3000'],
  [['[::1]:3000/mcp'], "mcp2cli instances add gh 'http://[::1]:3000/mcp'"],
  [['mcp.example.com/mcp'], 'mcp2cli instances add gh https://mcp.example.com/mcp'],
  [
    ['host:3000/mcp', '--force', '--header', 'A: b', '--header', 'B: ${B}'],
    "mcp2cli instances add gh --force --header 'A: ...' --header 'B: ${B}' https://host:3000/mcp",
  ],
  [['npx -y some-server'], 'mcp2cli instances add gh -- npx -y some-server'],
  [['npx -y', "it's"], "mcp2cli instances add gh -- npx -y 'it'\\''s'"],
  [["sh -c 'a; b'"], 'mcp2cli instances add gh -- COMMAND [ARG]...'],
  [
    ['npx -y ${PACKAGE}', '--env', 'A=b', '--env', 'B=${B}', '--cwd', '/srv'],
    "mcp2cli instances add gh --env A=... --env 'B=${B}' --cwd /srv -- npx -y '${PACKAGE}'",
  ],
  [['npx', '-y', 'x'], 'mcp2cli instances add gh -- npx -y x'],
  [['npx', '--env', 'A=b', '-y', 'x'], 'mcp2cli instances add gh -- npx --env ... -y x'],
])('refuses %j, with the line to type', async (words, line) => {
  const home = freshHome();
  const { code, stdout, stderr } = await run(['instances', 'add', 'gh', ...words], { home });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trimEnd().split('\n').at(-1)).toContain(line);
  expect(existsSync(join(home, 'config.json'))).toBe(false);
});

it('takes a program for what it is, whatever its name looks like', async () => {
  const home = freshHome();
  const cwd = freshDir('odd');
  mkdirSync(join(cwd, 'my.app'));
  writeFileSync(join(cwd, 'my.app', 'server'), '');
  writeFileSync(join(cwd, 'my server'), '');
  for (const command of [
    'my.app/server',
    'my server',
    './not yet',
    '/opt/my app/server',
    '${HOME}/my server',
  ])
    expect(await run(['instances', 'add', 'x', '--force', '--', command], { home, cwd })).toMatchObject({
      code: 0,
    });
});

it('says the same of a sampling command, and of --stdio', async () => {
  const home = freshHome();
  await run(['instances', 'add', 'x', 'http://127.0.0.1:9/mcp'], { home });
  const line = await run(['instances', 'set', 'x', 'sampling', 'my-model --fast'], { home });
  expect(line).toMatchObject({ code: 2, stderr: expect.stringContaining('sampling -- my-model --fast\n') });
  const dashes = await run(['instances', 'set', 'x', 'sampling', 'my-model', '--fast'], { home });
  expect(dashes).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('hint: mcp2cli instances set x sampling -- my-model --fast\n'),
  });
  const url = await run(['--stdio', 'https://host/mcp', 'ls'], { home });
  expect(url).toMatchObject({ code: 2, stderr: expect.stringContaining('--url https://host/mcp') });
});

it('doctor sees such entries in a configuration that others wrote', async () => {
  const home = freshHome();
  const mcpServers = {
    url: { command: 'https://host/mcp' },
    address: { command: 'localhost:3000/mcp' },
    line: { command: 'npx -y some-server', args: ['more'] },
    quotes: { command: "sh -c 'a; b'" },
    right: { command: 'npx', args: ['-y', 'some-server'] },
  };
  writeFileSync(join(home, 'config.json'), JSON.stringify({ mcpServers }));
  const reset = await run(['doctor', '--offline', '--json'], { home });
  expect(reset).toMatchObject({ code: 1 });
  const { checks } = dataOf<{ checks: { instance: string; check: string; status: string; hint: string }[] }>(
    reset,
  );
  const found = checks.filter(({ check }) => check === 'command');
  expect(found.map(({ instance, status }) => [instance, status])).toEqual(
    ['url', 'address', 'line', 'quotes'].map((name) => [name, 'problem']),
  );
  expect(found[0]?.hint).toContain('"url": "https://host/mcp"');
  expect(found[1]?.hint).toContain('"url": "http://localhost:3000/mcp"');
  expect(found[2]?.hint).toBe('write "command": "npx", "args": ["-y","some-server","more"]');
  expect(found[3]?.hint).not.toContain('npx');
});
