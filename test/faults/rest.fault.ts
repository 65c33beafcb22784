/** Promises of the list in docs/reliability.md that no other test names: who may write the data root, pages of odd schemes, floods of progress. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { run } from '../support/cli.ts';
import { freshHome } from '../support/home.ts';
import { hostileServer } from '../support/hostile.ts';
import { ledger } from '../support/ledger.ts';
import { ptyTool, startOnPty } from '../support/pty.ts';
import { demoServer } from '../support/servers.ts';
import { workAt } from '../support/work.ts';

it.skipIf(process.platform === 'win32')('a data root that anybody can write is refused', async () => {
  const book = ledger('a data root that others can write');
  const home = freshHome();
  writeFileSync(join(home, 'config.json'), '{"mcpServers":{"work":{"url":"http://127.0.0.1:1/"}}}');
  for (const mode of [0o777, 0o702, 0o722])
    for (const words of ['work jobs list', 'work ls', 'instances list']) {
      chmodSync(home, mode);
      book.tried();
      const { code, stdout, stderr } = await run(words.split(' '), { home });
      if (code !== 78 || stdout !== '' || !stderr.includes('can be written by anybody'))
        book.wrong(`${words} at ${mode.toString(8)}: ${code} ${stdout}${stderr}`);
    }
  chmodSync(home, 0o700);
  book.settle();
});

it.skipIf(!ptyTool())('a page that is no web page is refused, shown, and not offered', async () => {
  const book = ledger('pages of odd schemes');
  for (const url of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ftp://x/',
    'no url',
    'data:text/html,x',
    '',
  ]) {
    const server = await hostileServer();
    const work = await workAt(server.url);
    await work.run('ls');
    let answered: unknown;
    server.on('tools/call', (exchange) => {
      const send = exchange.stream();
      const params = { mode: 'url', message: 'Look', url, elicitationId: 'e' };
      send({ jsonrpc: '2.0', id: 'ask', method: 'elicitation/create', params });
      server.on('answer', ({ response, request }) => {
        answered = request.method;
        response.writeHead(202).end();
        send({ jsonrpc: '2.0', id: exchange.id, result: { content: [{ type: 'text', text: 'went on' }] } });
        exchange.response.end();
      });
    });
    book.tried();
    const { stdout, code } = await startOnPty(['work', 'work', '--n', '1'], { home: work.home }).done;
    if (code !== 0 || !/not http\(s\), which is refused/.test(stdout) || answered === undefined)
      book.wrong(`${url}: ${code} ${stdout}`);
  }
  book.settle();
});

it('a flood of progress is told and stored about once a second', async () => {
  const book = ledger('floods of progress');
  const server = await demoServer({ pollIntervalMs: 20 });
  const work = await workAt(server.url);
  const id = await work.submit('countdown --from 2000 --seconds 3');
  book.tried();
  const { code, stdout } = await work.run(`jobs watch ${id} --json`);
  const lines = stdout.trimEnd().split('\n');
  if (code !== 0 || lines.length > 9) book.wrong(`${code}: ${lines.length} lines in 3 s`);
  book.settle();
});
