/** `instances set` and `unset`: what an instance's settings take, and where they are shown. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { STDIO_SERVER } from '../../support/servers.ts';

async function at() {
  const home = await homeAt('http://127.0.0.1:9/mcp');
  return {
    home,
    instances: (...words: string[]) => run(['instances', ...words], { home }),
    stored: () => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers.work,
  };
}

it('are stored beside the server, shown, and taken back', async () => {
  const { home, instances, stored } = await at();
  const settings = [
    [['detach', 'true'], 'work: detach is true\n'],
    [['keep-alive', 'false'], 'work: keepAlive is false\n'],
    [['idleTimeout', '10m'], 'work: idleTimeout is 10m\n'],
    [['elicit', 'decline'], 'work: elicit is decline\n'],
    [
      ['roots', 'src', '${DATA}', 'file:///srv'],
      `work: roots is ${join(home, 'src')} \${DATA} file:///srv\n`,
    ],
    [['sampling', '--', './model', '--fast'], `work: sampling is ["${join(home, 'model')}","--fast"]\n`],
  ] as const;
  for (const [words, stdout] of settings)
    expect(await instances('set', 'work', ...words)).toMatchObject({ code: 0, stdout, stderr: '' });
  expect(stored()).toEqual({
    type: 'http',
    url: 'http://127.0.0.1:9/mcp',
    detach: true,
    keepAlive: false,
    idleTimeout: '10m',
    elicit: 'decline',
    roots: [join(home, 'src'), '${DATA}', 'file:///srv'],
    sampling: { command: join(home, 'model'), args: ['--fast'] },
  });
  const shown = await instances('show', 'work');
  for (const [, line] of settings)
    expect(shown.stdout).toContain(`\n${line.replace('work: ', '').replace(' is ', ': ')}`);
  expect(dataOf(await instances('show', 'work', '--json'))).toMatchObject(stored());

  expect(await instances('unset', 'work', 'roots')).toMatchObject({
    code: 0,
    stdout: 'work: roots is not set\n',
    stderr: '',
  });
  expect(await instances('unset', 'WORK', 'roots')).toMatchObject({ code: 0, stderr: 'roots was not set\n' });
  expect(stored()).not.toHaveProperty('roots');
  const json = await instances('set', 'work', 'elicit', 'ask', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    app_id: 'work',
    command: 'instances set',
    data: { name: 'work', elicit: 'ask', detach: true },
  });
});

it.each([
  [['elicit', 'never'], 'elicit must be ask, decline, defaults (given never)'],
  [['detach', 'perhaps'], 'detach must be true or false (given perhaps)'],
  [['detach', 'true', 'false'], 'detach must be true or false (given true false)'],
  [['idleTimeout', 'soon'], 'idleTimeout must be a duration, such as "30s" (given soon)'],
  [
    ['roots', 'https://example.com'],
    'roots: only folders and file:// URIs can be roots: https://example.com',
  ],
  [['roots'], 'roots: which value?'],
  [['elict', 'ask'], 'no setting "elict"'],
])('%j is refused, and nothing is stored', async (words, message) => {
  const { instances, stored } = await at();
  const refused = await instances('set', 'work', ...words, '--json');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(errorOf(refused).message).toBe(message);
  expect(Object.keys(stored())).toEqual(['type', 'url']);
});

it('one that is damaged keeps no other from being mended', async () => {
  const { home, instances } = await at();
  const path = join(home, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(
    path,
    JSON.stringify({
      ...config,
      mcpServers: { work: { ...config.mcpServers.work, elicit: 'never', detach: 7 } },
    }),
  );
  expect(await run(['work', 'ls'], { home })).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('mcp2cli instances unset work detach'),
  });
  expect(await instances('set', 'work', 'elicit', 'ask')).toMatchObject({ code: 0 });
  expect(await instances('unset', 'work', 'detach')).toMatchObject({ code: 0 });
  expect(await instances('set', 'nobody', 'elicit', 'ask')).toMatchObject({ code: 2 });
  expect(await instances('set', 'work', 'elicit', 'decline')).toMatchObject({ code: 0 });
});

describe('passEnv', () => {
  const tool = [
    'work',
    'describe',
    '--variables',
    'FOO',
    '--variables',
    'BAR',
    '--variables',
    'HTTPS_PROXY',
    '--variables',
    'OTHER',
  ];
  const env = { FOO: 'foo', BAR: 'bar', HTTPS_PROXY: 'http://127.0.0.1:9', OTHER: 'secret' };
  const seen = async (home: string) => JSON.parse((await run(tool, { home, env })).stdout).env;

  it('names variables that a stdio server gets; proxies it gets anyway', async () => {
    const home = await homeWith(['--', process.execPath, STDIO_SERVER]);
    expect(await seen(home)).toEqual({ FOO: null, BAR: null, HTTPS_PROXY: env.HTTPS_PROXY, OTHER: null });
    expect(await run(['instances', 'set', 'work', 'pass-env', 'FOO,BAR', 'UNSET'], { home })).toMatchObject({
      code: 0,
      stdout: 'work: passEnv is FOO BAR UNSET\n',
    });
    expect(await seen(home)).toEqual({ ...env, OTHER: null });
    expect(readFileSync(join(home, 'config.json'), 'utf8')).not.toContain('"foo"');
    // What the instance sets itself wins.
    await run(
      [
        'instances',
        'add',
        'other',
        '--env',
        'FOO=own',
        '--env',
        'HTTPS_PROXY=',
        '--',
        process.execPath,
        STDIO_SERVER,
      ],
      { home },
    );
    await run(['instances', 'set', 'other', 'passEnv', 'FOO'], { home });
    const other = await run(['other', ...tool.slice(1)], { home, env });
    expect(JSON.parse(other.stdout).env).toEqual({ FOO: 'own', BAR: null, HTTPS_PROXY: '', OTHER: null });
  });

  it('takes names only', async () => {
    const home = await homeWith(['--', process.execPath, STDIO_SERVER]);
    expect(await run(['instances', 'set', 'work', 'passEnv', 'FOO=bar'], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: passEnv must be a list of names of environment variables \(given FOO=bar\)\n/,
      ),
    });
  });
});
