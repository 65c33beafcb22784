/** `doctor` through the real program: it finds what is wrong, also where other commands refuse to work, and touches nothing. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttp, request } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../../src/doctor/finding.ts';
import { atTestEnd, type RunResult, run, type StartOptions, start } from '../../support/cli.ts';
import { readOnly } from '../../support/disk.ts';
import { freePort } from '../../support/free-port.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { configure, keeperHome, STDIO_COMMAND, theKeeper } from '../../support/keeper.ts';
import { modernServer } from '../../support/modern-server.ts';
import { isAlive } from '../../support/processes.ts';
import { promised } from '../../support/promised.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer, STDIO_SERVER } from '../../support/servers.ts';
import { diskStore, newJob, writeEnded } from '../../support/store-fixtures.ts';

interface Examined {
  checks: Finding[];
  problems: number;
  warnings: number;
}

interface Seen extends Examined, RunResult {
  /** What an instance's check came to: `ok message`; undefined where there was none. */
  of(instance: string | null, check: string): string | undefined;
  bad: Finding[];
}

async function doctor(
  home: string,
  words: readonly string[] = [],
  options: Partial<StartOptions> = {},
): Promise<Seen> {
  const result = await run(['--json', 'doctor', ...words], { home, ...options });
  expect(result.stderr).toBe('');
  const data = dataOf<Examined>(result);
  const counted = (status: string) => data.checks.filter((one) => one.status === status).length;
  expect(data).toMatchObject({ problems: counted('problem'), warnings: counted('warning') });
  expect(result.code).toBe(data.problems > 0 ? 1 : 0);
  return {
    ...result,
    ...data,
    bad: data.checks.filter((one) => one.status !== 'ok'),
    of(instance, check) {
      const found = data.checks.filter((one) => one.instance === instance && one.check === check);
      return found.length === 0 ? undefined : found.map((one) => `${one.status} ${one.message}`).join('\n');
    },
  };
}

/** Takes connections, and never answers. */
async function hangingServer(): Promise<{ url: string; connected: Promise<void> }> {
  const { promise: connected, keep } = promised();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('data', () => keep());
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, connected };
}

describe('what is right', () => {
  it('with nothing set up yet', async () => {
    const home = freshHome();
    const seen = await doctor(join(home, 'none'), [], { cwd: home });
    expect(seen).toMatchObject({ code: 0, problems: 0, warnings: 0 });
    expect(seen.of(null, 'versions')).toMatch(/^ok mcp2cli \d+\.\d+\.\d+, Node \d+\.\d+\.\d+, \w+ \w+$/);
    expect(seen.of(null, 'data root')).toBe('ok it is not there yet, and made when it is needed');
    expect(existsSync(join(home, 'none'))).toBe(false);
  });

  it('an instance over HTTP, from disk to server; the envelope and the lines', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    await run(['work', 'ls'], { home });
    await run(['work', 'jobs', 'define', 'quick', '--tool', 'deploy', '--arg', 'version=1'], { home });
    configure(home, { permissions: [{ action: 'delete', roles: ['admin'] }] });
    writeEnded(diskStore(home).dir, 3);
    const seen = await doctor(home);
    expect(seen.bad).toEqual([]);
    expect(JSON.parse(seen.stdout)).toMatchObject({
      app_id: 'mcp2cli',
      command: 'doctor',
      summary: 'no problems',
    });
    expect(seen.of(null, 'data root')).toBe('ok yours, mode 0700');
    expect(seen.of(null, 'disk')).toBe('ok writable; rename, sync and hard links work');
    expect(seen.of(null, 'space')).toMatch(/^ok \d+ MB free$/);
    expect(seen.of(null, 'configuration')).toBe('ok 1 instance');
    expect(seen.of('work', 'settings')).toBe('ok a server over HTTP');
    expect(seen.of('work', 'permissions')).toBe('ok 1 rule');
    expect(seen.of('work', 'definitions')).toBe('ok 1 definition');
    expect(seen.of('work', 'jobs')).toBe('ok 3 jobs: 3 completed');
    expect(seen.of('work', 'catalogue')).toMatch(/^ok \d+ tools, fetched \d+[sm] ago$/);
    expect(seen.of('work', 'server facts')).toMatch(
      /^ok protocol 2025-11-25 over http, remembered \d+[sm] ago$/,
    );
    expect(seen.of('work', 'keeper')).toBe('ok none runs');
    expect(seen.of('work', 'connection')).toMatch(
      /^ok protocol 2025-11-25 \(legacy: with a handshake\) over Streamable HTTP, connected in \d+ ms, answered in \d+ ms$/,
    );
    expect(seen.of('work', 'capabilities')).toMatch(/; \d+ tools; tasks: tasks-2025-11-25$/);
    expect(seen.of('work', 'clock')).toBe("ok as the server's");

    const { code, stdout, stderr } = await run(['doctor', 'work', '--offline'], { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('mcp2cli');
    expect(lines[1]).toMatch(/^ {2}ok {2}versions: mcp2cli /);
    expect(lines).toContain('work');
    expect(lines).toContain(`  ok  jobs: 3 jobs: 3 completed (${diskStore(home).dir})`);
    expect(stdout).not.toContain('connection');
    expect(lines.slice(-2)).toEqual(['no problems', '']);
    expect(await run(['doctor', '--quiet', '--offline'], { home })).toMatchObject({ code: 0, stdout: '' });
    const ndjson = await run(['-o', 'ndjson', 'doctor', '--offline'], { home });
    expect(
      ndjson.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))[0],
    ).toMatchObject({
      instance: null,
      check: 'versions',
      status: 'ok',
    });
  });

  it('protocols without a handshake, and servers without tasks', async () => {
    const { url } = await modernServer();
    const seen = await doctor(await homeAt(url));
    expect(seen.of('work', 'connection')).toMatch(
      /^ok protocol 2026-07-28 \(modern: without a handshake\) over Streamable HTTP, /,
    );
    expect(seen.of('work', 'capabilities')).toBe('ok tools; 4 tools; tasks: none, jobs run here');
    // What was learned is remembered; a connection by it is no less of one.
    const again = await doctor(await homeAt(url));
    expect(again.bad).toEqual([]);
  });

  it('a server that is a command is started, and ended again', async () => {
    const folder = freshDir();
    const note = join(folder, 'pid');
    const script = join(folder, 'server.mjs');
    writeFileSync(
      script,
      `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(note)}, String(process.pid));\nawait import(${JSON.stringify(STDIO_SERVER)});\n`,
    );
    const home = await homeWith(['--', process.execPath, script]);
    const seen = await doctor(home);
    expect(seen.bad).toEqual([]);
    expect(seen.of('work', 'settings')).toBe('ok a command');
    expect(seen.of('work', 'connection')).toMatch(/ over stdio, connected in \d+ ms/);
    expect(() => process.kill(Number(readFileSync(note, 'utf8')), 0)).toThrow('ESRCH');
  });

  it('targets without a name', async () => {
    const { url } = await demoServer();
    const home = freshHome();
    for (const seen of [
      await doctor(home, ['--url', url]),
      await doctor(home, ['--stdio', `${process.execPath} ${STDIO_SERVER}`]),
    ]) {
      expect(seen.bad).toEqual([]);
      const [name = ''] = seen.checks.flatMap(({ instance }) => instance ?? []);
      expect(name).toMatch(/^adhoc-[0-9a-f]{16}$/);
      expect(seen.of(name, 'connection')).toMatch(/^ok protocol /);
    }
    const dead = await doctor(home, ['--url', `http://127.0.0.1:${await freePort()}/mcp`]);
    expect(dead.bad).toMatchObject([
      { check: 'connection', message: expect.stringContaining('cannot reach') },
    ]);
  });

  it('a keeper, which is asked rather than its server started once more', async () => {
    const home = await keeperHome(STDIO_COMMAND, { keepAlive: true });
    expect(await run(['work', 'pid'], { home })).toMatchObject({ code: 0 });
    const { pid } = await theKeeper(home);
    const seen = await doctor(home);
    expect(seen.bad).toEqual([]);
    expect(seen.of('work', 'keeper')).toMatch(
      new RegExp(`^ok process ${pid}, version [\\d.]+, 0 running jobs$`),
    );
    expect(seen.of('work', 'connection')).toBe('ok held by the keeper');
    const elsewhere = await doctor(home, [], { cwd: freshDir() });
    expect(elsewhere.of('work', 'keeper')).toMatch(
      /, not used from this folder \(different settings, variables or folder\)$/,
    );
    // One of another version, as its file has it.
    const dir = join(home, 'instances/work/keeper');
    const file = join(dir, readdirSync(dir).find((name) => /^\w+\.json$/.test(name)) ?? '');
    const state = JSON.parse(readFileSync(file, 'utf8'));
    // Stopped: it would put its own file right.
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    });
    writeFileSync(file, JSON.stringify({ ...state, socket: join(dir, 'none.sock') }));
    const deaf = await doctor(home, ['--offline']);
    expect(deaf.bad).toMatchObject([
      {
        instance: 'work',
        check: 'keeper',
        status: 'problem',
        message: `no keeper of work listens on ${join(dir, 'none.sock')}`,
        hint: expect.stringContaining('mcp2cli keeper logs work'),
      },
    ]);
    writeFileSync(file, JSON.stringify(state));
    process.kill(pid, 'SIGCONT');
  });
});

describe('servers', () => {
  it('that cannot be reached are a problem of theirs alone; --offline asks none', async () => {
    const home = await homeAt(`http://127.0.0.1:${await freePort()}/mcp`, 'dead');
    await addInstance(home, ['--url', (await demoServer()).url], 'alive');
    await addInstance(home, ['--', join(home, 'no-such-command')], 'gone');
    await addInstance(
      home,
      ['--', process.execPath, '-e', 'console.error("no licence"); process.exit(3)'],
      'falls',
    );
    const seen = await doctor(home);
    expect(seen.of('alive', 'connection')).toMatch(/^ok /);
    expect(seen.bad.map(({ instance, check, status }) => [instance, check, status])).toEqual(
      ['dead', 'gone', 'falls'].map((name) => [name, 'connection', 'problem']),
    );
    expect(seen.of('dead', 'connection')).toMatch(/cannot reach dead: connect ECONNREFUSED/);
    expect(seen.of('gone', 'connection')).toMatch(/cannot start gone: no such command/);
    expect(seen.of('falls', 'connection')).toMatch(/the server process ended; its last words:\nno licence$/);
    for (const { hint } of seen.bad) expect(hint).toBeTruthy();
    const lines = (await run(['doctor', 'falls'], { home })).stdout;
    expect(lines).toContain(
      '  !!  connection: cannot reach falls: the server process ended; its last words:\n        no licence\n        is the server up',
    );
    expect(lines).toMatch(/\n1 problem\n$/);
    expect(await doctor(home, ['--offline'])).toMatchObject({ code: 0, bad: [] });
  });

  it('that hang do not hold up the others, nor the examination', async () => {
    const { url } = await hangingServer();
    const home = await homeAt(url, 'hangs');
    for (let i = 0; i < 9; i++) await addInstance(home, ['--url', url], `hangs${i}`);
    await addInstance(home, ['--url', (await demoServer()).url], 'alive');
    await addInstance(home, ['--', process.execPath, '-e', 'setInterval(() => {}, 1000)'], 'silent');
    const seen = await doctor(home, ['--timeout', '5s']);
    expect(seen.of('alive', 'connection')).toMatch(/^ok /);
    expect(seen.problems).toBe(11);
    for (const name of ['hangs', 'hangs8', 'silent'])
      expect(seen.of(name, 'connection')).toBe('problem no answer within 5 s');
    expect(seen.bad[0]?.hint).toContain('--timeout 2m');
  });

  it('^C ends the examination', async () => {
    const { url, connected } = await hangingServer();
    const home = await homeAt(url);
    const child = start(['doctor', '--timeout', '0'], { home });
    await connected;
    child.signal('SIGINT');
    expect(await child.done).toMatchObject({ code: 130, stdout: '' });
  });

  it('whose clock differs', async () => {
    const { url } = await demoServer();
    const proxy = createHttp((incoming, outgoing) => {
      const { method } = incoming;
      const headers = { ...incoming.headers, host: new URL(url).host };
      const passed = request(new URL(incoming.url ?? '', url), { method, headers }, (answer) => {
        const date = new Date(Date.now() + 3_600_000).toUTCString();
        outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, date });
        answer.pipe(outgoing);
      });
      incoming.pipe(passed);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    atTestEnd(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const home = await homeAt(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`);
    const seen = await doctor(home);
    expect(seen).toMatchObject({ code: 0, problems: 0, warnings: 1 });
    expect(seen.of('work', 'connection')).toMatch(/^ok /);
    expect(seen.of('work', 'clock')).toMatch(/^warning 3(599|600) s behind the server's$/);
  });
});

describe('the data root', () => {
  it('that cannot be written', async (context) => {
    const { dir: disk, close } = readOnly(context);
    const home = join(disk, 'home');
    mkdirSync(home, { mode: 0o700 });
    await addInstance(home, ['--url', (await demoServer()).url]);
    close();
    const seen = await doctor(home);
    expect(seen.code).toBe(1);
    expect(seen.of(null, 'disk')).toMatch(
      /^problem cannot write .*: (the file system is read-only|permission denied)$/,
    );
    expect(seen.of('work', 'connection')).toMatch(/^ok /);
  });

  it('that anybody can write: what stands in it is not run', async () => {
    const note = join(freshDir(), 'ran');
    const home = await homeWith(['--', process.execPath, '-e', `require('fs').writeFileSync('${note}', '')`]);
    chmodSync(home, 0o777);
    expect(await run(['work', 'ls'], { home })).toMatchObject({ code: 78 });
    const seen = await doctor(home);
    expect(seen.of(null, 'data root')).toBe(
      'problem it can be written by anybody: commands refuse to use it',
    );
    expect(seen.of('work', 'connection')).toMatch(/^warning not tried/);
    expect(existsSync(note)).toBe(false);
    chmodSync(home, 0o755);
    expect((await doctor(home, ['--offline'])).of(null, 'data root')).toBe(
      'warning others can look into it (mode 0755)',
    );
  });

  it('that is a file', async () => {
    const file = join(freshDir(), 'file');
    writeFileSync(file, '');
    const seen = await doctor(file, [], { cwd: freshDir() });
    expect(seen.of(null, 'data root')).toBe('problem it is not a folder');
    expect(seen.code).toBe(1);
  });

  it('is left as it was, and rid of what an examination that was killed left', async () => {
    const home = await homeAt((await demoServer()).url);
    mkdirSync(join(home, `.probe-${2 ** 22 + 5}-x`));
    await doctor(home);
    expect(readdirSync(home).sort()).toEqual(['config.json', 'instances']);
  });
});

describe('the configuration', () => {
  it('that is damaged is a finding, and the rest is looked at all the same', async () => {
    const home = freshHome();
    const { dir } = diskStore(home);
    writeEnded(dir, 2);
    writeFileSync(join(home, 'config.json'), '{"mcpServers": {"work": {"headers": {"A": geheim}}}}', {
      mode: 0o600,
    });
    const seen = await doctor(home);
    expect(seen.bad).toMatchObject([
      {
        instance: null,
        check: 'configuration',
        status: 'problem',
        message: expect.stringMatching(/^the configuration is damaged: .*config\.json: not valid JSON/),
        hint: expect.stringContaining('by hand'),
        path: join(home, 'config.json'),
      },
    ]);
    expect(seen.of('work', 'jobs')).toBe('ok 2 jobs: 2 completed');
    expect(seen.stdout).not.toContain('geheim');
    expect((await doctor(home, ['work'])).of('work', 'jobs')).toBe('ok 2 jobs: 2 completed');
    writeFileSync(join(home, 'config.json'), '{"schema_version": 99}', { mode: 0o600 });
    expect((await doctor(home)).of(null, 'configuration')).toMatch(/^problem .*newer version/);
  });

  it('settings, rules, definitions and settings of tools that do not fit', async () => {
    const home = await homeAt('http://127.0.0.1:1/mcp');
    const path = join(home, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8'));
    config.active = 'nobody';
    Object.assign(config.mcpServers, {
      a: { url: 'http://127.0.0.1:1/', detach: 'yes' },
      b: { url: 'http://127.0.0.1:1/', permissions: [{ action: 'fly' }] },
      c: { url: 'http://127.0.0.1:1/', tools: { deploy: { retries: 2 }, 'delete_*': { retries: 'x' } } },
      d: {},
      'e/../f': { url: 'http://127.0.0.1:1/' },
    });
    writeFileSync(path, JSON.stringify(config));
    mkdirSync(join(home, 'instances/work'), { recursive: true });
    writeFileSync(join(home, 'instances/work/definitions.json'), '{');
    const seen = await doctor(home, ['--offline']);
    expect(seen.of(null, 'configuration')).toBe(
      'ok 6 instances, nobody is active\nwarning the active instance is "nobody", which is not there',
    );
    expect(seen.of('a', 'settings')).toBe('problem instance a: detach must be true or false');
    expect(seen.of('b', 'permissions')).toMatch(/^problem instance b: permissions\[0\] must be /);
    expect(seen.of('c', 'settings')).toMatch(/^problem instance c: tools\.delete_\*\.retries must be /);
    expect(seen.of('d', 'settings')).toBe('problem instance d: it has neither a url nor a command nor jobs');
    expect(seen.of('e/../f', 'settings')).toBe('problem no instance can have this name');
    expect(seen.of('work', 'definitions')).toMatch(
      /^problem the definitions are damaged: .*: not valid JSON/,
    );
    expect(seen).toMatchObject({ problems: 6, warnings: 1 });
  });

  it('variables that are not set, all at once; then no server is asked', async () => {
    const home = await homeWith([
      '--url',
      'http://127.0.0.1:1/${PATH_PART}',
      '--header',
      'A: Bearer ${TOKEN}',
      '--header',
      'B: ${OTHER:-x}',
    ]);
    const seen = await doctor(home);
    expect(seen.bad).toMatchObject([
      {
        instance: 'work',
        check: 'variables',
        message: 'not set: PATH_PART, TOKEN',
        hint: expect.stringContaining('export PATH_PART=...'),
      },
    ]);
    const set = await doctor(home, ['--offline'], { env: { TOKEN: 'geheim-1', PATH_PART: 'mcp' } });
    expect(set.of('work', 'variables')).toBe('ok PATH_PART, TOKEN, OTHER');
    expect(set.stdout).not.toContain('geheim');
  });
});

describe('jobs', () => {
  it('that are damaged can be set aside; newer ones stay', async () => {
    const home = await homeAt('http://127.0.0.1:1/mcp');
    const { store, dir } = diskStore(home);
    const [whole = '', damaged = '', newer = ''] = writeEnded(dir, 3);
    writeFileSync(join(dir, damaged, 'end.json'), '{');
    writeFileSync(join(dir, newer, 'end.json'), '{"schema_version":99}');
    const ahead = diskStore(home, { clock: { now: () => new Date(Date.now() + 3_600_000) } });
    const future = ahead.store.create(newJob()).job_id;
    mkdirSync(join(dir, `.gone-${2 ** 22 + 5}-x`));
    writeFileSync(join(dir, '.index.json'), '{');

    const seen = await doctor(home, ['--offline']);
    expect(seen.bad).toEqual([
      {
        instance: 'work',
        check: 'jobs',
        status: 'warning',
        message: `${join(dir, newer, 'end.json')} was written by a newer version (schema 99, known is 1)`,
        hint: 'use the version of mcp2cli that wrote it; this one leaves it alone',
        path: join(dir, newer, 'end.json'),
      },
      {
        instance: 'work',
        check: 'jobs',
        status: 'problem',
        message: `${join(dir, damaged, 'end.json')} is damaged: it is not valid JSON`,
        hint: 'move it out of the way: mcp2cli doctor work --set-aside',
        path: join(dir, damaged, 'end.json'),
      },
      expect.objectContaining({
        check: 'clock',
        message: expect.stringMatching(new RegExp(`^${future} was created in the future \\(`)),
      }),
      expect.objectContaining({ check: 'jobs', message: '1 left-over of processes that were killed' }),
      expect.objectContaining({ check: 'jobs', message: 'the index of the list is damaged' }),
    ]);
    expect(seen.of('work', 'jobs')).toMatch(/^ok 2 jobs: 1 queued, 1 completed\n/);

    const aside = await doctor(home, ['work', '--set-aside', '--offline']);
    expect(aside).toMatchObject({ code: 0, problems: 0 });
    const moved = aside.checks.find((one) => one.check === 'set aside');
    expect(moved).toMatchObject({ status: 'ok', message: `moved the damaged ${damaged}` });
    expect(moved?.path).toMatch(
      new RegExp(`^${join(home, 'instances/work/damaged', damaged)}-\\d{8}T\\d{9}Z$`),
    );
    expect(readFileSync(join(moved?.path ?? '', 'end.json'), 'utf8')).toBe('{');
    expect(statSync(join(home, 'instances/work/damaged')).mode & 0o777).toBe(0o700);
    expect(store.list()).toMatchObject({ jobs: { length: 2 }, problems: [{ job_id: newer, code: 'newer' }] });
    expect(store.read(whole).status).toBe('completed');
    const done = await run(['work', 'jobs', 'list', '--quiet'], { home });
    expect(done.stderr).not.toContain(damaged);
  });

  it('are set aside of one instance at a time, also of one that is not configured any more', async () => {
    const home = await homeAt('http://127.0.0.1:1/mcp', 'a');
    await addInstance(home, ['--url', 'http://127.0.0.1:1/mcp'], 'b');
    const end = await run(['--json', 'doctor', '--set-aside', '--offline'], { home });
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(end).hint).toBe('mcp2cli doctor INSTANCE --set-aside');
    const { dir } = diskStore(home);
    mkdirSync(join(dir, 'job_empty'), { recursive: true });
    const seen = await doctor(home, ['work', '--set-aside']);
    expect(seen.of('work', 'settings')).toBe('warning it is not configured, but has files here');
    expect(seen.of('work', 'set aside')).toBe('ok moved the damaged job_empty');
    expect(readdirSync(dir)).toEqual([]);
    const unknown = await run(['doctor', 'nobody'], { home });
    expect(unknown).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('no instance "nobody"'),
    });
  });
});

it('never shows a secret, whatever servers say', async () => {
  // A server that tells what it was given.
  const echo = createHttp((incoming, outgoing) => {
    outgoing.writeHead(418, { 'content-type': 'text/plain' });
    outgoing.end(`wrong: ${incoming.headers.authorization} ${incoming.headers['x-key']} ${incoming.url}`);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => {
    echo.closeAllConnections();
    echo.close();
  });
  const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/mcp?key=geheim-url`;
  const home = await homeWith(
    ['--url', url, '--header', 'Authorization: Bearer ${TOKEN}', '--header', 'X-Key: geheim-key'],
    'web',
  );
  const print =
    'console.error(process.env.KEY, process.env.SECOND, process.argv.slice(1).join()); process.exit(1)';
  await addInstance(
    home,
    [
      '--env',
      'KEY=geheim-env',
      '--env',
      'SECOND=${TOKEN}',
      '--',
      process.execPath,
      '-e',
      print,
      '--',
      '${ARG}',
    ],
    'command',
  );
  const env = { TOKEN: 'geheim-token', ARG: 'geheim-arg' };
  const seen = await doctor(home, [], { env });
  expect(seen.of('web', 'connection')).toContain('HTTP 418: wrong: ');
  expect(seen.of('command', 'connection')).toContain('its last words:\n[redacted] *** ***');
  const human = await run(['doctor', '--verbose'], { home, env });
  for (const { stdout, stderr } of [seen, human]) expect(stdout + stderr).not.toContain('geheim');
});

it('launchers in the PATH that call something else', async () => {
  const home = await homeAt('http://127.0.0.1:1/mcp');
  const bin = freshDir('bin');
  const linked = await run(['link', 'work', '--dir', bin], { home });
  expect(linked.code).toBe(0);
  const env = { PATH: `${bin}${delimiter}${process.env['PATH']}` };
  const look = async () => {
    const { checks } = await doctor(home, ['--offline'], { env });
    return checks.find((one) => one.check === 'launcher');
  };
  const path = join(bin, 'work');
  expect(await look()).toEqual({
    instance: 'work',
    check: 'launcher',
    status: 'ok',
    message: 'calls this program',
    path,
  });
  const text = readFileSync(path, 'utf8');
  const other = freshDir('other');
  mkdirSync(join(other, 'bin'));
  const entry = join(other, 'bin/mcp2cli.js');
  const own = /'?([^' ]+mcp2cli\.js)'? -i/.exec(text)?.[1] ?? '';
  writeFileSync(path, text.replaceAll(own, entry));
  const hint = `make it anew: mcp2cli link work --dir ${bin}`;
  expect(await look()).toMatchObject({
    status: 'warning',
    message: `it calls ${entry}, which is not there any more`,
    hint,
  });
  writeFileSync(entry, '');
  writeFileSync(join(other, 'package.json'), '{"name":"mcp2cli","version":"0.0.9"}');
  expect(await look()).toMatchObject({
    status: 'warning',
    message: `it calls another version of mcp2cli (0.0.9): ${entry}`,
    hint,
  });
  // Somebody else's command of the same name is none of ours.
  writeFileSync(path, '#!/bin/sh\necho work\n');
  expect(await look()).toBeUndefined();
});

it('is a command of the program, with help of its own', async () => {
  const home = freshHome();
  const help = await run(['doctor', '--help'], { home });
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--set-aside') });
  expect((await run(['--help'], { home })).stdout).toContain('doctor [INSTANCE]');
  const added = await run(['instances', 'add', 'doctor', '--url', 'http://x/'], { home });
  expect(added).toMatchObject({ code: 2, stderr: expect.stringContaining('"doctor" is a command') });
});

it.skipIf(!ptyTool())('marks are coloured on a terminal only', async () => {
  const home = await homeAt('http://127.0.0.1:1/mcp');
  const { stdout } = await startOnPty(['doctor'], { home }).done;
  expect(stdout).toContain('\x1b[32mok\x1b[39m');
  expect(stdout).toContain('\x1b[31m!!\x1b[39m');
  const plain = await startOnPty(['doctor', '--no-color'], { home }).done;
  expect(plain.stdout).not.toMatch(/\x1b\[\d+m/);
});
