/** `${VAR}` and `${VAR:-default}` in the configuration: stored as they stand, filled in when the instance is used. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { errorOf, homeWith } from '../../support/instance.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { demoServer, STDIO_SERVER } from '../../support/servers.ts';

it('fills headers and URL in for the server, and nowhere on disk', async () => {
  const proxy = await recordingProxy((await demoServer()).url);
  const [, port] = /:(\d+)\//.exec(proxy.url) ?? [];
  const headers = ['--header', 'Authorization: Bearer ${TOKEN}', '--header', 'X-Team: ${TEAM:-nobody}'];
  const home = await homeWith(['--url', 'http://127.0.0.1:${PORT}/mcp', ...headers]);
  const env = { TOKEN: 'hunter2', PORT: port };

  const words = ['work', '--verbose', 'export', '--dataset', 'users', '--duration', '0'];
  const { code, stdout, stderr } = await run([...words, '--background'], { home, env });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Job submitted: /) });
  const sent = proxy.requests.map(({ headers: h }) => [h['authorization'], h['x-team']]);
  expect(new Set(sent.map((pair) => pair.join()))).toEqual(new Set(['Bearer hunter2,nobody']));
  expect(stderr).not.toContain('hunter2');
  for (const file of ['config.json', 'instances/work/server.json', 'instances/work/catalogue.json'])
    expect(readFileSync(join(home, file), 'utf8')).not.toMatch(/hunter2|127\.0\.0\.1:\d/);

  // A job that was made with one token is found with the next one.
  proxy.reset();
  const rotated = { ...env, TOKEN: 'correct horse', TEAM: 'blue' };
  const waited = await run(['work', 'jobs', 'wait', '--latest'], { home, env: rotated });
  expect(waited).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Exported /) });
  expect(proxy.requests[0]?.headers).toMatchObject({
    authorization: 'Bearer correct horse',
    'x-team': 'blue',
  });
});

it('names a variable that is not set, before anything is sent; commands without a server need none', async () => {
  const proxy = await recordingProxy((await demoServer()).url);
  const home = await homeWith(['--url', proxy.url, '--header', 'Authorization: Bearer ${WORK_TOKEN}']);
  const { code, stdout, stderr } = await run(['work', '--json', 'ls'], { home });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const { message, hint } = errorOf({ code, signal: null, stdout, stderr });
  expect(message).toBe(
    'environment variable WORK_TOKEN is not set (needed by instance work header Authorization)',
  );
  expect(hint).toContain('export WORK_TOKEN=');
  expect(proxy.requests).toEqual([]);
  for (const words of [
    ['work', 'jobs', 'list'],
    ['instances', 'list'],
    ['instances', 'show', 'work'],
  ])
    expect(await run(words, { home })).toMatchObject({ code: 0, stderr: '' });
});

it.each([
  ['a URL', ['--url', '${BASE}/mcp'], { BASE: 'sesame' }, 'not a URL: ${BASE}/mcp'],
  ['a command', ['--', '${TOOL}'], { TOOL: '/no/such/sesame' }, 'no such command: ${TOOL}'],
  ['a file', ['--', '${TOOL}/..'], { TOOL: '/tmp/../tmp' }, 'not executable: ${TOOL}/..'],
])('tells %s as it was configured: what a variable holds may be a secret', async (_, how, env, message) => {
  const home = await homeWith(how);
  const { code, stdout, stderr } = await run(['work', 'ls'], { home, env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  for (const value of Object.values(env)) expect(stderr).not.toContain(value);
});

it('fills command, arguments and environment of a stdio server in; no shell ever sees them', async () => {
  const how = ['--env', 'GREETING=${WHO:-world}', '--', '${NODE}', STDIO_SERVER, '${ARG}', '$HOME', '`id`'];
  const home = await homeWith(how);
  const env = { NODE: process.execPath, ARG: '; rm -rf /', WHO: '' };
  const words = ['work', 'describe', '--variables', 'GREETING'];
  const { code, stdout, stderr } = await run(words, { home, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    argv: ['; rm -rf /', '$HOME', '`id`'],
    env: { GREETING: 'world' },
  });
  const unset = await run(words, { home, env: { NODE: process.execPath } });
  expect(unset).toMatchObject({ code: 2, stdout: '' });
  expect(unset.stderr).toContain('environment variable ARG is not set (needed by instance work argument 2)');
});
