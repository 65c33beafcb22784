/** The helpers themselves: a test that trusts them should not be the first to find them wrong. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inProcesses, run, startCommand } from './cli.ts';
import { freshDir, freshHome } from './home.ts';
import { addInstance, homeAt } from './instance.ts';
import { STDIO_COMMAND } from './keeper.ts';
import { launchers, shell } from './launcher.ts';
import { connect } from './mcp-client.ts';
import { ptyTool, startCommandOnPty } from './pty.ts';
import { demoChild, demoServer, everythingHttp, everythingStdio } from './servers.ts';

const node = (code: string, options: Partial<Parameters<typeof startCommand>[2]> = {}) =>
  startCommand(process.execPath, ['-e', code], { home: freshHome(), ...options });

it('runs a command in a clean environment', async () => {
  const home = freshHome();
  const { done } = node('console.log(JSON.stringify(process.env)); console.error(1); process.exitCode = 4', {
    home,
    env: { EXTRA: 'x', PATH: undefined },
  });
  const { code, signal, stdout, stderr } = await done;
  expect({ code, signal, stderr }).toEqual({ code: 4, signal: null, stderr: '1\n' });
  expect(JSON.parse(stdout)).toEqual({
    LANG: 'C.UTF-8',
    HOME: home,
    USERPROFILE: home,
    MCP2CLI_HOME: home,
    NODE_COMPILE_CACHE: expect.stringContaining('mcp2cli-test-compile-cache'),
    ...(process.env['TMPDIR'] === undefined ? {} : { TMPDIR: process.env['TMPDIR'] }),
    EXTRA: 'x',
  });
});

it('runs a command line in this process as in one of its own', async () => {
  const { url } = await demoServer({ speed: 50 });
  const home = await homeAt(url);
  await addInstance(home, STDIO_COMMAND, 'local');
  const lines = [
    ['instances', 'list'],
    ['--json', 'instances', 'show', 'work'],
    ['work', 'ls'],
    ['work', 'deploy', '--help'],
    ['work', 'deploy', '--version', '2.0'],
    ['work', 'deploy', '--nope'],
    ['work', 'deploy', '--version', '2.0', '--background', '--quiet', '--json', '--nope'],
    ['work', 'deploy', '--args', '-'],
    ['work', 'jobs', 'show', 'nosuchjob', '--json'],
    ['work', 'jobs', 'list', '--status', 'gone'],
    ['local', 'describe'],
    ['--url', 'http://127.0.0.1:1/mcp', 'ls'],
    ['nope'],
  ];
  for (const words of lines) {
    const options = { home, input: '{"version": "3.0"}' };
    const here = await run(words, options);
    expect({ words, ...here }).toEqual({ words, ...(await inProcesses(() => run(words, options))) });
  }
});

it('keeps command lines in this process apart', async () => {
  const { url } = await demoServer({ speed: 50 });
  const homes = await Promise.all([homeAt(url, 'one'), homeAt(url, 'two')]);
  const before = { env: { ...process.env }, cwd: process.cwd(), signals: process.listenerCount('SIGINT') };
  const ends = await Promise.all(
    homes.flatMap((home) => [0, 1].map(() => run(['instances', 'list', '--quiet'], { home }))),
  );
  expect(ends.map(({ stdout }) => /one|two/.exec(stdout)?.[0])).toEqual(['one', 'one', 'two', 'two']);
  expect({ env: { ...process.env }, cwd: process.cwd(), signals: process.listenerCount('SIGINT') }).toEqual(
    before,
  );
});

it('feeds stdin, and waits for what is said', async () => {
  expect((await node('process.stdin.pipe(process.stdout)', { input: 'abc' }).done).stdout).toBe('abc');
  const open = node('process.stdin.on("data", (d) => console.error("got " + d))', { openStdin: true });
  open.write('one');
  expect((await open.waitForStderr(/got (\w+)/))[1]).toBe('one');
  open.closeStdin();
  expect((await open.done).code).toBe(0);
  await expect(open.waitForStdout(/never/)).rejects.toThrow('ended without /never/');
});

it('sends signals, and ends what takes too long', async () => {
  const handle = node(
    'process.on("SIGINT", () => process.exit(9)); console.log("up"); setInterval(() => {}, 1e3)',
  );
  await handle.waitForStdout(/up/);
  handle.signal('SIGINT');
  expect((await handle.done).code).toBe(9);
  await expect(node('setInterval(() => {}, 1e3)', { timeoutMs: 300 }).done).rejects.toThrow(
    'did not end in time',
  );
});

it('has jq in shell snippets', async () => {
  const options = { home: freshHome(), bin: launchers('work') };
  const jq = async (snippet: string) => {
    const { code, stdout } = await shell(snippet, options);
    return { code, stdout };
  };
  expect(await jq(`echo '[{"status":"a"},{"status":"b"}]' | jq '.[].status'`)).toEqual({
    code: 0,
    stdout: '"a"\n"b"\n',
  });
  expect(await jq(`echo '{"data":{"job_id":"j 1"}}' | jq -r '.data.job_id'`)).toEqual({
    code: 0,
    stdout: 'j 1\n',
  });
  expect(await jq(`printf '{"a":1}\\n{"a":[2]}\\n' | jq -c .a`)).toEqual({ code: 0, stdout: '1\n[2]\n' });
  expect(await jq(`echo '{"a":null}' | jq -e .a`)).toEqual({ code: 1, stdout: 'null\n' });
  expect(await jq(`echo 'no json' | jq .`)).toMatchObject({ code: expect.toSatisfy((c: number) => c > 0) });
  expect(await jq(`: | jq .`)).toEqual({ code: 0, stdout: '' });
  expect((await jq('command -v work jq mcp2cli')).stdout.split('\n')).toHaveLength(4);
});

it.skipIf(!ptyTool()).each(['script', 'python3'] as const)('has a terminal: %s', async (tool) => {
  if (tool === 'script' && ptyTool() !== 'script') return;
  const code = `
    console.log([process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY, process.stdout.columns].join());
    process.on('SIGINT', () => { console.log('interrupted'); process.exitCode = 7; process.stdin.destroy(); });
    process.stdin.on('data', (d) => console.log('read', String(d).trim()));`;
  const handle = startCommandOnPty([process.execPath, '-e', code], { home: freshHome(), columns: 100, tool });
  await handle.waitForStdout(/true,true,true,100/);
  handle.write("it's\r");
  await handle.waitForStdout(/read it's/);
  handle.write('\x03');
  await handle.waitForStdout(/interrupted/);
  expect((await handle.done).code).toBe(7);
});

it('starts demo servers here and as a child', async () => {
  const here = await demoServer({ dialect: 'meta-task' });
  const { client } = await connect(here.url);
  await client.close();
  expect(here.stats.sessions).toBe(1);
  const child = await demoChild({ dialect: 'plain', speed: 10 });
  await (await connect(child.url)).client.close();
  expect(await child.stats()).toMatchObject({ sessions: 1 });
  await child.close();
  await expect(child.stats()).rejects.toThrow();
});

it('starts the "everything" server', async () => {
  const { url } = await everythingHttp();
  const { client } = await connect(url);
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toContain('simulate-research-query');
  await client.close();
  expect(existsSync(everythingStdio().args[0] ?? '')).toBe(true);
});

it('makes folders of its own', () => {
  expect(freshDir()).not.toBe(freshDir());
});
