/** The official "everything" server over HTTP+SSE, the transport of 2024-11-05: reached by falling back, remembered afterwards. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { homeAt } from '../../support/instance.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { everythingSse } from '../../support/servers.ts';

it('lists and calls by fallback; what was found out is remembered', async () => {
  const server = await everythingSse();
  const proxy = await recordingProxy(server.url);
  const home = await homeAt(proxy.url);
  const listed = await run(['work', 'ls', '--kind', 'tool'], { home });
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^echo /m);
  // Streamable HTTP was tried first.
  expect(proxy.requests.some(({ method, path }) => method === 'POST' && path === '/sse')).toBe(true);
  const facts = JSON.parse(readFileSync(join(home, 'instances/work/server.json'), 'utf8'));
  expect(facts).toMatchObject({ transport: 'sse', era: 'legacy' });

  proxy.reset();
  const called = await run(['work', 'echo', '--message', 'hi'], { home });
  expect(called).toMatchObject({ code: 0, stdout: 'Echo: hi\n', stderr: '' });
  expect(proxy.requests.map(({ method, path, rpc }) => rpc ?? `${method} ${path}`)).toEqual([
    'GET /sse',
    'initialize',
    'notifications/initialized',
    'tools/call',
  ]);

  const background = await run(['work', 'echo', '--message', 'hi', '--background'], { home });
  expect(background).toMatchObject({ code: 0, stdout: expect.stringMatching(/ \(local\)\n$/) });
  expect(background.stderr).toMatch(/^ran synchronously \(/);
});
