/** Servers without a name: `--url`, `--stdio`, `--header`. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { launchers, shell } from '../../support/launcher.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { demoServer, STDIO_SERVER } from '../../support/servers.ts';

const node = `'${process.execPath}' '${STDIO_SERVER}'`;

it('reaches a URL, with headers, and stores nothing in the configuration', async () => {
  const proxy = await recordingProxy((await demoServer()).url);
  const home = freshHome();
  const headers = ['--header', 'X-Key: hunter2', '--header', 'X-Team: ${TEAM}'];
  const called = await run(['--url', proxy.url, ...headers, 'echo', '--message', 'hi'], {
    home,
    env: { TEAM: 'blue' },
  });
  expect(called).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
  expect(proxy.requests[0]?.headers).toMatchObject({ 'x-key': 'hunter2', 'x-team': 'blue' });
  expect(existsSync(join(home, 'config.json'))).toBe(false);

  const variable = await run(['--url', '${SERVER}', 'echo', '--message', 'hi'], {
    home,
    env: { SERVER: proxy.url },
  });
  expect(variable).toMatchObject({ code: 0, stdout: 'hi\n', stderr: '' });
});

it('starts a command line without a shell', async () => {
  const home = freshHome();
  const line = `${node} --flag "two words" 'it'"'"'s' \\$HOME "" *.js --a=b`;
  const { code, stdout, stderr } = await run(['--stdio', line, 'describe'], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    argv: ['--flag', 'two words', "it's", '$HOME', '', '*.js', '--a=b'],
  });

  const folder = freshDir('cwd');
  const how = ['--stdio', node, '--cwd', '.', '--env', 'WHO=me'];
  const placed = await run([...how, 'describe', '--variables', 'WHO'], { home, cwd: folder });
  expect(JSON.parse(placed.stdout)).toMatchObject({ argv: [], cwd: folder, env: { WHO: 'me' } });

  for (const shellish of ['cat | sh', 'a && b', 'a > /tmp/x', 'a; b']) {
    const refused = await run(['--stdio', shellish, 'ls', '--json'], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(refused).message).toMatch(/^--stdio runs no shell/);
  }
});

it.each([
  [
    'both kinds',
    ['--url', 'http://h/mcp', '--stdio', 'x', 'ls'],
    '--url and --stdio cannot be used together',
  ],
  ['a name too', ['-i', 'work', '--url', 'http://h/mcp', 'ls'], '--instance and an ad hoc target cannot'],
  ['a header alone', ['--header', 'A: b', 'ls'], '--header needs --url'],
  ['a folder alone', ['--cwd', '/', 'ls'], '--cwd needs --stdio'],
  ['a header for a command', ['--stdio', 'x', '--header', 'A: b', 'ls'], '--header needs --url'],
  ['a folder for a URL', ['--url', 'http://h/mcp', '--cwd', '/', 'ls'], '--cwd needs --stdio'],
  ['no command', ['--stdio', ' ', 'ls'], '--stdio needs a command'],
  ['an open quote', ['--stdio', `node "it's`, 'ls'], '--stdio: a quote is not closed: "'],
  ['no URL', ['--url', 'nope', 'ls'], 'not a URL: nope'],
])('refuses %s', async (_, words, message) => {
  const { code, stdout, stderr } = await run(words, { home: freshHome() });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(`error: ${message}`);
});

it('finds the same jobs by the same flags, and no others', async () => {
  const { url } = await demoServer();
  const home = freshHome();
  const submit = ['export', '--dataset', 'users', '--duration', '0', '--background', '--quiet'];
  const plain = await run(['--url', url, ...submit], { home });
  const keyed = await run(['--url', url, '--header', 'X-Key: one', ...submit], { home });
  expect(plain.stdout).not.toBe(keyed.stdout);

  const ids = async (how: string[]) => {
    const listed = await run([...how, '--json', 'jobs', 'list'], { home });
    return (JSON.parse(listed.stdout) as { job_id: string }[]).map((job) => job.job_id);
  };
  expect(await ids(['--url', url])).toEqual([plain.stdout.trim()]);
  // A header's value may rotate; its name is part of what the target is.
  expect(await ids(['--url', url, '--header', 'x-key: two'])).toEqual([keyed.stdout.trim()]);
  expect(await ids(['--url', `${url}?other`])).toEqual([]);
  expect(readdirSync(join(home, 'instances')).every((name) => /^adhoc-[0-9a-f]{16}$/.test(name))).toBe(true);
});

it('gives hints that can be run as they stand', async () => {
  const proxy = await recordingProxy((await demoServer()).url);
  const home = freshHome();
  const options = { home, bin: launchers(), env: { KEY: 'secret' } };
  const how = ['--url', `${proxy.url}?a=1&b=2`, '--header', 'X-Key: ${KEY}', '--header', 'X-Plain: hunter2'];
  await run([...how, 'deploy', '--version', '2', '--duration', '1', '--background'], {
    home,
    env: options.env,
  });
  const gaveUp = await run([...how, 'jobs', 'wait', '--latest', '--timeout', '50ms', '--json'], options);
  expect(gaveUp).toMatchObject({ code: 124, stdout: '' });
  const hint = errorOf(gaveUp).hint ?? '';
  expect(hint).toMatch(/^come back with: mcp2cli --url /);
  expect(hint).not.toContain('hunter2');
  proxy.reset();
  const resumed = await shell(hint.replace('come back with: ', ''), options);
  expect(resumed).toMatchObject({ code: 0, stdout: 'Deployed version 2 to staging\n' });

  // Beside what the first command may still have had to say.
  expect(proxy.requests.map(({ headers }) => headers)).toContainEqual(
    expect.objectContaining({ 'x-key': 'secret', 'x-plain': '...' }),
  );

  const unknown = await run(
    ['--stdio', `${node} 'two words' "it's"`, '--env', 'A=${KEY}', 'nope', '--json'],
    options,
  );
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  const see = errorOf(unknown).hint ?? '';
  const listed = await shell(`${see.replace('see: ', '')} --json`, options);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(dataOf<{ items: { id: string }[] }>(listed).items.map(({ id }) => id)).toContain('describe');
});
