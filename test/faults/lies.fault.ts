/** A server that lies, and one that sends what no client should swallow. Nothing hangs, nothing is made up, no defect shows. */
import { expect, it } from 'vitest';
import { type RunResult, run } from '../support/cli.ts';
import { type Exchange, type Hostile, hostileServer, TASK } from '../support/hostile.ts';
import { ledger } from '../support/ledger.ts';
import { peakOf } from '../support/memory.ts';
import { ptyTool, startOnPty } from '../support/pty.ts';
import { type Work, workAt } from '../support/work.ts';

async function place(): Promise<{ server: Hostile; work: Work }> {
  const server = await hostileServer();
  const work = await workAt(server.url, { MCP2CLI_RETRY_BUDGET: '1s' });
  await work.run('ls');
  return { server, work };
}

const told = (name: string, { code, stdout, stderr }: RunResult) =>
  `${name}: ${code} ${stdout.slice(0, 300)}${stderr.slice(0, 600)}`;

it('poll hints of all kinds: never faster than twice a second', async () => {
  const book = ledger('lies: poll hints');
  const hints = [
    '0',
    '-1',
    '0.001',
    '-0',
    '1e999',
    '2147483648',
    '1e308',
    '"NaN"',
    '"0"',
    'null',
    '[0]',
    'true',
  ];
  await Promise.all(
    hints.map(async (hint) => {
      const { server, work } = await place();
      const id = await work.submit('work --n 1');
      const task = JSON.stringify({ ...server.task, pollInterval: 'HINT' }).replace('"HINT"', hint);
      server.on('tasks/get', ({ raw, id: request }) =>
        raw(`{"jsonrpc":"2.0","id":${JSON.stringify(request)},"result":${task}}`),
      );
      book.tried();
      const waited = await work.run(`jobs wait ${id} --timeout 3s`);
      if (waited.code !== 124) book.wrong(told(hint, waited));
      if (server.count('tasks/get') > 8) book.wrong(`${hint}: ${server.count('tasks/get')} polls in 3 s`);
    }),
  );
  book.settle();
});

const OTHER = { taskId: 'another', status: 'completed' };
/** What the server says about its task, and what a wait may make of it: exit code and status on record. */
const LIES: [string, (server: Hostile) => void, number, string][] = [
  ['another task', (s) => s.on('tasks/get', ({ result }) => result({ ...s.task, ...OTHER })), 3, 'running'],
  [
    'a status unheard of',
    (s) => {
      s.task = { ...s.task, status: 'meditating' };
    },
    124,
    'running',
  ],
  [
    'a status that is a number',
    (s) => {
      s.task = { ...s.task, status: 1 };
    },
    124,
    'running',
  ],
  [
    'no status',
    (s) => {
      s.task = { taskId: TASK };
    },
    124,
    'running',
  ],
  [
    'a status of its prototype',
    (s) => {
      s.task = { ...s.task, status: '__proto__' };
    },
    124,
    'running',
  ],
  ['a task that is a list', (s) => s.on('tasks/get', ({ result }) => result([])), 3, 'running'],
  [
    'completed, and a result of nothing',
    (s) => {
      s.task = { ...s.task, status: 'completed' };
      s.on('tasks/result', ({ raw, id }) => raw(`{"jsonrpc":"2.0","id":${JSON.stringify(id)}}`));
    },
    3,
    'running',
  ],
  [
    'completed, and a result that is a number',
    (s) => {
      s.task = { ...s.task, status: 'completed' };
      s.callResult = 7;
    },
    3,
    'running',
  ],
  [
    'completed, and an error for a result',
    (s) => {
      s.task = { ...s.task, status: 'completed' };
      s.on('tasks/result', ({ error }) => error(-32602, 'no'));
    },
    3,
    'running',
  ],
  [
    'completed, and a result of another task',
    (s) => {
      s.task = { ...s.task, status: 'completed' };
      s.callResult = {
        content: [],
        _meta: { 'io.modelcontextprotocol/related-task': { taskId: 'another' } },
      };
    },
    3,
    'running',
  ],
  [
    'cancelled, though nobody asked',
    (s) => {
      s.task = { ...s.task, status: 'cancelled' };
    },
    1,
    'canceled',
  ],
  [
    'an error code of words',
    (s) =>
      s.on('tasks/get', ({ raw, id }) =>
        raw(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":"x"}}`),
      ),
    3,
    'running',
  ],
  [
    'an error that is a list',
    (s) => s.on('tasks/get', ({ raw, id }) => raw(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":[]}`)),
    3,
    'running',
  ],
  [
    'a result and an error',
    (s) =>
      s.on('tasks/get', ({ raw, id }) =>
        raw(
          `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"taskId":"${TASK}","status":"completed"},"error":{"code":1,"message":"x"}}`,
        ),
      ),
    3,
    'running',
  ],
];

it('lies about a task', async () => {
  const book = ledger('lies: about a task');
  for (const [name, lie, code, status] of LIES) {
    const { server, work } = await place();
    const id = await work.submit('work --n 1');
    lie(server);
    book.tried();
    const waited = await work.run(`jobs wait ${id} --timeout 4s`);
    const stored = (await work.stored(id)).status;
    if (waited.code !== code || stored !== status) book.wrong(`${told(name, waited)} is ${stored}`);
    if (code !== 0 && waited.stdout !== '') book.lost(`a result was made up: ${told(name, waited)}`);
    server.audit(book);
  }
  book.settle();
});

const TASK_IDS = [
  '',
  '__proto__',
  '../../../etc/passwd',
  'x'.repeat(100_000),
  'a\nb\u0000\u001b[2J',
  '\ud800',
  '-rf',
  7,
  null,
  {},
];

it('task ids of all kinds', async () => {
  const book = ledger('lies: task ids');
  for (const taskId of TASK_IDS) {
    const { server, work } = await place();
    server.task = { ...server.task, taskId };
    book.tried();
    const name = JSON.stringify(taskId).slice(0, 40);
    const submitted = await work.run('--json work --n 1 --background');
    if (![0, 1, 3].includes(submitted.code ?? -1)) book.wrong(told(name, submitted));
    const [job] = await work.json('jobs list');
    if (typeof taskId === 'string' && taskId !== '' && job?.remote_task_id !== taskId && taskId !== '\ud800')
      book.lost(`${name}: ${job?.remote_task_id?.slice?.(0, 40)}`);
    for (const words of [
      'jobs list',
      'jobs show --latest',
      'jobs cancel --latest',
      'jobs wait --latest --timeout 3s',
    ]) {
      const end = await work.run(words);
      if (![0, 1, 3, 124].includes(end.code ?? -1)) book.wrong(told(`${name}, ${words}`, end));
    }
    server.audit(book);
  }
  book.settle();
});

const answer = (id: unknown, result: string) =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
const deep = (levels: number) =>
  `{"content":[],"structuredContent":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
const wide = (mib: number) =>
  JSON.stringify({ content: [{ type: 'text', text: 'x'.repeat(mib * 1024 * 1024) }] });

/** Results that are hard to swallow, and whether they have to be. */
const HEAVY: [string, () => string, 'whole' | 'refused'][] = [
  ['60 MiB', () => wide(60), 'whole'],
  ['65 MiB', () => wide(65), 'refused'],
  ['nested 100 deep', () => deep(100), 'whole'],
  ['nested 1,000 deep', () => deep(1_000), 'refused'],
  ['nested 100,000 deep', () => deep(100_000), 'refused'],
  ['nested a million deep', () => `{"content":[],"x":${'['.repeat(1e6)}${']'.repeat(1e6)}}`, 'refused'],
  ['__proto__', () => '{"content":[{"type":"text","text":"x"}],"__proto__":{"isError":true}}', 'whole'],
  [
    'a million blocks',
    () => `{"content":[${'{"type":"text","text":"x"},'.repeat(1e6)}{"type":"text","text":"x"}]}`,
    'whole',
  ],
];

it.each(['called', 'waited for'])('results that are hard to swallow, %s', async (way) => {
  const book = ledger(`heavy results, ${way}`);
  for (const [name, make, fate] of HEAVY) {
    const { server, work } = await place();
    const text = make();
    const heavy = ({ raw, id }: Exchange) => raw(answer(id, text));
    book.tried();
    let words = '--json work --n 1';
    if (way === 'called') server.on('tools/call', heavy);
    else {
      const id = await work.submit('work --n 1');
      server.task = { ...server.task, status: 'completed' };
      server.on('tasks/result', heavy);
      words = `--json jobs wait ${id}`;
    }
    const { end, mib } = await peakOf(work.start(words, { timeoutMs: 60_000 }));
    if (fate === 'refused' && (end.code !== 3 || end.stdout !== '')) book.wrong(told(name, end));
    if (fate === 'whole') {
      if (end.code !== 0) book.wrong(told(name, end));
      // Nothing is taken from a result but what no object can have.
      else if (name !== '__proto__' && !end.stdout.includes(text.slice(12, 2_000))) book.torn(name);
    }
    if (mib > 1_500) book.wrong(`${name}: ${Math.round(mib)} MiB of memory`);
    if (way === 'waited for') {
      const listed = await work.run('jobs list');
      if (listed.code !== 0 || listed.stderr !== '') book.torn(told(`${name}, jobs list`, listed));
    }
    server.audit(book);
  }
  book.settle();
});

it('a compressed bomb is cut off before it unfolds', async () => {
  const book = ledger('heavy results, compressed');
  const { MISDEEDS } = await import('../support/misdeeds.ts');
  const { server, work } = await place();
  server.on('tools/call', MISDEEDS['a compressed bomb']);
  book.tried();
  const { end, mib } = await peakOf(work.start('work --n 1'));
  if (end.code !== 3 || !/larger than 64 MiB/.test(end.stderr)) book.wrong(told('bomb', end));
  if (mib > 400) book.wrong(`${Math.round(mib)} MiB of memory`);
  server.audit(book);
  book.settle();
});

it.each([301, 302, 303, 307, 308])(
  'a redirect to another origin, %i: headers and session stay here',
  async (status) => {
    const book = ledger('redirects to another origin');
    const other = await hostileServer();
    for (const method of ['initialize', 'tools/list', 'tools/call', 'tasks/get']) {
      const server = await hostileServer();
      const work = await workAt(server.url);
      await run(
        ['instances', 'add', 'work', '--force', '--url', server.url, '--header', 'X-Api-Key: s3cret'],
        { home: work.home },
      );
      const id = method === 'tasks/get' ? await work.submit('work --n 1') : '';
      server.on(method, ({ response }) => response.writeHead(status, { location: other.url }).end());
      book.tried();
      const end = await work.run(id ? `jobs wait ${id} --timeout 3s` : '--timeout 10s work --n 1', {
        env: { MCP2CLI_RETRY_BUDGET: '1s' },
      });
      if (end.code !== 3) book.wrong(told(`${method} ${status}`, end));
      server.audit(book);
    }
    if (other.seen.length > 0) book.wrong(`the other origin got ${JSON.stringify(other.seen[0])}`);
    book.settle();
  },
);

const NASTY = '\x1b]0;PWNED\x07\x1b[2J\x9b31m\u202eback\u200b\rX\x08\x7f\u2028\u0000';
/** None of these is ever written by the program itself. */
const ACTS = /\x1b\]|\x1b\[2J|[\x07\x08\x7f\x9b\u202e\u200b\u2028\u0000]|\rX/;

it.skipIf(!ptyTool())(
  'control characters in every text: a terminal shows them, and does not act on them',
  async () => {
    const book = ledger('control characters');
    const server = await hostileServer();
    server.tools = [
      {
        name: 'work',
        title: NASTY,
        description: NASTY,
        inputSchema: {
          type: 'object',
          properties: {
            n: { type: 'string', description: NASTY, enum: ['1', NASTY], default: NASTY },
            [`p${NASTY}`]: { type: 'string' },
          },
        },
        execution: { taskSupport: 'optional' },
        annotations: { title: NASTY },
      },
      { name: `tool${NASTY}`, description: NASTY, inputSchema: { type: 'object' } },
    ];
    server.on('initialize', ({ response, result }) => {
      response.setHeader('mcp-session-id', 's');
      result({
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, tasks: { cancel: {}, requests: { tools: { call: {} } } } },
        serverInfo: { name: NASTY, version: NASTY },
        instructions: NASTY,
      });
    });
    server.task = {
      ...server.task,
      taskId: `t${NASTY}`,
      statusMessage: NASTY,
      data: { progress: { progress: 1, total: 2, message: NASTY } },
    };
    server.callResult = {
      content: [
        { type: 'text', text: NASTY },
        {
          type: 'resource_link',
          uri: `file:///${NASTY}`,
          name: NASTY,
          title: NASTY,
          description: NASTY,
          mimeType: NASTY,
        },
        { type: NASTY },
        { type: 'image', data: 'eA==', mimeType: NASTY },
        { type: 'resource', resource: { uri: NASTY, text: NASTY, mimeType: NASTY } },
      ],
    };
    const work = await workAt(server.url);
    const bad =
      (code: number) =>
      ({ error }: Exchange) =>
        error(code, NASTY, { [NASTY]: NASTY });
    const look = async (words: string) => {
      for (const more of [[], ['--json'], ['--verbose']]) {
        book.tried();
        const end = await startOnPty(['work', ...more, ...words.split(' ')], {
          home: work.home,
          env: { MCP2CLI_RETRY_BUDGET: '1s' },
        }).done;
        // Under --verbose and in errors too.
        const found = ACTS.exec(end.stdout);
        if (found)
          book.wrong(
            `${[...more, words].join(' ')}: ${JSON.stringify(end.stdout.slice(Math.max(0, found.index - 40), found.index + 20))}`,
          );
        if (end.code === 70) book.wrong(told(words, end));
      }
    };
    for (const words of [
      'ls',
      '--help',
      'work --help',
      'work --n 1',
      'work --n 2',
      'work --n 1 --background',
      'jobs list',
      'jobs show --latest',
      'jobs wait --latest --timeout 1s',
      'jobs watch --latest --timeout 1s',
    ])
      await look(words);
    server.task = { ...server.task, status: 'failed' };
    for (const words of ['jobs wait --latest', 'jobs show --latest', 'jobs list']) await look(words);
    server.on('tools/call', bad(-32000));
    await look('work --n 1');
    server.on('tools/call', ({ response }) =>
      response.writeHead(400, NASTY.replace(/[^ -~]/g, '?')).end(NASTY),
    );
    await look('work --n 1');
    server.on('tools/call', ({ response }) => response.writeHead(502).end(NASTY));
    await look('work --n 1 --background');
    server.on('tools/list', bad(-32603));
    await look('refresh');
    book.settle();
  },
);

it('names, patterns and references of a hostile catalogue', async () => {
  const book = ledger('hostile catalogues');
  const { server, work } = await place();
  const other = await hostileServer();
  const evil = (schema: unknown) => ({ name: `e${server.tools.length}`, inputSchema: schema });
  for (const schema of [
    { type: 'object', properties: { n: { type: 'string', pattern: '^(a+)+$' } } },
    { type: 'object', properties: { n: { type: 'string', pattern: '(' } } },
    { type: 'object', properties: { n: { type: 'string', pattern: '^(a|a)*b{1,1000}{1,1000}$' } } },
    { type: 'object', properties: { n: { $ref: other.url } } },
    { $ref: `${other.url}#/definitions/x`, $schema: other.url, $id: other.url },
    { type: 'object', properties: { n: { $ref: '#' } } },
    { type: 'object', properties: { n: { $ref: 'file:///etc/passwd' } } },
    {
      type: 'object',
      properties: JSON.parse('{"__proto__":{"type":"string"},"constructor":{"type":"string"},"n":{}}'),
    },
    null,
    7,
    'x',
    [],
    { type: 'array' },
    { type: 'object', required: 7, properties: [] },
    JSON.parse(
      `{"type":"object","properties":{"n":${'{"properties":{"n":'.repeat(500)}{}${'}}'.repeat(500)}}}`,
    ),
  ])
    server.tools = [...server.tools, evil(schema)];
  for (const name of [
    '',
    '..',
    '../../../x',
    '__proto__',
    'constructor',
    'jobs',
    'ls',
    '--help',
    '-x',
    'a\u0000b',
    'x'.repeat(100_000),
    7,
    null,
  ])
    server.tools = [...server.tools, { name, inputSchema: { type: 'object' } }];
  const refreshed = await work.run('refresh');
  if (refreshed.code !== 0) book.wrong(told('refresh', refreshed));
  const tools = server.tools as { name: unknown }[];
  for (const { name } of tools.filter((tool) => typeof tool.name === 'string' && /^e\d+$/.test(tool.name))) {
    book.tried();
    const before = performance.now();
    const end = await work.run(`${String(name)} --n ${'a'.repeat(40)}!`);
    if (![0, 2].includes(end.code ?? -1)) book.wrong(told(String(name), end));
    if (performance.now() - before > 20_000) book.wrong(`${String(name)}: ${performance.now() - before} ms`);
    const help = await work.run(`${String(name)} --help`);
    if (help.code !== 0) book.wrong(told(`${String(name)} --help`, help));
  }
  for (const words of [
    ['call', '__proto__'],
    ['call', '..'],
    ['call', '../../../x'],
    ['call', 'constructor'],
    ['ls'],
    ['--help'],
    ['call', 'toString'],
  ]) {
    book.tried();
    const end = await run(['work', ...words], { home: work.home });
    if (![0, 2].includes(end.code ?? -1)) book.wrong(told(words.join(' '), end));
  }
  expect(other.seen).toEqual([]);
  book.settle();
});
