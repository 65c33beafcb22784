/** `serve INSTANCE --http`: who is let in, several clients at once, and how it ends. */
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { atTestEnd, run, start } from '../../support/cli.ts';
import { freePort } from '../../support/free-port.ts';
import { connect } from '../../support/mcp-client.ts';
import { demoServer } from '../../support/servers.ts';
import { workAt } from '../../support/work.ts';

async function served(flags: readonly string[] = [], env: Record<string, string> = {}) {
  const { home } = await workAt((await demoServer({ speed: 20 })).url);
  const handle = start(['serve', 'work', '--http', '127.0.0.1:0', '--quiet', ...flags], { home, env });
  const [url = ''] = await handle.waitForStdout(/http:\S+\/mcp/);
  return { home, handle, url };
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

/** A request with any headers, Host among them, which `fetch` does not let one set. */
function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      {
        method,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
        },
      },
      async (response) => {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      },
    );
    request.on('error', reject);
    request.end(method === 'POST' ? (typeof body === 'string' ? body : JSON.stringify(body)) : undefined);
  });
}

describe('who is let in', () => {
  it('is a name of this machine, and a page of it', async () => {
    const { url } = await served();
    const status = async (headers: Record<string, string>) => (await post(url, INITIALIZE, headers)).status;
    expect(await status({})).toBe(200);
    expect(await status({ host: 'evil.example.com' })).toBe(403);
    expect(await status({ host: 'localhost:1' })).toBe(200);
    expect(await status({ origin: 'http://evil.example.com' })).toBe(403);
    expect(await status({ origin: 'null' })).toBe(403);
    expect(await status({ origin: 'http://localhost:6274' })).toBe(200);
  });

  it('is whoever has the token, where there is one', async () => {
    const { url, home } = await served(['--token-env', 'SERVE_TOKEN'], { SERVE_TOKEN: 'right-token' });
    const none = await post(url, INITIALIZE);
    expect(none).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    for (const wrong of ['Bearer wrong', 'Bearer right-token2', 'Basic right-token', 'Bearer'])
      expect((await post(url, INITIALIZE, { authorization: wrong })).status).toBe(401);
    const args = ['--url', url, '--header', 'Authorization: Bearer right-token', 'echo', '--message', 'hi'];
    expect(await run(args, { home })).toMatchObject({ code: 0, stdout: 'hi\n' });
  });

  it('is nobody from elsewhere without a token', async () => {
    const { home } = await workAt((await demoServer()).url);
    const typed = (...flags: string[]) => run(['serve', 'work', ...flags], { home });
    expect(await typed('--http', '0.0.0.0:0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--token-env VAR'),
    });
    expect(await typed('--http', '0.0.0.0:0', '--token-env', 'NOT_SET')).toMatchObject({ code: 2 });
    expect(await typed('--http', 'nonsense')).toMatchObject({ code: 2 });
    expect(await typed('--token-env', 'X')).toMatchObject({ code: 2 });
  });
});

it('refuses what is no request, and goes on', async () => {
  const { url, handle } = await served();
  expect(await post(url, '{"jsonrpc"')).toMatchObject({
    status: 400,
    text: expect.stringContaining('-32700'),
  });
  expect((await post(url, INITIALIZE, { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post(url, `"${'x'.repeat(17 * 1024 * 1024)}"`).catch(() => ({ status: 413 }))).status).toBe(
    413,
  );
  expect((await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(400);
  expect((await post(url, INITIALIZE, { 'mcp-session-id': 'x' }, 'GET')).status).toBe(404);
  expect((await post(url, INITIALIZE, {}, 'PUT')).status).toBe(405);
  expect((await post(url.replace('/mcp', '/else'), INITIALIZE)).status).toBe(404);
  expect((await post(url, INITIALIZE)).status).toBe(200);
  expect(handle.stderr).toBe('');
});

it('serves several clients at once, each with its own ids, progress and end', async () => {
  const { url } = await served();
  const seen: number[] = [0, 0, 0, 0];
  const clients = await Promise.all(seen.map(() => connect(url)));
  for (const { client } of clients) atTestEnd(() => client.close());
  const results = await Promise.all(
    clients.map(({ client }, i) =>
      client.callTool({ name: 'deploy', arguments: { version: String(i) } }, undefined, {
        onprogress: () => {
          seen[i] = (seen[i] ?? 0) + 1;
        },
      }),
    ),
  );
  expect(results.map(({ structuredContent }) => (structuredContent as { version: string }).version)).toEqual([
    '0',
    '1',
    '2',
    '3',
  ]);
  expect(seen.every((count) => count > 0)).toBe(true);
  const [first, second] = clients as [(typeof clients)[0], (typeof clients)[0]];
  const headers = { 'mcp-session-id': first.sessionId };
  expect((await post(url, '', headers, 'DELETE')).status).toBe(200);
  expect((await post(url, { jsonrpc: '2.0', id: 9, method: 'ping' }, headers)).status).toBe(404);
  await second.client.ping();
});

it('ends in good order with SIGTERM: what is under way is answered, and the submitted run goes on', async () => {
  const { url, handle, home } = await served();
  const { client } = await connect(url);
  const submitted = await client.callTool({
    name: 'execute_job',
    arguments: { name: 'deploy', input: { version: '2', duration: 20 }, background: true },
  });
  const { runId } = submitted.structuredContent as { runId: string };
  let onProgress = () => {};
  const running = new Promise<void>((resolve) => {
    onProgress = resolve;
  });
  const call = client.callTool({ name: 'deploy', arguments: { version: '3', duration: 10_000 } }, undefined, {
    onprogress: onProgress,
  });
  await running;
  handle.signal('SIGTERM');
  await expect(call).rejects.toThrow(/the call was cancelled|the server ends/);
  expect(await handle.done).toMatchObject({ code: 0, stderr: '' });
  expect(await run(['work', 'jobs', 'wait', runId, '--json'], { home })).toMatchObject({ code: 0 });
});

it('tells a port in use in one line', async () => {
  const { home } = await workAt((await demoServer()).url);
  const port = await freePort();
  const first = start(['serve', 'work', '--http', String(port)], { home });
  await first.waitForStdout(/serving mcp2cli-work at http:\/\/127\.0\.0\.1:\d+\/mcp\n/);
  expect(await run(['serve', 'work', '--http', String(port)], { home })).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: `error: 127.0.0.1:${port} is in use by another program\nhint: choose another port, or 0 for any free one\n`,
  });
});
