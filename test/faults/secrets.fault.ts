/**
 * Two proofs on the wire and on the machine: no secret (header values, environment values, arguments that a schema marks, tokens) is in any
 * argv, log, message or file; and every call went out once, the retries that were asked for aside.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunResult, run } from '../support/cli.ts';
import { freshDir } from '../support/home.ts';
import { hostileServer, TASK } from '../support/hostile.ts';
import { endKeepers } from '../support/keeper.ts';
import { type Ledger, ledger } from '../support/ledger.ts';
import { MISDEEDS } from '../support/misdeeds.ts';

const SECRET = 'hunter2-0f3c9d';

/** Every command line that was seen on this machine while a test ran, other tests' aside. */
const seen = new Set<string>();
let watch: NodeJS.Timeout | undefined;

beforeEach(() => {
  seen.clear();
  watch = setInterval(look, 5);
});
afterEach(() => clearInterval(watch));

function look(): void {
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name))
      try {
        seen.add(readFileSync(`/proc/${name}/cmdline`, 'utf8'));
      } catch {
        // It has ended.
      }
}

function inArgv(book: Ledger, text: string, besides: (line: string) => boolean = () => false): void {
  for (const line of seen)
    if (line.includes(text) && !besides(line)) book.lost(`argv: ${line.replaceAll('\0', ' ')}`);
}

/** The secret in a file below the home. */
function onDisk(
  book: Ledger,
  home: string,
  text: string,
  besides: (path: string) => boolean = () => false,
): void {
  for (const path of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const full = join(home, path);
    if (!statSync(full, { throwIfNoEntry: false })?.isFile() || besides(path)) continue;
    if (readFileSync(full, 'latin1').includes(text)) book.lost(`on disk: ${path}`);
  }
}

function inOutput(book: Ledger, words: string, { stdout, stderr }: RunResult, text: string): void {
  if (`${stdout}${stderr}`.includes(text))
    book.lost(`${words}: ${stdout.slice(0, 300)}${stderr.slice(0, 600)}`);
}

const TOOLS = [
  {
    name: 'login',
    inputSchema: {
      type: 'object',
      properties: {
        user: { type: 'string' },
        password: { type: 'string', format: 'password' },
        pin: { type: 'string', writeOnly: true },
      },
    },
    execution: { taskSupport: 'optional' },
  },
];

it.skipIf(process.platform !== 'linux')(
  'secrets of a server over HTTP: variables in headers, arguments, tokens',
  async () => {
    const book = ledger('secrets over HTTP');
    const server = await hostileServer();
    server.tools = TOOLS;
    const home = freshDir('home');
    const env = { TOKEN: SECRET, MCP2CLI_RETRY_BUDGET: '1s' };
    const header = 'Authorization: Bearer ${TOKEN}';
    await run(
      [
        'instances',
        'add',
        'work',
        '--url',
        server.url,
        '--header',
        header,
        '--header',
        'X-Api-Key: ${TOKEN}',
      ],
      { home, env },
    );
    endKeepers(home);
    const args = `{"user":"me","password":"${SECRET}","pin":"${SECRET}"}`;
    const go = async (words: string, input?: string) => {
      book.tried();
      const end = await run(['work', ...words.split(' ')], { home, env, input });
      inOutput(book, words, end, SECRET);
      if (end.code === 70) book.wrong(`${words}: ${end.stderr}`);
    };
    const round = async () => {
      for (const words of [
        'refresh',
        'ls',
        'jobs list --json',
        'jobs show --latest --json',
        'jobs wait --latest --timeout 1s',
        'jobs cancel --latest',
        '--verbose jobs show --latest',
        'jobs logs --latest',
      ])
        await go(words);
      for (const words of [
        'login --args -',
        '--verbose --json login --args - --background',
        'login --args - --background --detach',
      ])
        await go(words, args);
    };
    await round();
    // A wrong call is told about without what was wrong in it.
    await go('login --args -', `{"user":7,"password":["${SECRET}"],"pin":{"x":"${SECRET}"}}`);
    for (const name of [
      'HTTP 401',
      'HTTP 403',
      'HTTP 502',
      'reset',
      'no JSON',
      'an internal error',
    ] as const) {
      server.behave();
      server.on('*', MISDEEDS[name]);
      await round();
    }
    for (const words of [
      'instances show work',
      'instances list --json',
      '--json instances show work',
      'keeper status',
      'keeper logs work',
    ]) {
      book.tried();
      inOutput(book, words, await run(words.split(' '), { home, env }), SECRET);
    }
    expect(
      server.seen.some(
        ({ headers }) => headers['authorization'] === `Bearer ${SECRET}` && headers['x-api-key'] === SECRET,
      ),
    ).toBe(true);
    onDisk(book, home, SECRET);
    inArgv(book, SECRET);
    book.settle();
  },
);

it.skipIf(process.platform !== 'linux')('a server that echoes the header in its errors', async () => {
  const book = ledger('secrets echoed');
  const server = await hostileServer();
  server.tools = TOOLS;
  const home = freshDir('home');
  await run(
    ['instances', 'add', 'work', '--url', server.url, '--header', `Authorization: Bearer ${SECRET}`],
    { home },
  );
  await run(['work', 'ls'], { home });
  const echoes: [string, Parameters<typeof server.on>[1]][] = [
    [
      'in a page',
      ({ request, response }) => response.writeHead(400).end(`bad header: ${request.headers.authorization}`),
    ],
    ['in a status line', ({ response }) => response.writeHead(500, `no ${SECRET}`).end()],
    [
      'in an error',
      ({ request, error }) =>
        error(-32000, `bad header: ${request.headers.authorization}`, { got: request.headers.authorization }),
    ],
  ];
  for (const [how, echo] of echoes)
    for (const words of [
      'refresh',
      'login --user me',
      'login --user me --background',
      '--verbose --json login --user me --background',
    ]) {
      server.behave();
      server.on('*', echo);
      book.tried();
      inOutput(book, `${words}, ${how}`, await run(['work', ...words.split(' ')], { home }), SECRET);
    }
  // Typed as it is, it is in the configuration alone.
  onDisk(book, home, SECRET, (path) => path === 'config.json');
  inArgv(book, SECRET, (line) => line.includes('instances\0add'));
  book.settle();
});

/** Secrets that are hard to find: a number, one that JSON escapes, one that URLs escape. */
const HARD = {
  ACCOUNT: '12345678',
  LONG: '90071992547409931',
  QUOTED: 'quo"te\\d-0f3c9d',
  FILLED: 'a key/&=0f3c9d',
};

/** Each secret as a server may write it in JSON. */
const SHAPES: Record<string, (secret: string) => string> = {
  'a string': (one) => JSON.stringify(`with ${one}.`),
  'escaped text': (one) => JSON.stringify(JSON.stringify({ one })),
  'text escaped twice': (one) => JSON.stringify(JSON.stringify(JSON.stringify([one]))),
  'a name': (one) => `{${JSON.stringify(one)}:1,${JSON.stringify(`${one}!`)}:{}}`,
  'a number': (one) => (/^\d+$/.test(one) ? `[${one},-${one},{"n":${one}}]` : '0'),
  'percent-encoded': (one) => JSON.stringify(`?a=${encodeURIComponent(one)}&b=${encodeURI(one)}`),
  base64: (one) => JSON.stringify(Buffer.from(`me:${one}`).toString('base64')),
  'a header': (one) => JSON.stringify({ headers: { 'x-secret': one } }),
};

/** What must not be found, of a secret in any shape. */
function formsOf(one: string): string[] {
  const escaped = JSON.stringify(one).slice(1, -1);
  const twice = JSON.stringify(escaped).slice(1, -1);
  const inside = Buffer.from(`me:${one}`).toString('base64').slice(4, -4);
  return [...new Set([one, escaped, twice, encodeURIComponent(one), encodeURI(one), inside])];
}

it.each(['JSON', 'event streams', 'statuses'])('secrets as values of every shape, in %s', async (way) => {
  const book = ledger('secrets echoed in every shape');
  const server = await hostileServer();
  server.tools = TOOLS;
  const home = freshDir('home');
  const env = { ...HARD, MCP2CLI_RETRY_BUDGET: '1s' };
  await run(
    [
      ...['instances', 'add', 'work', '--url', `${server.url}?key=\${FILLED}`],
      ...['ACCOUNT', 'LONG', 'QUOTED'].flatMap((name) => ['--header', `X-${name}: \${${name}}`]),
    ],
    { home, env },
  );
  await run(['work', 'ls'], { home, env });
  await run(['work', 'login', '--user', 'me', '--background'], { home, env });
  for (const [shape, write] of Object.entries(SHAPES)) {
    const values = Object.values(HARD).map(write);
    server.behave();
    for (const method of ['tools/call', 'tools/list', 'tasks/get', 'tasks/cancel'])
      server.on(method, (exchange) => {
        const { id, raw, response } = exchange;
        const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32000,"message":${JSON.stringify(values.join(' '))},"data":[${values}]}}`;
        if (way === 'JSON') return raw(text);
        const type = way === 'statuses' ? 'application/json' : 'text/event-stream';
        response.writeHead(way === 'statuses' ? 422 : 200, { 'content-type': type });
        return response.end(way === 'statuses' ? text : `data: ${text}\n\n`);
      });
    for (const words of [
      'login --user me',
      '--verbose --json login --user me --background',
      'refresh',
      '--verbose jobs wait --latest --timeout 5s',
      'jobs cancel --latest',
      'jobs logs --latest',
    ]) {
      book.tried();
      const end = await run(['work', ...words.split(' ')], { home, env });
      if (![1, 2, 3, 5].includes(end.code ?? -1) && !words.includes('jobs'))
        book.wrong(`${shape}, ${words}: ${end.code} ${end.stderr}`);
      for (const form of Object.values(HARD).flatMap(formsOf))
        inOutput(book, `${shape}, ${words}`, end, form);
    }
  }
  for (const form of Object.values(HARD).flatMap(formsOf)) onDisk(book, home, form);
  book.settle();
});

const STDIO = fileURLToPath(new URL('../support/hostile-stdio.js', import.meta.url));

it.skipIf(process.platform !== 'linux')(
  'secrets of a server over stdio and in a keeper; its environment is the default and what was named',
  async () => {
    const book = ledger('secrets over stdio');
    const home = freshDir('home');
    const env = { TOKEN: SECRET, UNRELATED: 'not-for-the-server' };
    await run(['instances', 'add', 'work', '--env', 'API_KEY=${TOKEN}', '--', process.execPath, STDIO], {
      home,
      env,
    });
    endKeepers(home);
    for (const words of [
      'ls',
      '--verbose task --n 1',
      'task --n 2 --background',
      'jobs wait --latest',
      '--verbose half',
      'exit',
      'task --n 3 --background --detach',
      'environment',
    ]) {
      book.tried();
      const end = await run(['work', ...words.split(' ')], { home, env });
      inOutput(book, words, end, SECRET);
      if (words === 'environment') {
        const names = JSON.parse(end.stdout) as string[];
        const usual = ['API_KEY', 'HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];
        const more = names.filter((name) => !usual.includes(name));
        if (more.length > 0 || !names.includes('API_KEY')) book.lost(`the server's environment: ${names}`);
      }
    }
    inOutput(book, 'keeper logs', await run(['keeper', 'logs', 'work'], { home, env }), SECRET);
    onDisk(book, home, SECRET);
    inArgv(book, SECRET);
    // The keeper's own token, which lets others in: in its file, which only its user can read.
    const dir = join(home, 'instances/work/keeper');
    for (const name of readdirSync(dir).filter((one) => /^\w+\.json$/.test(one))) {
      const { token } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as { token: string };
      if ((statSync(join(dir, name)).mode & 0o077) !== 0) book.lost(`${name} can be read by others`);
      inArgv(book, token);
      onDisk(book, home, token, (path) => path.endsWith(name));
    }
    book.settle();
  },
);

it.skipIf(process.platform !== 'linux')(
  'a task id is a credential: not in argv, not in what --verbose tells, not in logs',
  async () => {
    const book = ledger('secrets: task ids');
    const server = await hostileServer();
    const home = freshDir('home');
    await run(['instances', 'add', 'work', '--url', server.url], { home });
    for (const words of [
      '--verbose --quiet work --n 1 --background',
      '--verbose jobs wait --latest --timeout 2s',
      '--verbose jobs cancel --latest --quiet',
    ]) {
      book.tried();
      const { stderr } = await run(['work', ...words.split(' ')], { home });
      if (stderr.includes(TASK)) book.lost(`${words}: ${stderr}`);
    }
    inArgv(book, TASK);
    onDisk(book, home, TASK, (path) => !path.endsWith('.log') && !path.endsWith('log.txt'));
    book.settle();
  },
);
