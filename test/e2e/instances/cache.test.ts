/** What is remembered of a server, and what a server may say of its tools: neither may do harm. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { dataOf, homeAt, submitted } from '../../support/instance.ts';

const tool = (name: string, inputSchema: unknown = { type: 'object' }) => ({ name, inputSchema });
const message = { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] };
const called = (name: string, args: unknown) => `${JSON.stringify({ name, args })}\n`;

describe('remembered files', () => {
  const DAMAGE = [
    '',
    '{"schema_version": 1, "tools": [',
    'null',
    '[]',
    '"text"',
    '{"schema_version": 99}',
    '\0',
  ];

  it.each(['catalogue.json', 'server.json'])('%s: damaged, it is asked for again', async (file) => {
    const server = await fixtureServer([tool('say', message)]);
    const home = await homeAt(server.url);
    const path = join(home, 'instances/work', file);
    await run(['work', 'ls'], { home });
    const id = await submitted(home, ['work', '--quiet', 'say', '--message', 'hi']);
    const whole = readFileSync(path, 'utf8');
    for (const damage of DAMAGE) {
      writeFileSync(path, damage);
      // What does not need the server does not even look.
      const version = await run(['--version'], { home });
      expect(version).toMatchObject({ code: 0, stderr: '' });
      const list = await run(['work', 'jobs', 'list'], { home });
      expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining(id), stderr: '' });
      const show = await run(['work', 'jobs', 'show', id], { home });
      expect(show).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(path, 'utf8')).toBe(damage);

      const call = await run(['work', 'say', '--message', 'hi'], { home });
      expect({ damage, ...call }).toMatchObject({
        damage,
        code: 0,
        stdout: called('say', { message: 'hi' }),
      });
      expect(call.stderr).toBe('');
      const mended = JSON.parse(readFileSync(path, 'utf8'));
      expect(Object.keys(mended).sort()).toEqual(Object.keys(JSON.parse(whole)).sort());
    }
  });

  it('a cache that cannot be written costs a warning, not the call', async () => {
    const server = await fixtureServer([tool('say', message)]);
    const home = await homeAt(server.url);
    for (const file of ['catalogue.json', 'server.json'])
      mkdirSync(join(home, 'instances/work', file), { recursive: true });
    const call = await run(['work', 'say', '--message', 'hi'], { home });
    expect(call).toMatchObject({ code: 0, stdout: called('say', { message: 'hi' }) });
    expect(call.stderr).toMatch(/^warning: the catalogue was not cached: .*catalogue\.json/);
  });

  it('belongs to its target: another server under the same name is asked afresh', async () => {
    const first = await fixtureServer([tool('old')]);
    const second = await fixtureServer([tool('new')]);
    const home = await homeAt(first.url);
    expect((await run(['work', 'ls'], { home })).stdout).toBe('old\n');
    await run(['instances', 'add', 'work', '--url', second.url, '--force'], { home });
    expect((await run(['work', 'ls'], { home })).stdout).toBe('new\n');
  });
});

describe('a tool that the server learned later', () => {
  it('is found by one refresh, which a wrong name costs too, and no more', async () => {
    const server = await fixtureServer([tool('old')]);
    const home = await homeAt(server.url);
    await run(['work', 'ls'], { home });
    expect(server.requests['tools/list']).toBe(1);
    server.tools = [tool('old'), tool('new-one', message)];
    const found = await run(['work', 'new-one', '--message', 'hi'], { home });
    expect(found).toMatchObject({ code: 0, stdout: called('new-one', { message: 'hi' }), stderr: '' });
    expect(server.requests['tools/list']).toBe(2);

    const wrong = await run(['work', 'new-on'], { home });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toBe('error: work has no tool "new-on"\nhint: did you mean new-one?\n');
    expect(server.requests['tools/list']).toBe(3);
    expect(server.requests['tools/call']).toBe(1);

    server.tools.push(tool('Third_One'));
    const exact = await run(['work', 'call', 'Third_One'], { home });
    expect(exact).toMatchObject({ code: 0, stdout: called('Third_One', {}) });
    expect(server.requests['tools/list']).toBe(4);
    await run(['work', 'ls'], { home });
    expect(server.requests['tools/list']).toBe(4);
    server.tools = [tool('only')];
    expect(await run(['work', 'refresh'], { home })).toMatchObject({
      code: 0,
      stdout: '1 tool\n',
      stderr: '',
    });
    expect((await run(['work', 'ls'], { home })).stdout).toBe('only\n');
  });

  it('without any cache, one listing is enough to know that a tool does not exist', async () => {
    const server = await fixtureServer([tool('old')]);
    const home = await homeAt(server.url);
    expect(await run(['work', 'nope'], { home })).toMatchObject({ code: 2, stdout: '' });
    expect(server.requests['tools/list']).toBe(1);
    rmSync(join(home, 'instances'), { recursive: true });
    expect(await run(['work', 'old'], { home })).toMatchObject({ code: 0, stdout: called('old', {}) });
  });
});

describe('impossible schemas', () => {
  const text = (more: object) => ({ type: 'object', properties: { text: { type: 'string', ...more } } });
  const circular = { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } };
  const HOSTILE: [name: string, schema: unknown, warns: boolean][] = [
    ['bomb', text({ pattern: '^(a+)+$' }), false],
    ['look-around', text({ pattern: '(?<=a)b(' }), false],
    ['nowhere', text({ $ref: '#/$defs/missing' }), true],
    ['network', text({ $ref: 'http://127.0.0.1:9/schema.json' }), true],
    ['circle', { ...text({ $ref: '#/$defs/a' }), ...circular }, true],
    ['number', 42, true],
    ['null', null, true],
    ['list', [], true],
    ['words', 'an object, please', true],
    ['odd-type', { type: 'objekt' }, true],
    ['odd-parts', { type: 'object', properties: 'none', required: 'all' }, true],
  ];

  it('cost their own tool the check, and nobody else anything', async () => {
    const server = await fixtureServer([
      tool('good', message),
      ...HOSTILE.map(([name, schema]) => tool(name, schema)),
      { name: 'bare' },
    ]);
    const home = await homeAt(server.url);
    const listed = await run(['work', '--json', 'ls'], { home });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    // As the server said it, whatever it is.
    expect(dataOf<{ items: { inputSchema: unknown }[] }>(listed).items).toEqual(
      server.tools.map((one) => ({ id: one['name'], kind: 'tool', ...one })),
    );

    const good = await run(['work', 'good'], { home });
    expect(good).toMatchObject({ code: 2, stdout: '' });
    expect(good.stderr).toContain('missing required --message');
    expect(await run(['work', 'good', '--message', 'x'], { home })).toMatchObject({ code: 0, stderr: '' });

    const hanging = `${'a'.repeat(40)}!`;
    for (const [name, , warns] of HOSTILE) {
      const help = await run(['work', name, '--help'], { home });
      expect({ name, ...help }).toMatchObject({ name, code: 0, stderr: '' });
      const args = JSON.stringify({ text: name === 'bomb' ? 'aaa' : hanging });
      const call = await run(['work', name, '--args', args], { home });
      expect({ name, ...call }).toMatchObject({
        name,
        code: 0,
        stdout: called(name, JSON.parse(args)),
        stderr: warns ? expect.stringMatching(/^warning: .*were not checked.*\n$/) : '',
      });
    }
    const bare = await run(['work', 'bare', '--args', '{"any":1}'], { home });
    expect(bare).toMatchObject({ code: 0, stdout: called('bare', { any: 1 }), stderr: '' });

    // The bomb is checked, in no time, and refuses what does not fit.
    const refused = await run(['work', 'bomb', '--text', hanging], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--text') });
  });
});
