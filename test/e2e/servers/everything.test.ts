/** The official "everything" server over Streamable HTTP: what it offers, and its plain tools. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { type ChildServer, everythingHttp } from '../../support/servers.ts';

let server: ChildServer;
beforeAll(async () => {
  server = await everythingHttp();
});
afterAll(() => server.close());

interface Item {
  id: string;
  kind: string;
  name: string;
  inputSchema: { type: string; properties?: Record<string, unknown> };
}

it('lists its tools, and every one of them explains itself', async () => {
  const home = await homeAt(server.url);
  const listed = await run(['work', '--json', 'ls', '--kind', 'tool'], { home });
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  const { items } = dataOf<{ items: Item[] }>(listed);
  expect(items.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['echo', 'get-sum', 'simulate-research-query']),
  );
  expect(items.every(({ id, kind, name }) => kind === 'tool' && id === name)).toBe(true);

  const human = await run(['work', 'ls', '--kind', 'tool'], { home });
  expect(human).toMatchObject({ code: 0, stderr: '' });
  expect(human.stdout).toMatch(/^echo {2,}Echoes back the input string$/m);
  expect(human.stdout.trimEnd().split('\n')).toHaveLength(items.length);

  for (const { name, inputSchema } of items) {
    const help = await run(['work', name, '--help'], { home });
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: mcp2cli work ${name}`);
    for (const property of Object.keys(inputSchema.properties ?? {})) {
      const flag = property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect(help.stdout, name).toContain(`--${flag}`);
    }
  }
});

it('calls echo, in a session that is closed when the answer is there', async () => {
  const proxy = await recordingProxy(server.url);
  const home = await homeAt(proxy.url);
  expect(await run(['work', 'echo', '--message', "it's"], { home })).toMatchObject({
    code: 0,
    stdout: "Echo: it's\n",
    stderr: '',
  });
  expect(proxy.count('tools/call')).toBe(1);
  expect(proxy.count('DELETE')).toBe(1);
  const envelope = await run(['work', 'echo', '--message', 'hi', '--json'], { home });
  expect(JSON.parse(envelope.stdout)).toEqual({
    app_id: 'work',
    command: 'echo',
    summary: 'done',
    data: { content: [{ type: 'text', text: 'Echo: hi' }] },
  });
  // The server was asked once what it is and what it offers.
  expect(proxy.count('server/discover')).toBe(1);
  expect(proxy.count('tools/list')).toBe(1);
});

it('checks arguments before anything is sent, all problems at once', async () => {
  const proxy = await recordingProxy(server.url);
  const home = await homeAt(proxy.url);
  await run(['work', 'ls'], { home });
  proxy.reset();
  const wrong = await run(['work', 'get-sum', '--a', 'x', '--b', 'true'], { home });
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('--a: must be a number (given "x")');
  expect(wrong.stderr).toContain('--b: must be a number (given "true")');
  const missing = await run(['work', 'get-sum', '--args', '{"a": "1"}', '--json'], { home });
  expect(missing).toMatchObject({ code: 2, stdout: '' });
  const { message, exit_code } = errorOf(missing);
  expect(exit_code).toBe(2);
  expect(message).toContain('--a');
  expect(message).toContain('--b');
  expect(proxy.requests).toEqual([]);

  const right = await run(['work', 'get-sum', '--a', '2', '--b', '-3.5'], { home });
  expect(right).toMatchObject({ code: 0, stdout: 'The sum of 2 and -3.5 is -1.5.\n', stderr: '' });
});

it('describes an image and keeps it where --save says', async () => {
  const home = await homeAt(server.url);
  const described = await run(['work', 'get-tiny-image'], { home });
  expect(described).toEqual({
    code: 0,
    signal: null,
    stdout: [
      "Here's the image you requested:",
      '[image image/png, 4.0 kB; --save DIR keeps it]',
      'The image above is the MCP logo.\n',
    ].join('\n'),
    stderr: '',
  });

  const raw = await run(['work', 'get-tiny-image', '--json'], { home });
  const base64 = dataOf<{ content: { data: string }[] }>(raw).content[1]?.data ?? '';
  const dir = join(freshDir('save'), 'pictures');
  for (const file of ['result-2.png', 'result-2.1.png']) {
    const saved = await run(['work', 'get-tiny-image', '--save', dir], { home });
    expect(saved).toMatchObject({ code: 0, stderr: '' });
    expect(saved.stdout).toContain(`[image image/png, 4.0 kB: ${join(dir, file)}]\n`);
    expect(saved.stdout).not.toContain(base64.slice(0, 40));
  }
  expect(readdirSync(dir).sort()).toEqual(['result-2.1.png', 'result-2.png']);
  const bytes = readFileSync(join(dir, 'result-2.png'));
  expect(bytes.equals(Buffer.from(base64, 'base64'))).toBe(true);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
});

it('prints resource links with name and address', async () => {
  const home = await homeAt(server.url);
  const { code, stdout, stderr } = await run(['work', 'get-resource-links', '--count', '2'], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(
    [
      'Here are 2 resource links to resources available in this server:',
      'Blob Resource 1 <demo://resource/dynamic/blob/1> (text/plain) - Resource 1: plaintext resource',
      '  mcp2cli work resources read demo://resource/dynamic/blob/1',
      'Text Resource 2 <demo://resource/dynamic/text/2> (text/plain) - Resource 2: plaintext resource',
      '  mcp2cli work resources read demo://resource/dynamic/text/2\n',
    ].join('\n'),
  );
});

it('tells progress on stderr and the answer on stdout', async () => {
  const home = await homeAt(server.url);
  const words = ['work', 'trigger-long-running-operation', '--duration', '0.4', '--steps', '2'];
  const stdout = 'Long running operation completed. Duration: 0.4 seconds, Steps: 2.\n';
  expect(await run(words, { home })).toMatchObject({
    code: 0,
    stdout,
    stderr: 'progress: 1/2 (50%)\nprogress: 2/2 (100%)\n',
  });
  expect(await run([...words, '--quiet'], { home })).toMatchObject({ code: 0, stdout, stderr: '' });
});

it('runs a tool without tasks synchronously when asked for the background, and says so', async () => {
  const proxy = await recordingProxy(server.url);
  const home = await homeAt(proxy.url);
  const { code, stdout, stderr } = await run(['work', 'echo', '--message', 'hi', '--background'], { home });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Job submitted: job_\w+ \(local\)\n$/);
  expect(stderr).toBe(
    'ran synchronously (the server has no tasks for this tool; --detach returns at once): the job is completed\n',
  );
  const [call] = proxy.requests.filter(({ rpc }) => rpc === 'tools/call');
  expect(call?.params).toMatchObject({ name: 'echo', _meta: { task: true } });
  expect(call?.params).not.toHaveProperty('task');
  const waited = await run(['work', 'jobs', 'wait', '--latest'], { home });
  expect(waited).toMatchObject({ code: 0, stdout: 'Echo: hi\n', stderr: '' });
  expect(proxy.count('tools/call')).toBe(1);
});
