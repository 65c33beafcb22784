/** How commands end whose server is a child process: every one ends, and nothing of the server is left, whatever it is started through. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Handle, run, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { homeWith } from '../../support/instance.ts';
import { homeEnded, isAlive } from '../../support/processes.ts';
import { FAULTY_STDIO } from '../../support/servers.ts';

/** An instance whose server is started like this, and the pids of all processes that it came to. */
async function place(how: readonly string[]) {
  const file = join(freshDir('pids'), 'pids');
  const home = await homeWith(['--env', `PIDS=${file}`, '--', ...how]);
  const pids = () =>
    existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : ([] as number[]);
  return { home, pids, left: () => pids().filter(isAlive) };
}

const faulty = (mode: string) => [process.execPath, FAULTY_STDIO, mode];
const SHELL = ['sh', '-c', `'${process.execPath}' '${FAULTY_STDIO}' ignoreeof; true`];
const BEHIND = ['sh', '-c', `exec 3<&0; '${process.execPath}' '${FAULTY_STDIO}' ignoreterm <&3 & wait`];

const SERVERS: [what: string, how: string[], says: string][] = [
  ['a server without a fault', faulty('plain'), 'plain'],
  ['a launcher whose server outlives its input', faulty('launcher'), 'ignoreterm'],
  ['a server that outlives its input', faulty('ignoreeof'), 'ignoreeof'],
  ['a server that outlives its input and SIGTERM', faulty('ignoreterm'), 'ignoreterm'],
  ['a shell before the server', SHELL, 'ignoreeof'],
  ['a shell with the server in the background', BEHIND, 'ignoreterm'],
  ['a server whose pipes a daemon holds', faulty('pipeholder'), 'pipeholder'],
];

describe.skipIf(process.platform === 'win32')('a call that is answered', () => {
  // Side by side: most of them make the command wait for the whole farewell.
  it('ends with any server', async () => {
    await Promise.all(
      SERVERS.map(async ([what, how, says]) => {
        const { home, pids, left } = await place(how);
        // The first one asks for the version, too; the second one remembers it.
        for (const n of [1, 2]) {
          const end = await run(['work', 'argv'], { home });
          expect(end, `${what}, call ${n}`).toMatchObject({ code: 0, stdout: `["${says}"]\n`, stderr: '' });
          expect(left(), what).toEqual([]);
        }
        expect(pids().length, what).toBeGreaterThan(1);
      }),
    );
  });

  it('is not kept waiting by a server that ends with its input', async () => {
    const { home } = await place(faulty('plain'));
    await run(['work', 'argv'], { home });
    const pause = async () => {
      const call = start(['work', '--verbose', 'argv'], { home });
      await call.waitForStdout(/plain/);
      const answered = performance.now();
      expect(await call.done).toMatchObject({ code: 0 });
      return performance.now() - answered;
    };
    // A server gets 2 s; one that has ended is not waited for. A busy machine may take as long, but not every time.
    await expect.poll(pause).toBeLessThan(1_900);
  });
});

it.skipIf(process.platform === 'win32')(
  'a launcher that leaves its server behind is told about, and the server is ended',
  async () => {
    const { home, pids, left } = await place(faulty('leaver'));
    const { code, stderr } = await run(['work', 'argv'], { home });
    // The launcher ends before the call is sent or, on a busy machine, after it.
    const sent = 'no answer to the call, the server may or may not have run it: ';
    const ended = 'cannot reach work: the server process ended\n';
    expect(code).toBe(3);
    expect([`error: ${ended}`, `error: ${sent}${ended}`]).toContain(stderr);
    expect(pids().length).toBeGreaterThan(1);
    expect(left()).toEqual([]);
  },
);

describe.skipIf(process.platform === 'win32')('a call that is given up', () => {
  async function hanging(how: string[]) {
    const it = await place(how);
    const call = start(['work', '--verbose', 'hang'], { home: it.home });
    const [, pid] = await call.waitForStderr(/server: hanging (\d+)/);
    expect(isAlive(Number(pid))).toBe(true);
    return { ...it, call };
  }

  const THROUGH: [string, string[]][] = [
    ['a launcher', faulty('launcher')],
    ['a shell', BEHIND],
  ];
  const cases = THROUGH.flatMap(([what, how]) =>
    (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, what, how] as const),
  );
  const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

  it('by a signal takes along the server behind whatever it was started through', async () => {
    await Promise.all(
      cases.map(async ([signal, what, how]) => {
        const { call, left } = await hanging(how);
        call.signal(signal);
        expect(await call.done, `${signal}, ${what}`).toMatchObject({ code: CODES[signal], stdout: '' });
        expect(left(), `${signal}, ${what}`).toEqual([]);
      }),
    );
  });

  it('by a second signal, by --timeout or by SIGKILL does the same', async () => {
    await Promise.all(
      THROUGH.flatMap(([what, how]) => [bySecondSignal(what, how), byTimeout(what, how), byKill(what, how)]),
    );
  });

  async function bySecondSignal(what: string, how: string[]) {
    const { call, left } = await hanging(how);
    call.signal('SIGINT');
    await call.waitForStderr(/interrupted/);
    expect((await call.insist('SIGINT')).code, what).toBe(130);
    await expect.poll(left, { message: what }).toEqual([]);
  }

  async function byTimeout(what: string, how: string[]) {
    const { home, left } = await place(how);
    await run(['work', 'ls'], { home });
    expect(await run(['work', '--timeout', '2s', 'hang'], { home }), what).toMatchObject({
      code: 124,
      stdout: '',
    });
    expect(left(), what).toEqual([]);
  }

  /** The guardian of a server is there after a second. */
  async function byKill(what: string, how: string[]) {
    const { call, left } = await hanging(how);
    await guarded(call);
    call.signal('SIGKILL');
    await call.done;
    await expect.poll(left, { message: what }).toEqual([]);
  }
});

/** Resolves when the command has started its guardian, a shell. */
async function guarded({ pid }: Handle): Promise<void> {
  const children = () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .trim()
      .split(' ')
      .map((child) => {
        try {
          return readFileSync(`/proc/${child}/cmdline`, 'latin1');
        } catch {
          return '';
        }
      });
  await expect.poll(() => children().some((line) => line.includes('read -r change group'))).toBe(true);
}

it.skipIf(process.platform !== 'linux')('a real launcher: npx with a server that is installed', async () => {
  const everything = dirname(
    createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json'),
  );
  const home = await homeWith([
    '--cwd',
    dirname(dirname(dirname(everything))),
    '--',
    'npx',
    '-y',
    'mcp-server-everything',
    'stdio',
  ]);
  const { code, stdout, stderr } = await run(['work', 'echo', '--message', 'hi'], { home });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Echo: hi\n', stderr: expect.any(String) });
  await homeEnded(home);
});
