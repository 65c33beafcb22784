/** Configurations as people copy them from other hosts: shapes of entries, comments, and entries that are wrong, which are in nobody's way. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { freshHome } from '../../support/home.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { everythingSse, STDIO_SERVER } from '../../support/servers.ts';

const ECHO = { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } };
const CALL = ['echo', '--message', 'hi'];
const ANSWER = { code: 0, stdout: '{"name":"echo","args":{"message":"hi"}}\n', stderr: '' };
const STDIO = { command: process.execPath, args: [STDIO_SERVER] };

function homeOf(config: string | object): string {
  const home = freshHome();
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  writeFileSync(join(home, 'config.json'), text, { mode: 0o600 });
  return home;
}

const textOf = (home: string) => readFileSync(join(home, 'config.json'), 'utf8');

describe('the URL of a server', () => {
  it.each([
    ['httpUrl', (url: string) => ({ httpUrl: url })],
    ['serverUrl', (url: string) => ({ serverUrl: url })],
    ['type http', (url: string) => ({ type: 'http', url })],
    ['type streamable-http', (url: string) => ({ type: 'streamable-http', url })],
    ['type streamableHttp', (url: string) => ({ type: 'streamableHttp', url })],
    ['transport', (url: string) => ({ transport: 'streamable-http', url })],
    ['type sse, for a server that speaks Streamable HTTP', (url: string) => ({ type: 'sse', url })],
    ['fields of other kinds that are null', (url: string) => ({ url, command: null, args: null, env: null })],
  ])('%s', async (_, entry) => {
    const { url } = await fixtureServer([ECHO]);
    const home = homeOf({ mcpServers: { work: entry(url) } });
    expect(await run(['work', ...CALL], { home })).toMatchObject(ANSWER);
    expect(await run(['instances', 'list'], { home })).toMatchObject({ code: 0, stdout: `  work  ${url}\n` });
  });

  it.each(['type', 'transport'])('%s sse, for a server that does', async (field) => {
    const { url } = await everythingSse();
    const home = homeOf({ mcpServers: { work: { [field]: 'sse', url } } });
    const { code, stdout } = await run(['work', 'echo', '--message', 'hi'], { home });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Echo: hi\n' });
  });

  it('a command with the type stdio is started, whatever URL stands beside it', async () => {
    const home = homeOf({ mcpServers: { work: { type: 'stdio', url: 'http://127.0.0.1:9', ...STDIO } } });
    expect(await run(['work', 'ls'], { home })).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('an entry that is switched off', () => {
  it.each([
    ['disabled', true],
    ['enabled', false],
  ])('by %s: %s is not used until it is switched on', async (field, value) => {
    const home = homeOf({ mcpServers: { work: { ...STDIO, [field]: value } } });
    const shown = await run(['instances', 'list'], { home });
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/ \(disabled\)\n$/), stderr: '' });
    const { items } = dataOf<{ items: object[] }>(await run(['instances', 'list', '--json'], { home }));
    expect(items).toMatchObject([{ name: 'work', disabled: true }]);

    for (const words of [['ls'], ['describe'], ['describe', '--background']]) {
      const refused = await run(['work', ...words, '--json'], { home });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(errorOf(refused)).toMatchObject({
        code: 'disabled',
        message: 'instance work is disabled in the configuration',
        hint: `to use it: mcp2cli instances unset work ${field}`,
      });
    }
    // What is on disk is there.
    expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ code: 0, stderr: '' });
    const doctor = await run(['doctor', 'work'], { home });
    expect(doctor).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('settings: a command, disabled'),
    });
    expect(doctor.stdout).not.toContain('connection:');

    expect(await run(['instances', 'unset', 'work', field], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'ls'], { home })).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['instances', 'set', 'work', 'disabled', 'true'], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'refresh'], { home })).toMatchObject({ code: 2 });
  });
});

describe('comments and trailing commas', () => {
  const commented = (url: string) => `{
  // servers of mine
  "mcpServers": {
    "work": {"url": "${url}", /* not "http://other" */ "note": "// no comment, /* neither */",},
    "bad": null, // to be mended
  },
}
`;

  it('are passed over', async () => {
    const { url } = await fixtureServer([ECHO]);
    const home = homeOf(commented(url));
    expect(await run(['work', ...CALL], { home })).toMatchObject(ANSWER);
  });

  it('stay where they are when something is changed', async () => {
    const home = homeOf(commented('http://127.0.0.1:9/mcp'));
    for (const words of [
      ['add', 'other', '--', 'npx', '-y', 'x'],
      ['set', 'work', 'detach', 'true'],
      ['use', 'other'],
      ['unset', 'work', 'detach'],
    ])
      expect(await run(['instances', ...words], { home })).toMatchObject({ code: 0 });
    const text = textOf(home);
    for (const comment of ['// servers of mine', '/* not "http://other" */', '// to be mended'])
      expect(text).toContain(comment);
    const { items } = dataOf<{ items: object[] }>(await run(['instances', 'list', '--json'], { home }));
    expect(items).toMatchObject([
      { name: 'bad', problem: expect.any(String) },
      { name: 'other', active: true, command: 'npx', args: ['-y', 'x'] },
      { name: 'work', url: 'http://127.0.0.1:9/mcp', note: '// no comment, /* neither */' },
    ]);
    for (const name of ['other', 'bad', 'work'])
      expect(await run(['instances', 'remove', name], { home })).toMatchObject({ code: 0 });
    expect(await run(['instances', 'list'], { home })).toMatchObject({ code: 0, stdout: '' });
    expect(textOf(home)).toMatch(/\/\/ servers of mine[\s\S]*\n$/);
  });

  it('an edit that cannot be made beside them is refused, and changes nothing', async () => {
    const text = '{ // twice\n "mcpServers": {"a": {"url": "http://a/"}, "a": {"url": "http://b/"}}}\n';
    const home = homeOf(text);
    const refused = await run(['instances', 'set', 'a', 'detach', 'true'], { home });
    expect(refused).toMatchObject({ code: 78, stdout: '' });
    expect(refused.stderr).toContain('cannot be changed with its comments');
    expect(textOf(home)).toBe(text);
  });

  it('what is damaged beside them is told with its place in the file', async () => {
    const home = homeOf('{ // one\n "mcpServers": {] }');
    const { code, stderr } = await run(['instances', 'list'], { home });
    expect(code).toBe(78);
    expect(stderr).toMatch(/is damaged: .*config\.json: .*position 25/);
  });
});

describe('an entry that is wrong', () => {
  const WRONG: [string, unknown, string][] = [
    ['null', null, 'its entry must be an object, not null'],
    ['a list', ['npx'], 'its entry must be an object, not a list'],
    ['text', 'http://x/', 'its entry must be an object, not a string'],
    ['a url that is no text', { url: 5 }, 'url must be text, not a number'],
    ['a command that is a list', { command: ['npx'] }, 'command must be text, not a list'],
    ['args that are text', { command: 'npx', args: '-y x' }, 'args must be a list of strings'],
    ['args with a number', { command: 'npx', args: ['-p', 1] }, 'args must be a list of strings'],
    ['an environment that is a list', { command: 'npx', env: ['A=1'] }, 'env must be an object, not a list'],
    ['a variable that is an object', { command: 'npx', env: { A: {} } }, 'env.A must be text, not an object'],
    ['a header that is null', { url: 'http://x/', headers: { A: null } }, 'headers.A must be text, not null'],
    ['a folder that is no text', { command: 'npx', cwd: true }, 'cwd must be text, not a boolean'],
    ['neither url nor command', { type: 'http' }, 'it has neither a url nor a command nor jobs'],
    ['a switch that is no switch', { command: 'npx', disabled: 'true' }, 'disabled must be true or false'],
    ['a proxy that is no text', { url: 'http://x/', proxy: 8080 }, 'proxy must be text, not a number'],
  ];

  it.each(WRONG)('%s is in no other way, and told where it is used', async (_, bad, problem) => {
    const { url } = await fixtureServer([ECHO]);
    const home = homeOf({ mcpServers: { bad, good: { url } } });
    expect(await run(['good', ...CALL], { home })).toMatchObject(ANSWER);

    const message = `instance bad: ${problem}`;
    const list = await run(['instances', 'list'], { home });
    expect(list).toMatchObject({ code: 0, stdout: `  bad   (${message})\n  good  ${url}\n` });
    expect(list.stderr).toMatch(/^warning: instance bad: .*\n$/);
    expect(list.stderr).toContain(message);
    const json = await run(['instances', 'list', '--json'], { home });
    expect(dataOf(json)).toMatchObject({ items: [{ name: 'bad', problem: message }, { name: 'good' }] });

    const used = await run(['bad', 'ls', '--json'], { home });
    expect(used).toMatchObject({ code: 78, stdout: '' });
    expect(errorOf(used)).toMatchObject({
      message,
      hint: expect.stringContaining('fix it in the configuration'),
    });
    const doctor = await run(['doctor', '--offline'], { home });
    expect(doctor).toMatchObject({ code: 1, stdout: expect.stringContaining(message) });

    // It stays as it is when others are changed, and goes when it is removed.
    expect(await run(['instances', 'set', 'good', 'detach', 'true'], { home })).toMatchObject({ code: 0 });
    expect(JSON.parse(textOf(home)).mcpServers.bad).toEqual(bad);
    expect(await run(['instances', 'remove', 'bad'], { home })).toMatchObject({ code: 0 });
    expect(Object.keys(JSON.parse(textOf(home)).mcpServers)).toEqual(['good']);
  });
});

it('numbers and booleans in an environment and in headers are text', async () => {
  const { url } = await fixtureServer([ECHO]);
  const env = { N: 5, T: true, S: 'x' };
  const home = homeOf({
    mcpServers: { http: { url, headers: { 'X-N': 5, 'X-T': false } }, stdio: { ...STDIO, env } },
  });
  expect(await run(['http', ...CALL], { home })).toMatchObject(ANSWER);
  const words = ['stdio', 'describe', ...['N', 'T', 'S'].flatMap((name) => ['--variables', name])];
  const { code, stdout } = await run(words, { home });
  expect({ code, stdout: stdout.replace(/\s/g, '') }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/"N":"5","T":"true","S":"x"/),
  });
  const list = await run(['instances', 'list'], { home });
  expect(list).toMatchObject({ code: 0, stderr: '' });
  const show = await run(['instances', 'show', 'stdio'], { home });
  expect(show).toMatchObject({ code: 0, stdout: expect.stringContaining('env: N=[redacted]') });
});
