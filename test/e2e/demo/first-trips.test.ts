/** What a new user trips over: help that a tool's own flag hides, servers that are none, names of saved files, ^D at a prompt. */
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { atTestEnd, run } from '../../support/cli.ts';
import { freePort } from '../../support/free-port.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, homeAt } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';

const LISTING = join(import.meta.dirname, '../../support/listing-server.js');

async function homeListing(tools: object[]): Promise<string> {
  const home = freshHome();
  writeFileSync(join(home, 'tools.json'), JSON.stringify(tools));
  await addInstance(home, ['--', process.execPath, LISTING, join(home, 'tools.json')]);
  return home;
}

it('--help alone shows the help of a tool that has a property of this name', async () => {
  const help = { type: 'string', description: 'The topic.' };
  const home = await homeListing([
    { name: 'tell', inputSchema: { type: 'object', properties: { help }, required: ['help'] } },
  ]);
  const asked = await run(['work', 'tell', '--help'], { home });
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(asked.stdout).toMatch(/^Usage: mcp2cli work tell --help <string>/);
  const told = await run(['work', 'tell', '--help', 'me'], { home });
  expect(told).toMatchObject({ code: 0, stdout: '{"help":"me"}\n' });
});

it('a web page and a refused connection say what to check next', async () => {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' });
    answer.end('<!doctype html><html><head><title>Welcome</title></head></html>');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  atTestEnd(() => void server.close());
  const page = await homeAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const seen = await run(['work', 'ls'], { home: page });
  expect(seen.code).toBe(3);
  expect(seen.stderr).toMatch(/^hint: that is a web page; is this the URL of an MCP endpoint/m);
  const nobody = await homeAt(`http://127.0.0.1:${await freePort()}/mcp`);
  const refused = await run(['work', 'ls'], { home: nobody });
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/^hint: nothing listens there: is the server running/m);
});

it('--save keeps the own names of resources, made safe', async () => {
  const blob = Buffer.from('x').toString('base64');
  const resource = (uri: string) => ({ type: 'resource', resource: { uri, mimeType: 'image/png', blob } });
  const uris = [
    'demo://pictures/squares.png',
    'file:///a/b/..%2F..%2Fetc%2Fpasswd',
    'file:///..',
    'file:///x/CON.png',
    'https://host/squares.png?size=3',
    'x:.hidden',
  ];
  const answer = `for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const result = method === 'initialize'
      ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }
      : method === 'tools/list' ? { tools: [{ name: 'draw', inputSchema: { type: 'object' } }] }
      : { content: ${JSON.stringify(uris.map(resource))} };
    console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
  }`;
  const home = freshHome();
  await addInstance(home, ['--', process.execPath, '-e', `(async () => { ${answer} })()`]);
  const dir = freshDir('saved');
  const saved = await run(['work', 'draw', '--save', dir], { home });
  expect(saved.code).toBe(0);
  expect(readdirSync(dir).sort()).toEqual(
    ['squares.png', 'etc_passwd.png', 'result-3.png', 'result-4.png', 'squares.1.png', 'hidden.png'].sort(),
  );
});

it.skipIf(!ptyTool())('^D at a prompt starts a new line before the error', async () => {
  const properties = { topic: { type: 'string' } };
  const home = await homeListing([
    { name: 'tell', inputSchema: { type: 'object', properties, required: ['topic'] } },
  ]);
  const asked = startOnPty(['work', 'tell'], { home });
  await asked.waitForStdout(/topic[^\n]*\n[^\n]*> ?/);
  asked.write('\x04');
  const { stdout } = await asked.done;
  expect(stdout).toMatch(/\nerror: no answer, so nothing was sent\r\n/);
});

it('instances add --help tells of its flags as they are meant there', async () => {
  const { stdout } = await run(['instances', 'add', '--help'], { home: freshHome() });
  expect(stdout).toMatch(/--url <URL> +the address of a server over HTTP, as NAME URL\n/);
  expect(stdout).not.toMatch(/without adding|--instance/);
});

it('says plainly what flags and commands do', async () => {
  const home = freshHome();
  const { stdout } = await run(['--help'], { home });
  expect(stdout).toMatch(/completion \S+ +print the shell completion script\n/);
  const flags = await run(['help', 'flags'], { home });
  expect(flags.stdout).toMatch(/--quiet +print only the result\n/);
  expect(flags.stdout).toMatch(
    /--elicit POLICY +how to answer the server's questions: ask, decline, or accept form/,
  );
  const logs = await run(['jobs', 'logs', '--help'], { home });
  expect(logs.stdout).toContain("log of each attempt (local jobs), or the job server's log\n");
});
