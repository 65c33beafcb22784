/** What a server says of itself, and the program of itself: info, ping, logs, --log-level, skill, help --json. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tokensOf } from '../../../src/cli/output/views/skill-view.ts';
import { run, start } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { everythingCommand, keeperHome } from '../../support/keeper.ts';
import { offeringServer } from '../../support/offering-server.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';

const support = (name: string) => fileURLToPath(new URL(`../../support/${name}`, import.meta.url));
const readable = (...args: string[]) => ['--', process.execPath, support('readable-server.js'), ...args];

it('info: versions, protocol, capabilities, instructions, in both generations and through a keeper', async () => {
  const modern = await homeAt((await offeringServer()).url);
  const result = await run(['work', '--json', 'info'], { home: modern });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(dataOf(result)).toMatchObject({
    server: { name: 'offering', version: '1.2.3' },
    protocol_version: '2026-07-28',
    supported_versions: ['2026-07-28'],
    transport: 'http',
    keeper: false,
    capabilities: { resources: { subscribe: true, listChanged: true }, logging: {} },
    extensions: {},
    instructions: 'Ask for documents by their address.',
  });
  expect((await run(['work', 'info'], { home: modern })).stdout).toMatch(
    /^server: offering 1\.2\.3\nprotocol: 2026-07-28 over Streamable HTTP\ncapabilities: .*\ninstructions:\n {2}Ask for documents/,
  );
  const legacy = await keeperHome(everythingCommand(), { keepAlive: true });
  expect(dataOf(await run(['work', '--json', 'info'], { home: legacy }))).toMatchObject({
    server: { name: 'mcp-servers/everything' },
    protocol_version: '2025-11-25',
    transport: 'stdio',
    keeper: true,
    instructions: expect.stringContaining('Everything Server'),
  });
});

it('ping: says what it asked, with the time; a server that refuses has answered', async () => {
  const proxy = await recordingProxy((await offeringServer()).url);
  const modern = await homeAt(proxy.url);
  await run(['work', 'ls'], { home: modern });
  proxy.reset();
  const pinged = await run(['work', '--json', 'ping'], { home: modern });
  expect(pinged).toMatchObject({ code: 0, stderr: '' });
  expect(dataOf(pinged)).toEqual({
    method: 'server/discover',
    ms: expect.any(Number),
    connected_ms: expect.any(Number),
    protocol_version: '2026-07-28',
    transport: 'http',
    keeper: false,
  });
  expect(proxy.requests.map(({ rpc }) => rpc)).toEqual(['server/discover']);
  const legacy = await homeWith(readable('prompts'));
  expect((await run(['work', 'ping'], { home: legacy })).stdout).toMatch(
    /^work answered ping in [\d.]+ ms \(protocol 2025-11-25; connected in [\d.]+ ms\)\n$/,
  );
  const gone = await homeAt('http://127.0.0.1:9/mcp');
  expect(await run(['work', 'ping'], { home: gone })).toMatchObject({ code: 3, stdout: '' });
});

it('--log-level: the messages of a call on stderr, from that level up, in both generations', async () => {
  const proxy = await recordingProxy((await offeringServer()).url);
  const modern = await homeAt(proxy.url);
  const call = ['work', 'shout', '--text', 'a', '--quiet'];
  const plain = await run(call, { home: modern });
  expect(plain.stderr).toBe('');
  const debug = await run([...call, '--log-level', 'debug'], { home: modern });
  expect(debug).toMatchObject({ code: 0, stdout: plain.stdout });
  expect(debug.stderr).toBe('[debug] shouter: {"step":1}\n[warning] that is loud\n');
  const warning = await run(['--json', ...call, '--log-level', 'warning'], { home: modern });
  expect(JSON.parse(warning.stderr)).toEqual({ log: { level: 'warning', data: 'that is loud' } });
  expect(
    proxy.requests
      .filter(({ rpc }) => rpc === 'tools/call')
      .map(({ params }) => (params['_meta'] as object)['io.modelcontextprotocol/logLevel' as never]),
  ).toEqual([undefined, 'debug', 'warning']);

  for (const legacy of [
    await homeWith(readable('log')),
    await keeperHome(readable('log'), { keepAlive: true }),
  ]) {
    const told = await run(['work', 'call', 'ping', '--log-level', 'warning'], { home: legacy });
    expect(told).toMatchObject({ code: 0, stdout: 'the tool\n' });
    expect(told.stderr).toMatch(
      /^(\[warning\] reader: level warning\n)?\[warning\] reader: that was loud\n$/,
    );
  }
  const none = await homeWith(readable('no-resources'));
  expect(await run(['work', 'call', 'x', '--log-level', 'info'], { home: none })).toMatchObject({ code: 2 });
  const background = await run(['work', 'shout', '--background', '--log-level', 'info'], { home: modern });
  expect(background).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--log-level') });
  const wrong = await run(['work', 'shout', '--log-level', 'loud'], { home: modern });
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('one of debug, info, notice, warning'),
  });
});

it('logs: the session of an older server, also through a keeper; 2026-07-28 has none', async () => {
  for (const home of [
    await homeWith(readable('log')),
    await keeperHome(readable('log'), { keepAlive: true }),
  ]) {
    const logs = start(['work', '--json', 'logs', '-f', '--level', 'info'], { home });
    await logs.waitForStdout(/"warning"/);
    logs.signal('SIGINT');
    expect(await logs.done).toMatchObject({ code: 130 });
    expect(
      logs.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { time: expect.any(String), level: 'info', logger: 'reader', data: 'level info' },
      { time: expect.any(String), level: 'warning', logger: 'reader', data: 'level info' },
    ]);
  }
  const modern = await homeAt((await offeringServer()).url);
  const refused = await run(['work', '--json', 'logs'], { home: modern });
  expect(refused).toMatchObject({ code: 5, stdout: '' });
  expect(errorOf(refused).hint).toBe('they come with a call: add --log-level LEVEL to it');
  const silent = await homeWith(readable('prompts'));
  expect(await run(['work', 'logs'], { home: silent })).toMatchObject({ code: 5, stdout: '' });
});

it('a tool called like a command is reached by call, and is told of; an instance called so goes on to work', async () => {
  const home = await homeWith(readable('log'));
  expect((await run(['work', 'ls'], { home })).stdout).toBe('call ping\n');
  expect((await run(['work', 'call', 'ping'], { home })).stdout).toBe('the tool\n');
  const ping = await run(['work', 'ping'], { home });
  expect(ping.stdout).toMatch(/^work answered ping/);
  expect(ping.stderr).toBe('ping is a command; the tool of this name: mcp2cli work call ping\n');

  for (const name of ['info', 'ping', 'logs', 'skill']) await addInstance(home, readable('log'), name);
  await run(['instances', 'use', 'work'], { home });
  expect((await run(['info', 'call', 'ping'], { home })).stdout).toBe('the tool\n');
  expect((await run(['ping', '--help'], { home })).stdout).toMatch(/^Usage: mcp2cli ping COMMAND/);
  for (const name of ['resources', 'ls'])
    expect(await run(['instances', 'add', name, 'http://x/mcp'], { home })).toMatchObject({ code: 2 });
});

it('skill: a SKILL.md of at most 2,000 tokens, for 50 tools and for 500, whatever they say', async () => {
  const skill = async (count: number, words: number) => {
    const file = join(freshDir('tools'), 'tools.json');
    const tools = Array.from({ length: count }, (_, i) => ({
      name: `do_thing_number_${i}`,
      description: `${'considerable explanation '.repeat(words)}${i}.`,
      inputSchema: {
        type: 'object',
        properties: { important: { type: 'string' }, other: {} },
        required: ['important'],
      },
    }));
    writeFileSync(file, JSON.stringify(tools));
    const home = await homeWith(['--', process.execPath, support('listing-server.js'), file]);
    const { code, stdout, stderr } = await run(['work', 'skill'], { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^---\nname: work\ndescription: ".*"\n---\n\n# /);
    for (const part of ['## Tools', '## Background jobs', '## Exit codes', '--json'])
      expect(stdout).toContain(part);
    expect(tokensOf(stdout)).toBeLessThanOrEqual(2_000);
    // The rule of thumb for English.
    expect(stdout.length / 4).toBeLessThanOrEqual(2_000);
    return stdout;
  };
  const few = await skill(3, 4);
  expect(few).toContain('- `do-thing-number-0 --important [flags]`: considerable explanation');
  const fifty = await skill(50, 100);
  for (let i = 0; i < 50; i++) expect(fifty).toContain(`do-thing-number-${i}`);
  expect(await skill(500, 100)).toMatch(/- and \d+ more: `mcp2cli work ls`/);
});

it('help --json is the tree of commands; each of them has help', async () => {
  const home = freshHome();
  const { commands } = dataOf<{ commands: Record<string, Node[]> }>(await run(['help', '--json'], { home }));
  interface Node {
    command: string;
    summary: string;
    commands?: Node[];
  }
  const flat = (nodes: readonly Node[]): Node[] => nodes.flatMap((one) => [one, ...flat(one.commands ?? [])]);
  const instance = flat(commands['instance'] ?? []).map(({ command }) => command);
  expect(instance).toEqual(
    expect.arrayContaining(['ls', 'resources read', 'prompts get', 'jobs wait', 'info', 'skill']),
  );
  expect(flat(commands['program'] ?? []).map(({ command }) => command)).toContain('instances add');
  expect(commands['flags']).toContainEqual(expect.objectContaining({ flags: '-o, --output <FORMAT>' }));
  for (const words of ['info', 'ping', 'logs', 'skill', 'resources watch', 'prompts get'])
    expect(await run([...words.split(' '), '--help'], { home })).toMatchObject({ code: 0, stderr: '' });
});
