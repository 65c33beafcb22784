/** Answers that are odd, and what has to come of them all the same: lists of pages, errors that repeat what they were sent, pauses that are asked for. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { type Exchange, type Hostile, hostileServer, TOOL } from '../../support/hostile.ts';
import { workAt } from '../../support/work.ts';

const tool = (name: string) => ({ ...TOOL, name });

describe('pages of tools', () => {
  const PAGES: [string, (cursor: unknown) => unknown, string[], RegExp][] = [
    [
      'a cursor that repeats',
      (cursor) => ({ tools: [tool(cursor === undefined ? 'work' : 'more')], nextCursor: 'A' }),
      ['work', 'more'],
      /^\{"warning":.*page 2 refers back to an earlier one; what had come is used"\}\}\n$/,
    ],
    [
      'an empty cursor',
      (cursor) => (cursor === '' ? { tools: [tool('more')] } : { tools: [tool('work')], nextCursor: '' }),
      ['work', 'more'],
      /^$/,
    ],
    [
      'a page without tools',
      (cursor) =>
        cursor === undefined ? { nextCursor: 'A' } : { tools: [null, 7, tool('work')], nextCursor: null },
      ['work'],
      /^.*page 1 has no tools in it"\}\}\n.*2 on page 2"\}\}\n$/,
    ],
  ];

  it.each(PAGES)('%s costs no tool', async (_, pageOf, names, said) => {
    const server = await hostileServer();
    server.on('tools/list', ({ params, result }) => result(pageOf(params['cursor'])));
    const { code, stdout, stderr } = await run(['--url', server.url, '--json', 'ls'], { home: freshHome() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(said) });
    expect(JSON.parse(stdout).data.items.map(({ id }: { id: string }) => id)).toEqual(names);
  });
});

describe('an error that repeats a secret', () => {
  const NUMBER = '12345678';
  const QUOTED = 'quo"te\\d-secret&more';
  const FILLED = 'path secret/0f3c9d';

  /** How the server repeats what it was sent. */
  const ECHOES: [string, (exchange: Exchange) => unknown][] = [
    [
      'as a number',
      ({ error }) => error(-32000, 'no', { account: 12345678, deep: [{ '12345678': -12345678 }] }),
    ],
    ['in words', ({ error }) => error(-32000, `no ${NUMBER} ${QUOTED} ${FILLED}`)],
    [
      'in escaped text',
      ({ error }) => error(-32000, JSON.stringify({ QUOTED, FILLED }), { raw: JSON.stringify([QUOTED]) }),
    ],
    [
      'encoded',
      ({ error }) =>
        error(-32000, `${encodeURIComponent(FILLED)} ${Buffer.from(`: ${QUOTED}`).toString('base64')}`),
    ],
    [
      'in an event stream',
      (exchange) => {
        const send = exchange.stream();
        send({
          jsonrpc: '2.0',
          method: 'notifications/message',
          params: { level: 'info', data: { n: 12345678 } },
        });
        send({
          jsonrpc: '2.0',
          id: exchange.id,
          error: { code: 1, message: FILLED, data: { [QUOTED]: 12345678 } },
        });
        exchange.response.end();
      },
    ],
    [
      'in the body of a status',
      ({ id, response }) =>
        response.writeHead(400, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            jsonrpc: '2.0',
            id,
            error: { code: -32000, message: QUOTED, data: { n: 12345678 } },
          }),
        ),
    ],
    ['on a page', ({ response }) => response.writeHead(500).end(`<p>${NUMBER} ${QUOTED} ${FILLED}</p>`)],
  ];

  it.each(ECHOES)('%s ends the call, and tells it nowhere', async (_, echo) => {
    const server: Hostile = await hostileServer();
    const home = freshHome();
    const env = { ACCOUNT: NUMBER, QUOTED, KEY: FILLED };
    await run(
      [
        ...['instances', 'add', 'work', '--url', `${server.url}?key=\${KEY}`],
        ...['--header', 'X-Account-Id: ${ACCOUNT}', '--header', 'X-Quoted: ${QUOTED}'],
      ],
      { home, env },
    );
    await run(['work', 'ls'], { home, env });
    server.on('tools/call', echo);
    for (const words of [
      ['work'],
      ['--json', '--verbose', 'work'],
      ['work', '--background'],
      ['work', '--background', '--detach'],
    ]) {
      const { code, stdout, stderr } = await run(['work', ...words, '--n', '1'], { home, env });
      expect([0, 1, 3]).toContain(code);
      expect(leaks(`${stdout}${stderr}`)).toEqual([]);
    }
    const waited = await run(['work', 'jobs', 'wait', '--latest'], { home, env });
    expect(leaks(`${waited.stdout}${waited.stderr}`)).toEqual([]);
    for (const path of readdirSync(home, { recursive: true, encoding: 'utf8' }))
      if (statSync(join(home, path)).isFile())
        expect(leaks(readFileSync(join(home, path), 'utf8')), path).toEqual([]);
  });

  /** The secrets in a text, in any form. */
  function leaks(text: string): string[] {
    const forms = [QUOTED, FILLED].flatMap((one) => [
      one,
      JSON.stringify(one).slice(1, -1),
      JSON.stringify(JSON.stringify(one).slice(1, -1)).slice(1, -1),
      encodeURIComponent(one),
      Buffer.from(`: ${one}`).toString('base64').slice(4, -4),
    ]);
    return [NUMBER, ...forms].filter((one) => text.includes(one));
  }
});

describe('a pause that a server asks for', () => {
  it('is no failure: a wait goes on after it, though it is longer than the patience with failures', async () => {
    const server = await hostileServer();
    const work = await workAt(server.url, { MCP2CLI_RETRY_BUDGET: '500ms' });
    const id = await work.submit('work --n 1');
    server.task = { ...server.task, status: 'completed' };
    server.on('tasks/get', ({ response }) => response.writeHead(503, { 'retry-after': '2' }).end(), 2);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0, stdout: 'worked\n' });
  });

  it('is waited for within --timeout', async () => {
    const server = await hostileServer();
    const work = await workAt(server.url);
    const id = await work.submit('work --n 1');
    server.on('tasks/get', ({ response }) => response.writeHead(503, { 'retry-after': '3600' }).end());
    const { code, stderr } = await work.run(`jobs wait ${id} --timeout 2s`);
    expect(code).toBe(124);
    expect(stderr).toMatch(/trying again in 3600 s, when the server wants it/);
  });
});

describe('a result that is none', () => {
  it.each([['null'], ['7'], ['"done"'], ['[]']])(
    '%s is told, and is no success, as in the background',
    async (text) => {
      const server = await hostileServer();
      const work = await workAt(server.url);
      server.on('tools/call', ({ id, raw }) =>
        raw(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}`),
      );
      for (const flags of ['', ' --retries 2', ' --background']) {
        const { code, stdout, stderr } = await work.run(`work --n 1${flags}`);
        expect({ code, stdout: stdout.replace(/^Job submitted.*\n/, '') }, flags).toEqual({
          code: 1,
          stdout: '',
        });
        expect(stderr).toContain('unexpected answer to tools/call: not an object');
      }
    },
  );
});
