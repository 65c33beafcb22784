/** Resources and prompts: what a raw client reaches is reached, with equal content; over each transport and in both generations. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, start, startCommand } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { configure, endKeepers, everythingCommand, keeperHome } from '../../support/keeper.ts';
import { connect } from '../../support/mcp-client.ts';
import { ODD_URIS, offeringServer, URIS } from '../../support/offering-server.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { everythingHttp, everythingSse } from '../../support/servers.ts';
import { ask } from '../../support/tasks-2026/raw-client.ts';

const READABLE = fileURLToPath(new URL('../../support/readable-server.js', import.meta.url));
const readable = (...args: string[]) => ['--', process.execPath, READABLE, ...args];

interface Item {
  id: string;
  kind: string;
  [listed: string]: unknown;
}

async function itemsOf(home: string, words: readonly string[]): Promise<Item[]> {
  const result = await run(['work', '--json', ...words], { home });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return dataOf<{ items: Item[] }>(result).items;
}

/** What the server listed, without what is ours. */
const bare = (items: readonly Item[], kind: string) =>
  items.filter((item) => item.kind === kind).map(({ id: _id, kind: _kind, ...listed }) => listed);

it.each(['stdio', 'http', 'sse'] as const)(
  'server-everything over %s: all of it is listed and read as a raw client does',
  async (transport) => {
    const reference = await everythingHttp();
    const { client } = await connect(reference.url);
    const home =
      transport === 'stdio'
        ? await homeWith(everythingCommand())
        : await homeAt(transport === 'sse' ? (await everythingSse()).url : reference.url);
    const [resources, templates, prompts] = [
      (await client.listResources()).resources,
      (await client.listResourceTemplates()).resourceTemplates,
      (await client.listPrompts()).prompts,
    ];
    expect([resources.length, templates.length, prompts.length]).toEqual([7, 2, 4]);

    const listed = await run(['work', '--json', 'ls'], { home });
    const all = dataOf<{ items: Item[]; counts: object }>(listed);
    expect(bare(all.items, 'resource')).toEqual(resources);
    expect(bare(all.items, 'template')).toEqual(templates);
    expect(bare(all.items, 'prompt')).toEqual(prompts);
    expect(all.counts).toMatchObject({ resource: 7, template: 2, prompt: 4 });
    expect(bare(await itemsOf(home, ['resources']), 'resource')).toEqual(resources);
    expect(bare(await itemsOf(home, ['resources', 'templates']), 'template')).toEqual(templates);
    expect(bare(await itemsOf(home, ['prompts']), 'prompt')).toEqual(prompts);
    expect(
      new Set((await itemsOf(home, ['ls', '--kind', 'resource,prompt'])).map(({ kind }) => kind)),
    ).toEqual(new Set(['resource', 'prompt']));

    // Each of the commands so far has started the server; a keeper does that once for all that follow.
    if (transport === 'stdio') {
      configure(home, { keepAlive: true });
      endKeepers(home);
    }
    for (const { uri } of resources) {
      const raw = await client.readResource({ uri });
      const [content] = raw.contents as { text: string }[];
      expect(dataOf(await run(['work', '--json', 'resources', 'read', uri], { home }))).toEqual(raw);
      expect((await run(['work', 'resources', 'read', uri], { home })).stdout).toBe(content?.text);
    }
    // These tell the time.
    const timeless = (value: unknown) => JSON.parse(JSON.stringify(value).replace(/\d+:\d+:\d+/g, 'T'));
    for (const { uriTemplate } of templates) {
      const raw = await client.readResource({ uri: uriTemplate.replace('{resourceId}', '2') });
      const read = ['work', '--json', 'resources', 'read', uriTemplate, '--resource-id', '2'];
      const data = dataOf<{ contents: { blob?: string }[] }>(await run(read, { home }));
      const plain = (one: { contents: { blob?: string }[] }) =>
        timeless(one.contents.map((part) => Buffer.from(part.blob ?? '', 'base64').toString()));
      expect(plain(data)).toEqual(plain(raw as never));
      const withoutBlob = (one: object) =>
        timeless(JSON.parse(JSON.stringify(one, (k, v) => (k === 'blob' ? '' : v))));
      expect(withoutBlob(data)).toEqual(withoutBlob(raw));
    }
    const args: Record<string, Record<string, string>> = {
      'args-prompt': { city: 'Rome', state: 'Lazio' },
      'completable-prompt': { department: 'Sales', name: 'David' },
      'resource-prompt': { resourceType: 'Text', resourceId: '1' },
    };
    for (const { name } of prompts) {
      const given = args[name] ?? {};
      const raw = await client.getPrompt({ name, arguments: given });
      const flags = Object.entries(given).flatMap(([key, value]) => [`--${key}`, value]);
      const got = dataOf(await run(['work', '--json', 'prompts', 'get', name, ...flags], { home }));
      expect(timeless(got)).toEqual(timeless(raw));
    }
    await client.close();
  },
);

it('2026-07-28: each resource, template and prompt comes out as the server has it', async () => {
  const { url } = await offeringServer();
  const proxy = await recordingProxy(url);
  const home = await homeAt(proxy.url);
  const header = (value: string) =>
    /^[\x20-\x7e]+$/.test(value) ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
  const raw = async (method: string, params: Record<string, unknown>) =>
    (
      await ask(url, method, params, {
        headers: { 'mcp-name': header(String(params['uri'] ?? params['name'] ?? '')) },
      })
    ).result;

  const items = await itemsOf(home, ['ls']);
  expect(bare(items, 'resource')).toEqual((await raw('resources/list', {})).resources);
  expect(bare(items, 'template')).toEqual((await raw('resources/templates/list', {})).resourceTemplates);
  expect(bare(items, 'prompt')).toEqual((await raw('prompts/list', {})).prompts);

  for (const uri of URIS) {
    const read = await run(['work', '--json', 'resources', 'read', uri], { home });
    expect(read).toMatchObject({
      code: 0,
      stderr: uri === 'doc://empty' ? 'the resource has no content\n' : '',
    });
    expect(dataOf(read)).toEqual(await raw('resources/read', { uri }));
    const { headers, params } = await proxy.seen(
      ({ rpc, params }) => rpc === 'resources/read' && params['uri'] === uri,
    );
    expect(headers['mcp-name']).toBe(header(uri));
    expect(params['uri']).toBe(uri);
  }
  const review = ['work', '--json', 'prompts', 'get', 'review', '--code', 'x = 1'];
  expect(dataOf(await run(review, { home }))).toEqual(
    await raw('prompts/get', { name: 'review', arguments: { code: 'x = 1' } }),
  );
  const { headers } = await proxy.seen(({ rpc }) => rpc === 'prompts/get');
  expect(headers['mcp-name']).toBe('review');
});

it('text comes out to the byte, binary content as a line, several parts one after the other', async () => {
  const home = await homeAt((await offeringServer()).url);
  const read = async (...words: string[]) => run(['work', 'resources', 'read', ...words], { home });
  expect(await read('doc://plain')).toMatchObject({ code: 0, stdout: 'no newline at the end', stderr: '' });
  expect((await read('doc://numbers')).stdout).toBe('{"id": 725653563933458432}\n');
  expect((await read('doc://several')).stdout).toBe(
    'first\nsecond\n[resource doc://several/pixel.png image/png, 70 B; --save DIR keeps it]\n',
  );
  expect((await read('doc://empty')).stderr).toBe('the resource has no content\n');
  const unknown = await read('doc://nowhere');
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toBe('error: no such resource: doc://nowhere\nhint: see: mcp2cli work resources\n');
});

it("a template's variables are flags, filled in as RFC 6570 has it", async () => {
  const home = await homeAt((await offeringServer()).url);
  const template = 'db://{table}{?limit,columns*}';
  const read = async (...words: string[]) => run(['work', 'resources', 'read', template, ...words], { home });
  expect((await read('--table', 'a b/ü')).stdout).toBe('rows of db://a%20b%2F%C3%BC');
  expect((await read('--table', 't', '--limit', '5', '--columns', 'a', '--columns', 'b c')).stdout).toBe(
    'rows of db://t?limit=5&columns=a&columns=b%20c',
  );
  expect((await read('--args', '{"table":"../etc","columns":["x"]}')).stdout).toBe(
    'rows of db://..%2Fetc?columns=x',
  );
  expect(await read()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('missing required --table'),
  });
  expect(await read('--tables', 't')).toMatchObject({ code: 2, stderr: expect.stringContaining('--table') });
  expect((await read('--help')).stdout).toMatch(
    /Required:\n {2}--table <string>[\s\S]*Optional:\n[\s\S]*--columns/,
  );
  for (const bad of [
    'db://{table',
    'db://table}',
    'db://{}',
    'db://{!x}',
    'db://{a{b}}',
    'db://{x:0}',
    'db://{ x }',
  ])
    expect(await run(['work', 'resources', 'read', bad], { home })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('not a template of RFC 6570'),
    });
  const onUri = await run(['work', 'resources', 'read', 'doc://plain', '--table', 'x'], { home });
  expect(onUri).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown flag --table') });
});

it('--save writes to a file, or into a folder under names that lead nowhere else', async () => {
  const home = await homeAt((await offeringServer()).url);
  const dir = freshDir('save');
  const into = join(dir, 'into/');
  const save = async (uri: string, to: string) =>
    run(['work', '--quiet', 'resources', 'read', uri, '--save', to], { home, cwd: dir });

  expect((await save('doc://plain', join(dir, 'plain.md'))).stdout).toBe(`${join(dir, 'plain.md')}\n`);
  expect(readFileSync(join(dir, 'plain.md'), 'utf8')).toBe('no newline at the end');
  for (const uri of [...ODD_URIS, 'doc://several', 'doc://pixel.png'])
    expect(await save(uri, into)).toMatchObject({ code: 0, stderr: '' });
  const saved = readdirSync(into);
  expect(saved).toHaveLength(ODD_URIS.length + 4);
  for (const name of saved) expect(name).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}._ -]*$/u);
  expect(saved).not.toContain('con.txt');
  expect(saved).toContain('a b.txt');
  expect(readdirSync(dir).sort()).toEqual(['into', 'plain.md']);
  expect(existsSync(join(dir, '../passwd'))).toBe(false);
  expect(readFileSync(join(into, 'pixel.png')).subarray(1, 4).toString()).toBe('PNG');
  const onto = await save('doc://plain', join(dir, 'plain.md', 'below'));
  expect(onto).toMatchObject({ code: 74, stdout: '' });
});

it('a link in the result of a tool is read by the line below it, copied into a shell', async () => {
  const home = await homeAt((await offeringServer()).url);
  const { stdout } = await run(['work', 'shout', '--text', 'hi'], { home });
  const commands = stdout.split('\n').filter((line) => line.startsWith('  mcp2cli '));
  // A terminal could not be trusted with the others.
  expect(commands).toHaveLength(URIS.filter((uri) => !/[\u0000-\u001f]/.test(uri)).length);
  for (const command of commands) {
    const line = command
      .trim()
      .replace(/^mcp2cli/, `'${process.execPath}' '${join(process.cwd(), 'bin/mcp2cli.js')}'`);
    const read = await startCommand('/bin/sh', ['-c', line], { home }).done;
    expect(read).toMatchObject({ code: 0 });
  }
  expect((await run(['work', '--quiet', 'shout', '--text', 'hi'], { home })).stdout).not.toContain('mcp2cli');
});

it('prompts: roles for people, required arguments, images and embedded resources as of tools', async () => {
  const home = await homeAt((await offeringServer()).url);
  const get = async (...words: string[]) => run(['work', 'prompts', 'get', ...words], { home });
  expect(await get('review', '--code', 'x', '--tone', 'kind')).toMatchObject({
    code: 0,
    stdout: '[user]\nReview: x\n\n[assistant]\nIn a kind tone.\nSoon.\n',
    stderr: '',
  });
  expect((await get('review', '--code', 'x', '--quiet')).stdout).toBe('Review: x\nIn a usual tone.\nSoon.\n');
  expect(await get('review')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('missing required --code'),
  });
  expect(await get('review', '--cod', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--code'),
  });
  expect(await get('reviw')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('did you mean review?'),
  });
  expect((await get('review', '--help')).stdout).toMatch(/--code <string>\s+what to review/);
  expect((await get('picture')).stdout).toBe(
    '[user]\n[image image/png, 70 B; --save DIR keeps it]\n\n[user]\nembedded\n',
  );
  const dir = freshDir('prompt');
  expect(await get('picture', '--save', dir)).toMatchObject({ code: 0 });
  expect(readdirSync(dir)).toHaveLength(1);
});

it('what the server asks before it answers is answered, or told', async () => {
  const home = await homeAt((await offeringServer()).url);
  const alone = await run(['work', '--json', 'prompts', 'get', 'asks'], { home });
  expect(alone).toMatchObject({ code: 8, stdout: '' });
  expect(errorOf(alone)).toMatchObject({ code: 'input_required' });
  const answered = await run(['work', 'prompts', 'get', 'asks', '--elicit', 'defaults'], { home });
  expect(answered).toMatchObject({ code: 0, stdout: '[user]\nhello Ada\n' });
});

it('servers with resources or prompts alone', async () => {
  const resources = await homeAt((await offeringServer(['resources'])).url);
  expect(dataOf(await run(['work', '--json', 'ls'], { home: resources }))).toMatchObject({
    counts: { resource: URIS.length, template: 1 },
  });
  expect(await run(['work', 'prompts'], { home: resources })).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'the server offers no prompts\n',
  });
  const prompts = await homeWith(readable('prompts'));
  expect(dataOf(await run(['work', '--json', 'ls'], { home: prompts }))).toMatchObject({
    counts: { prompt: 1 },
  });
  expect((await run(['work', 'prompts', 'get', 'only'], { home: prompts })).stdout).toBe(
    '[user]\nonly this\n',
  );
  const none = await homeWith(readable('no-resources'));
  expect(await run(['work', 'resources'], { home: none })).toMatchObject({ code: 0, stdout: '' });
  expect(await run(['work', 'resources', 'read', 'x:y'], { home: none })).toMatchObject({
    code: 5,
    stderr: 'error: the server has no resources\n',
  });
});

it('10,000 resources on 200 pages; a page that comes back for ever', async () => {
  const many = await homeWith(readable('pages'));
  const items = await itemsOf(many, ['resources']);
  expect(items).toHaveLength(10_000);
  expect(new Set(items.map(({ id }) => id)).size).toBe(10_000);
  expect(await itemsOf(many, ['resources', '--filter', 'document 9999'])).toHaveLength(1);
  expect(await itemsOf(many, ['resources', '--limit', '3'])).toHaveLength(3);
  const endless = await homeWith(readable('endless'));
  const listed = await run(['work', '--json', 'resources'], { home: endless });
  expect(listed.code).toBe(0);
  expect(dataOf<{ items: Item[] }>(listed).items.map(({ id }) => id)).toEqual(
    [0, 1, 50, 51, 100, 101].map((n) => `doc://${n}`),
  );
  expect(listed.stderr).toContain('does not end');
});

it('a running keeper is asked, and no second server is started', async () => {
  const home = await keeperHome(everythingCommand(), { keepAlive: true });
  const { items } = dataOf<{ items: Item[] }>(await run(['work', '--json', 'resources'], { home }));
  expect(items).toHaveLength(9);
  const read = await run(['work', '-v', 'resources', 'read', items[0]?.id ?? ''], { home });
  expect(read).toMatchObject({ code: 0 });
  // A server of the command's own would say so on its stderr.
  expect(read.stderr).not.toContain('Starting default (STDIO) server');
  expect((await run(['work', 'prompts', 'get', 'simple-prompt'], { home })).stdout).toMatch(/^\[user\]\n/);
});

it('ad hoc targets', async () => {
  const { url } = await offeringServer();
  const home = freshDir('home');
  expect((await run(['--url', url, 'resources', 'read', 'doc://plain'], { home })).stdout).toBe(
    'no newline at the end',
  );
  const links = await run(['--url', url, 'shout', '--text', 'x'], { home });
  expect(links.stdout).toContain(`  mcp2cli --url ${url} resources read doc://plain\n`);
});

it('a change is a line: subscriptions of 2026-07-28, of 2025-11-25, and through a keeper', async () => {
  const server = await offeringServer();
  const modern = start(['work', 'resources', 'watch', 'doc://plain'], { home: await homeAt(server.url) });
  await modern.waitForStderr(/^watching doc:\/\/plain/m);
  server.change('doc://numbers');
  server.change('doc://plain');
  await modern.waitForStdout(/^\d{4}-\S+Z {2}updated {2}doc:\/\/plain\n/);
  modern.signal('SIGINT');
  expect(await modern.done).toMatchObject({ code: 130 });
  expect(modern.stdout.trim().split('\n')).toHaveLength(1);

  const file = join(freshDir('watched'), 'file');
  writeFileSync(file, 'before');
  for (const home of [
    await homeWith(readable('watched', file)),
    await keeperHome(readable('watched', file), { keepAlive: true }),
  ]) {
    const legacy = start(['work', '--json', 'resources', 'watch', 'file:///file'], { home });
    await legacy.waitForStderr(/watching/);
    writeFileSync(file, 'after');
    const [line] = await legacy.waitForStdout(/^\{.*\}$/m);
    expect(JSON.parse(line)).toEqual({ time: expect.any(String), uri: 'file:///file', event: 'updated' });
    legacy.signal('SIGINT');
    expect(await legacy.done).toMatchObject({ code: 130 });
  }
});

it('no subscription, or one that is declared and unknown: exit 5 with the command that polls, which works', async () => {
  const file = join(freshDir('polled'), 'file');
  writeFileSync(file, 'before');
  for (const mode of ['silent', 'pages']) {
    const home = await homeWith(readable(mode, file));
    const watch = await run(['work', '--json', 'resources', 'watch', 'doc://1'], { home });
    expect(watch).toMatchObject({ code: 5, stdout: '' });
    expect(errorOf(watch)).toMatchObject({
      code: 'unsupported',
      hint: 'read them and compare instead: mcp2cli work resources watch doc://1 --poll 30s',
    });
    const polling = start(['work', 'resources', 'watch', 'doc://1', '--poll', '100ms'], { home });
    await polling.waitForStderr(/reading doc:\/\/1 every 0.1 s/);
    writeFileSync(file, `after in mode ${mode}`);
    await polling.waitForStdout(/updated {2}doc:\/\/1\n/);
    polling.signal('SIGINT');
    expect(await polling.done).toMatchObject({ code: 130 });
    const limited = await run(['work', 'resources', 'watch', 'doc://1', '--poll', '1s', '--timeout', '1s'], {
      home,
    });
    expect(limited).toMatchObject({ code: 124 });
  }
});

it('an older cache without resources is completed by ls, quietly; a damaged one too', async () => {
  const home = await homeAt((await offeringServer()).url);
  const count = async () => (await itemsOf(home, ['ls'])).filter(({ kind }) => kind === 'resource').length;
  expect(await count()).toBe(URIS.length);
  const path = join(home, 'instances/work/extras.json');
  writeFileSync(path, '{');
  expect(await count()).toBe(URIS.length);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ schema_version: 1 });
});

it('numbers of a listing are those that the server wrote, from the server and from the cache', async () => {
  const home = await homeWith(readable('exact'));
  for (let round = 0; round < 2; round++) {
    const { stdout } = await run(['work', '--json', 'ls', '--kind', 'resource'], { home });
    expect(stdout).toContain('"size":725653563933458432,"priority":1.50');
  }
});

it('--kind takes the kinds that there are; TAB knows URIs, templates, prompts and their flags from the cache', async () => {
  const home = await homeAt((await offeringServer()).url);
  expect(await run(['work', 'ls', '--kind', 'resorce'], { home })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('one of tool, definition, job, workflow, resource, template, prompt'),
  });
  expect((await run(['work', 'ls', '--kind', 'tool'], { home })).stdout).toBe(
    'shout  Says it loudly (shout).\n',
  );
  const tab = async (...words: string[]) => {
    const { stdout } = await run(['__complete', 'fish', '--', ...words], { home });
    return stdout.split('\n').map((line) => line.split('\t')[0]);
  };
  await run(['work', 'ls'], { home });
  expect(await tab('work', 'resources', 'read', 'doc://p')).toEqual(['doc://plain', 'doc://pixel.png', '']);
  expect(await tab('work', 'resources', 'read', 'db:')).toEqual(['db://{table}{?limit,columns*}', '']);
  expect(await tab('work', 'resources', 'watch', 'db:')).toEqual(['']);
  expect(await tab('work', 'resources', 'read', 'db://{table}{?limit,columns*}', '--')).toEqual(
    expect.arrayContaining(['--table', '--limit', '--columns', '--json']),
  );
  expect(await tab('work', 'prompts', 'get', 'r')).toEqual(['review', '']);
  expect(await tab('work', 'prompts', 'get', 'review', '--c')).toEqual(['--code', '--connect-timeout', '']);
});

/** What TAB proposes, by the words of a line; the last of them is being typed. */
async function proposed(home: string, ...words: string[]): Promise<string[]> {
  const { stdout } = await run(['__complete', 'fish', '--', ...words], { home });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

/** What is proposed after a while: a server has 300 ms, which a busy machine may need for itself; then there is nothing to propose, once. */
function proposes(home: string, ...words: string[]) {
  return expect.poll(() => proposed(home, ...words));
}

it('TAB asks the server for values only where the instance lets it, and does not wait for one that is silent', async () => {
  const server = await offeringServer();
  const proxy = await recordingProxy(server.url);
  const home = await homeAt(proxy.url);
  await run(['work', 'ls'], { home });
  proxy.reset();
  const tone = ['work', 'prompts', 'get', 'review', '--tone', 'f'];
  expect(await proposed(home, ...tone)).toEqual([]);
  expect(proxy.requests).toEqual([]);

  await run(['instances', 'set', 'work', 'serverCompletion', 'true'], { home });
  await proposes(home, ...tone).toEqual(['formal', 'friendly']);
  expect(new Set(proxy.requests.map(({ rpc }) => rpc))).toEqual(new Set(['completion/complete']));
  expect(proxy.requests[0]?.params).toMatchObject({
    ref: { type: 'ref/prompt', name: 'review' },
    argument: { name: 'tone', value: 'f' },
  });
  await proposes(home, 'work', 'prompts', 'get', 'review', '--tone', 'formal', '--code=').toEqual([
    '--code=sir',
  ]);
  const rows = ['work', 'resources', 'read', 'db://{table}{?limit,columns*}', '--table', 'ge'];
  await proposes(home, ...rows).toEqual(['german', 'georgian']);

  const silent = createServer(() => {});
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  proxy.retarget(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const began = performance.now();
  expect(await proposed(home, ...tone)).toEqual([]);
  // 300 ms, the start of the program, and a machine that is busy: the server never answers.
  expect(performance.now() - began).toBeLessThan(30_000);
  silent.closeAllConnections();
  silent.close();
});

it('TAB asks a running keeper; no stdio server is started for it', async () => {
  const home = await keeperHome(everythingCommand(), { keepAlive: true, serverCompletion: true });
  const department = ['work', 'prompts', 'get', 'completable-prompt', '--department', ''];
  await run(['work', 'ls'], { home });
  await proposes(home, ...department).toEqual(['Engineering', 'Sales', 'Marketing', 'Support']);
  const name = ['work', 'prompts', 'get', 'completable-prompt', '--department', 'Sales', '--name', ''];
  await proposes(home, ...name).toEqual(['David', 'Eve', 'Frank']);
  await run(['keeper', 'stop', 'work', '--force'], { home });
  expect(await proposed(home, ...department)).toEqual([]);
  expect(await run(['keeper', 'status', 'work', '--json'], { home })).toMatchObject({ code: 0 });
  const { items } = dataOf<{ items: unknown[] }>(await run(['keeper', 'status', 'work', '--json'], { home }));
  expect(items).toEqual([]);
});

it('a keeper that hears of another list reads it again, and the cache has it', async () => {
  const server = await offeringServer();
  const home = await keeperHome(['--url', server.url], { keepAlive: true, idleTimeout: '0' });
  await run(['work', 'ls'], { home });
  const log = start(['keeper', 'logs', 'work', '-f'], { home });
  server.toolsChanged(['shout', 'whisper']);
  await log.waitForStdout(/tools have changed, and were read again/);
  server.resourcesChanged();
  await log.waitForStdout(/resources have changed, and were read again/);
  const ids = (await itemsOf(home, ['ls'])).map(({ id }) => id);
  expect(ids).toContain('whisper');
  expect(ids).toContain('doc://more/0');
});

it.skipIf(!ptyTool())('--interactive: TAB asks the server what may be typed', async () => {
  const home = await homeAt((await offeringServer()).url);
  const terminal = startOnPty(['work', 'prompts', 'get', 'review', '--interactive'], { home, columns: 120 });
  await terminal.waitForStdout(/--code: text[^>]*> /s);
  terminal.write('x\r');
  await terminal.waitForStdout(/--tone: text[^>]*> /s);
  terminal.write('fo\t');
  await terminal.waitForStdout(/formal/);
  terminal.write('\r');
  const { code, stdout } = await terminal.done;
  expect(stdout).toContain('runs: mcp2cli work prompts get review --code x --tone formal');
  expect(stdout).toContain('In a formal tone.');
  expect(code).toBe(0);
});
