/** What the client does for a server by itself: roots, and sampling by a command; as requests of the server, and as questions of 2026-07-28. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { isAlive } from '../../support/processes.ts';
import { type ChildServer, everythingHttp, everythingStdio } from '../../support/servers.ts';
import { watchedTasks2026, workAt } from '../../support/work.ts';

let everything: ChildServer;
beforeAll(async () => {
  everything = await everythingHttp();
});
afterAll(() => everything.close());

/** A command that answers with what it was asked, and a variable of its environment. */
const PARROT = `
let text = '';
for await (const chunk of process.stdin) text += chunk;
const { messages, maxTokens } = JSON.parse(text);
const said = messages[0].content.text + '|' + maxTokens + '|' + (process.env.MODEL_KEY ?? 'no key') + '|' + process.argv[2];
console.log(JSON.stringify({ role: 'assistant', model: 'parrot', content: { type: 'text', text: said } }));
`;

function script(home: string, name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

/** Sets a setting of instance `work`. */
async function set(home: string, ...words: string[]): Promise<void> {
  expect(await run(['instances', 'set', 'work', ...words], { home })).toMatchObject({ code: 0, stderr: '' });
}

const SAMPLE = ['work', 'trigger-sampling-request', '--prompt', 'hello'];

describe('roots', () => {
  it('are named where they are configured, and the tools for them appear', async () => {
    const home = await homeAt(everything.url);
    expect((await run(['work', 'ls'], { home })).stdout).not.toContain('get-roots-list');
    mkdirSync(join(home, 'my project'));
    await set(home, 'roots', 'my project', '${DATA:-/srv/data}', 'file:///etc/x');
    expect((await run(['work', 'ls'], { home })).stdout).toContain('get-roots-list');
    const listed = await run(['work', 'get-roots-list'], { home, env: { DATA: '/mnt/d' } });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toContain('Current MCP Roots (3 total)');
    expect(listed.stdout).toContain(
      `1. my project\n   URI: ${pathToFileURL(join(home, 'my project')).href}\n`,
    );
    expect(listed.stdout).toContain('2. d\n   URI: file:///mnt/d\n');
    expect(listed.stdout).toContain('3. Unnamed Root\n   URI: file:///etc/x\n');

    expect(await run(['instances', 'unset', 'work', 'roots'], { home })).toMatchObject({ code: 0 });
    expect((await run(['work', 'ls'], { home })).stdout).not.toContain('get-roots-list');
  });

  it('over stdio too; a variable that is not set is told before anything is started', async () => {
    const { command, args } = everythingStdio();
    const home = await homeWith(['--', command, ...args]);
    await set(home, 'roots', '${PLACE}');
    const here = await run(['work', 'get-roots-list'], { home, env: { PLACE: 'below' } });
    expect(here.stdout).toContain(`URI: ${pathToFileURL(join(home, 'below')).href}\n`);
    expect(await run(['work', 'get-roots-list'], { home })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: environment variable PLACE is not set \(needed by the setting roots\)\n/,
      ),
    });
  });

  it('do not change which server a job belongs to', async () => {
    const home = await homeAt(everything.url);
    const work = ['work', 'simulate-research-query', '--topic', 'x', '--background', '--quiet'];
    const id = (await run(work, { home })).stdout.trim();
    await set(home, 'roots', '.');
    expect(await run(['work', 'jobs', 'show', id], { home })).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('sampling', () => {
  it('is answered by the command: the request on its stdin, the message on its stdout', async () => {
    const home = await homeAt(everything.url);
    expect(await run(SAMPLE, { home })).toMatchObject({ code: 2 });
    await set(home, 'sampling', '--', process.execPath, '--', script(home, 'parrot.mjs', PARROT), '${WORD}');
    const called = await run(SAMPLE, { home, env: { MODEL_KEY: 'k-1', WORD: 'two words' } });
    expect(called).toMatchObject({ code: 0, stderr: '' });
    expect(called.stdout).toContain(
      '"text": "Resource trigger-sampling-request context: hello|100|k-1|two words"',
    );
    expect(called.stdout).toContain('"model": "parrot"');
  });

  it.each([
    [
      'fails',
      'console.error("first"); console.error("no credit left"); process.exit(3)',
      'failed with exit code 3: no credit left',
    ],
    [
      'answers with something else',
      'console.log("hello")',
      "command's answer is no CreateMessageResult: it is not JSON",
    ],
    [
      'answers with half of it',
      'console.log(JSON.stringify({ role: "assistant", content: { type: "text", text: "x" } }))',
      'model must be a text',
    ],
    ['says nothing', '', 'it is empty'],
  ])('is refused when the command %s', async (_, code, why) => {
    const home = await homeAt(everything.url);
    await set(home, 'sampling', '--', process.execPath, script(home, 'model.mjs', code));
    const called = await run(SAMPLE, { home });
    expect(called.code).toBe(1);
    expect(called.stdout).toContain(why);
  });

  it('is refused when there is no such command', async () => {
    const home = await homeAt(everything.url);
    await set(home, 'sampling', '--', 'no-such-model');
    const called = await run(SAMPLE, { home });
    expect(called.code).toBe(1);
    expect(called.stdout).toContain('could not be started: no such command: no-such-model');
  });

  it('ends with the call, and what the command has started ends with it', async () => {
    const home = await homeAt(everything.url);
    const pids = join(home, 'pids');
    const code = `
      import { spawn } from 'node:child_process';
      import { writeFileSync } from 'node:fs';
      process.on('SIGTERM', () => {});
      const inner = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'inherit' });
      writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + inner.pid);
      setTimeout(() => {}, 60_000);`;
    await set(home, 'sampling', '--', process.execPath, script(home, 'slow.mjs', code));
    const call = start(SAMPLE, { home });
    await expect.poll(() => existsSync(pids) && readFileSync(pids, 'utf8')).toMatch(/\d+ \d+/);
    call.signal('SIGTERM');
    expect(await call.done).toMatchObject({ code: 143, stdout: '' });
    const left = readFileSync(pids, 'utf8').split(' ').map(Number).filter(isAlive);
    expect(left).toEqual([]);
  });
});

describe('as questions of a task (2026-07-28)', () => {
  it('roots and sampling are answered without anybody being asked', async () => {
    const server = await watchedTasks2026({ speed: 50 });
    const work = await workAt(server.url);
    const { home } = work;
    await set(home, 'roots', 'data');
    await set(home, 'sampling', '--', process.execPath, script(home, 'parrot.mjs', PARROT), 'x');
    expect(await work.run('roots')).toMatchObject({
      code: 0,
      stdout: `Roots: ${pathToFileURL(join(home, 'data')).href}\n`,
      stderr: '',
    });
    const id = await work.submit('sample');
    const waited = await work.run(`--json jobs wait ${id}`);
    expect(waited).toMatchObject({ code: 0, stderr: '' });
    expect(dataOf(waited)).toMatchObject({
      status: 'completed',
      result: { content: [{ text: 'The model says: Say one word.|10|no key|x' }] },
    });
  });

  it('what is not set up is told, with the setting', async () => {
    const server = await watchedTasks2026({ speed: 50 });
    const work = await workAt(server.url);
    // The server learns that nothing is declared, and fails the task for it.
    const failed = await work.run('sample');
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(
      /^error: sample failed: .*\(sampling is not set up: mcp2cli instances set NAME sampling -- COMMAND \[ARG\]\.\.\.\)\n$/,
    );

    // The setting was there when the task was made, and is not any more.
    await set(work.home, 'sampling', '--', process.execPath, script(work.home, 'parrot.mjs', PARROT), 'x');
    const id = await work.submit('sample');
    expect(await run(['instances', 'unset', 'work', 'sampling'], { home: work.home })).toMatchObject({
      code: 0,
    });
    const waited = await work.run(`--json jobs wait ${id}`);
    expect(waited).toMatchObject({ code: 8, stdout: '' });
    expect(errorOf(waited)).toMatchObject({
      message: `${id} waits for input: an answer of a language model (sampling)`,
      hint: `set a command that answers: mcp2cli instances set NAME sampling -- COMMAND [ARG]...; then: mcp2cli work jobs wait ${id}`,
    });

    // A command that fails leaves the question open.
    await set(
      work.home,
      'sampling',
      '--',
      process.execPath,
      '-e',
      'console.error("overloaded"); process.exit(1)',
    );
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 8,
      stderr: expect.stringMatching(/^error: the sampling command failed with exit code 1: overloaded\n/),
    });
    await set(work.home, 'sampling', '--', process.execPath, script(work.home, 'parrot.mjs', PARROT), 'y');
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 0,
      stdout: 'The model says: Say one word.|10|no key|y\n',
    });
  });
});
