/** Text that other programs write may begin with a byte order mark, or be UTF-16: PowerShell and Notepad do both. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { freshHome } from '../../support/home.ts';
import { homeAt } from '../../support/instance.ts';

const ENCODINGS: [string, (text: string) => Buffer][] = [
  ['UTF-8 with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf8')],
  ['UTF-16, little end first', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16, big end first', (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
];

const ECHO = { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } };
const ANSWER = '{"name":"echo","args":{"message":"grüße"}}\n';

describe.each(ENCODINGS)('%s', (_, encoded) => {
  const file = (home: string, name: string, value: unknown) => {
    const path = join(home, name);
    writeFileSync(path, encoded(JSON.stringify(value)), { mode: 0o600 });
    return path;
  };

  it('the configuration is read, and changed without a loss', async () => {
    const home = freshHome();
    const work = { url: 'http://127.0.0.1:9/grüße', autoApprove: ['a'] };
    const path = file(home, 'config.json', { mcpServers: { work }, mine: 1 });
    const list = await run(['instances', 'list'], { home });
    expect(list).toMatchObject({ code: 0, stdout: '  work  http://127.0.0.1:9/grüße\n', stderr: '' });
    const added = await run(['instances', 'add', 'other', '--', 'npx'], { home });
    expect(added).toMatchObject({ code: 0, stdout: 'Added other: npx\n' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      schema_version: 1,
      mcpServers: { work, other: { command: 'npx', args: [] } },
      mine: 1,
    });
  });

  it('arguments in a file and on stdin', async () => {
    const { url } = await fixtureServer([ECHO]);
    const home = await homeAt(url);
    const path = file(home, 'args.json', { message: 'grüße' });
    expect(await run(['work', 'echo', '--args', `@${path}`], { home })).toMatchObject({
      code: 0,
      stdout: ANSWER,
    });
    const input = encoded('{"message":"grüße"}');
    expect(await run(['work', 'echo', '--args', '-'], { home, input })).toMatchObject({
      code: 0,
      stdout: ANSWER,
    });
  });

  it('definitions: their file, and documents that are imported', async () => {
    const { url } = await fixtureServer([ECHO]);
    const home = await homeAt(url);
    const greet = { name: 'greet', tool: 'echo', args: { message: 'grüße' } };
    const input = encoded(JSON.stringify(greet));
    const imported = await run(['work', 'jobs', 'import', '-'], { home, input });
    expect(imported).toMatchObject({ code: 0, stdout: 'imported 1\n' });
    const path = file(home, 'jobs.json', [{ ...greet, name: 'second' }]);
    const second = await run(['work', 'jobs', 'import', path], { home });
    expect(second).toMatchObject({ code: 0, stdout: 'imported 1\n' });
    const stored = join(home, 'instances/work/definitions.json');
    writeFileSync(stored, encoded(readFileSync(stored, 'utf8')));
    const exported = await run(['work', 'jobs', 'export'], { home });
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringContaining('grüße') });
    expect(exported.stdout).toContain('second');
  });

  it('rules of permissions in a file', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    const rules = [{ action: 'execute', tools: ['grüße-*'], roles: ['admin'] }];
    const path = file(home, 'rules.json', rules);
    const set = await run(['instances', 'set', 'work', 'permissions', `@${path}`], { home });
    expect(set).toMatchObject({ code: 0, stderr: '' });
    const { mcpServers } = JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'));
    expect(mcpServers.work.permissions).toEqual(rules);
  });
});

it('an argument on the command line that begins with a mark', async () => {
  const { url } = await fixtureServer([ECHO]);
  const home = await homeAt(url);
  const words = ['work', 'echo', '--args', '\ufeff{"message":"grüße"}'];
  expect(await run(words, { home })).toMatchObject({ code: 0, stdout: ANSWER });
});
