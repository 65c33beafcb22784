/** Real faults on the way to a server: one line with what is wrong, one with what to check, and the same words in doctor. */
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import { expect, it } from 'vitest';
import { selfSigned } from '../../support/certificates.ts';
import { atTestEnd, run } from '../../support/cli.ts';
import { freePort } from '../../support/free-port.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance, errorOf } from '../../support/instance.ts';

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const page = (status: number, title: string) =>
  createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'text/html', connection: 'close' });
    response.end(`<!doctype html><html><head><title>${title}</title></head></html>`);
  });

const FAULTS: [what: string, url: () => Promise<string>, message: RegExp, hint: RegExp][] = [
  [
    'nothing listens',
    async () => `http://127.0.0.1:${await freePort()}/mcp`,
    /ECONNREFUSED/,
    /nothing listens there/,
  ],
  [
    'no such host',
    async () => 'http://no-such-host.invalid/mcp',
    /ENOTFOUND|EAI_AGAIN/,
    /no such host|no name server/,
  ],
  [
    'no HTTP',
    async () =>
      `http://127.0.0.1:${await portOf(createSocketServer((s) => s.end('SSH-2.0-OpenSSH_9.0\r\n')))}/mcp`,
    /Parse Error/,
    /speaks no HTTP: are host and port right\?/,
  ],
  [
    'the connection is cut',
    async () => `http://127.0.0.1:${await portOf(createSocketServer((s) => s.destroy()))}/mcp`,
    /socket hang up|ECONNRESET/,
    /the connection was cut: is its URL https:\/\//,
  ],
  [
    'http to a server with TLS',
    async () => `http://127.0.0.1:${await portOf(createTlsServer(selfSigned(['localhost'])))}/mcp`,
    /socket hang up|ECONNRESET/,
    /is its URL https:\/\/ and not http:\/\/\?|https:\/\/ and not http/,
  ],
  [
    'https to a server without',
    async () => `https://127.0.0.1:${await portOf(page(200, 'Welcome'))}/mcp`,
    /does not speak TLS/,
    /is its URL http:\/\/ and not https:\/\/\?/,
  ],
  [
    'a certificate that nobody knows',
    async () => `https://localhost:${await portOf(createTlsServer(selfSigned(['localhost'])))}/mcp`,
    /its certificate is/,
    /for a private authority: mcp2cli instances set work ca FILE\.pem|NODE_EXTRA_CA_CERTS/,
  ],
  [
    'a web page',
    async () => `http://127.0.0.1:${await portOf(page(200, 'Welcome to Example'))}/`,
    /no JSON \(text\/html\): Welcome to Example/,
    /that is a web page; is this the URL of an MCP endpoint/,
  ],
  [
    'a gateway',
    async () => `http://127.0.0.1:${await portOf(page(502, 'Bad Gateway'))}/mcp`,
    /HTTP 502/,
    /a gateway answered in place of the server/,
  ],
];

it.each(FAULTS)(
  '%s: what it is, what to check, and doctor says the same',
  async (_what, url, message, hint) => {
    const home = freshHome();
    await addInstance(home, ['--url', await url()]);
    const ls = await run(['work', '--json', 'ls'], { home });
    expect(ls).toMatchObject({ code: 3, stdout: '' });
    expect(errorOf(ls).message).toMatch(message);
    expect(errorOf(ls).hint).toMatch(hint);
    const doctor = await run(['doctor', 'work', '--json'], { home });
    // A connection that is cut has two names, by when it is.
    expect(doctor.stdout).toContain(JSON.stringify(errorOf(ls).hint).slice(1, -1));
  },
);

it('without an instance no setting of one is proposed', async () => {
  const port = await portOf(createTlsServer(selfSigned(['localhost'])));
  const ls = await run(['--url', `https://localhost:${port}/mcp`, 'ls'], { home: freshHome() });
  expect(ls).toMatchObject({ code: 3, stdout: '' });
  expect(ls.stderr).toContain('NODE_EXTRA_CA_CERTS=FILE.pem');
  expect(ls.stderr).not.toContain('set the server');
});
