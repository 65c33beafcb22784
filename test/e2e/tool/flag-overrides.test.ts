/** Names and flags that a person has given to tools: on the wire the server's own. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { errorOf } from '../../support/instance.ts';
import { configure } from '../../support/keeper.ts';
import { type WatchedServer, type Work, watchedServer, workAt } from '../../support/work.ts';

async function place(tools: object): Promise<{ server: WatchedServer; work: Work; sent: () => unknown[] }> {
  const server = await watchedServer({ dialect: 'plain', speed: 50 });
  const work = await workAt(server.url);
  configure(work.home, { tools });
  const sent = () =>
    server
      .sent(/^tools\/call$/)
      .map(({ params }) => ({ name: params['name'], arguments: params['arguments'] }));
  return { server, work, sent };
}

describe('names', () => {
  it('of a tool can be others; the wire has its own, and so has the record', async () => {
    const { work, sent } = await place({ echo: { name: 'say', aliases: ['print', 'tell'] } });
    for (const name of ['say', 'print', 'tell', 'echo', 'call echo'])
      expect({ name, ...(await work.run(`${name} --message hi`)) }).toMatchObject({
        name,
        code: 0,
        stdout: 'hi\n',
      });
    expect(sent()).toEqual(Array(5).fill({ name: 'echo', arguments: { message: 'hi' } }));
    expect((await work.run('ls')).stdout).toMatch(/^say {2}/m);
    expect((await work.run('ls')).stdout).not.toMatch(/^echo /m);
    expect((await work.run('say --help')).stdout).toMatch(/^Usage: mcp2cli work say --message <string>/);
    const near = await work.run('--json sya --message hi');
    expect(errorOf(near)).toMatchObject({ hint: 'did you mean say?' });
    await work.run('say --message hi --background');
    expect(await work.json('jobs list')).toMatchObject([{ capability: 'echo' }]);
    // ls --json is the server's word.
    const { data } = await work.json('ls --filter echo');
    expect(data.items[0]).toMatchObject({ id: 'echo', name: 'echo' });
  });

  it('may stand in a group, which is a word before them', async () => {
    const { work, sent } = await place({ add: { group: 'math', name: 'plus' }, echo: { group: 'math' } });
    expect(await work.run('math plus --a 1 --b 2')).toMatchObject({ code: 0 });
    expect(await work.run('math echo --message hi')).toMatchObject({ code: 0, stdout: 'hi\n' });
    expect(sent().map((call) => (call as { name: string }).name)).toEqual(['add', 'echo']);
    expect((await work.run('--help')).stdout).toMatch(/\n {2}math:\n {4}math echo {2}.*\n {4}math plus {2}/);
    expect(await work.run('math')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is a group of tools/),
    });
  });

  it('never take a name that a tool has by itself', async () => {
    const { work, sent } = await place({ add: { name: 'echo' } });
    expect(await work.run('echo --message own')).toMatchObject({ code: 0, stdout: 'own\n' });
    expect(sent()).toEqual([{ name: 'echo', arguments: { message: 'own' } }]);
    expect(await work.run('add --a 1 --b 2')).toMatchObject({ code: 0 });
  });

  it("that cannot be are told with the tool, and are in no other tool's way", async () => {
    const { work } = await place({ add: { name: 'two words' }, echo: { flags: { message: { hide: 1 } } } });
    expect(await work.run('countdown --from 1')).toMatchObject({ code: 0 });
    expect(await work.run('add --a 1 --b 2')).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/^error: instance work: tools\.add\.name must be a name of letters/),
    });
    expect((await work.run('ls')).stderr).toMatch(/^warning: instance work: tools\.add\.name must be/m);
  });
});

describe('flags', () => {
  const PROFILE = {
    add: { flags: { a: { name: 'first', default: 10 }, b: { name: 'second' } } },
  };

  it('can be renamed and have defaults, and are checked under their new names', async () => {
    const { work, sent } = await place(PROFILE);
    expect(await work.run('add --second 2')).toMatchObject({ code: 0 });
    expect(await work.run('add --first 1 --second 2')).toMatchObject({ code: 0 });
    expect(await work.run('add --a 3 --b 4')).toMatchObject({ code: 0 });
    expect(await work.run('add --args {"a":5,"b":6}')).toMatchObject({ code: 0 });
    const values = sent().map((call) => (call as { arguments: object }).arguments);
    expect(values).toEqual([
      { a: 10, b: 2 },
      { a: 1, b: 2 },
      { a: 3, b: 4 },
      { a: 5, b: 6 },
    ]);
    expect(await work.run('add')).toMatchObject({
      code: 2,
      stderr: 'error: missing required --second\nhint: see: mcp2cli work add --help\n',
    });
    const { stdout } = await work.run('add --help');
    expect(stdout).toMatch(/^Usage: mcp2cli work add --second <number> \[flags\]\n/);
    expect(stdout).toMatch(/--first <number> .*\[default: 10\]/);
    expect((await work.run('ls -l')).stdout).toMatch(/^add --second <number> \[--first <number>\]/m);
  });

  it('can be hidden from help, and typed all the same', async () => {
    const { work, sent } = await place({ export: { flags: { format: { hide: true } } } });
    expect((await work.run('export --help')).stdout).not.toContain('--format');
    expect(await work.run('export --dataset full --format csv')).toMatchObject({ code: 0 });
    expect(sent()).toMatchObject([{ arguments: { format: 'csv' } }]);
  });

  it('are set with instances set, and wrong values are refused', async () => {
    const { work } = await place({});
    const flags = '{"a":{"name":"first"}}';
    expect(
      await run(['instances', 'set', 'work', 'tools.add.flags', flags], { home: work.home }),
    ).toMatchObject({
      code: 0,
      stdout: `work: tools.add.flags is ${flags}\n`,
    });
    expect(
      await run(['instances', 'set', 'work', 'tools.add.flags', '{"a":{"hide":"yes"}}'], { home: work.home }),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: tools\.add\.flags must be an object such as/),
    });
    expect(await work.run('add --first 1 --b 2')).toMatchObject({ code: 0 });
  });
});

describe('--dry-run', () => {
  it('prints what would be sent, and sends nothing', async () => {
    const { work, server } = await place({ add: { name: 'plus', flags: { a: { default: 10 } } } });
    expect(await work.run('plus --b 2 --dry-run')).toMatchObject({
      code: 0,
      stdout: '{\n  "b": 2,\n  "a": 10\n}\n',
      stderr: '',
    });
    expect(await work.json('plus --b 2 --dry-run --background')).toMatchObject({
      data: { tool: 'add', arguments: { a: 10, b: 2 } },
    });
    expect(await work.run('plus --b x --dry-run')).toMatchObject({ code: 2, stdout: '' });
    expect(server.stats.calls).toEqual({});
    expect(await work.json('jobs list')).toEqual([]);
  });
});
