/** `TOOL --each`: many calls over one connection, through the real program. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProcesses, type RunResult, run, type StartOptions, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { type Exchange, type Hostile, hostileServer } from '../../support/hostile.ts';
import { errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { configure, endKeepers, STDIO_COMMAND } from '../../support/keeper.ts';
import { demoServer } from '../../support/servers.ts';

interface Line {
  index: number;
  arguments: Record<string, unknown>;
  status: string;
  job_id?: string;
  result?: { content: { text: string }[] };
  error?: { code: string; message: string; exit_code: number };
}

const TOOL = {
  name: 'double',
  inputSchema: {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      unit: { type: 'string' },
      token: { type: 'string', format: 'password' },
    },
    required: ['n'],
  },
};

interface Doubling extends Hostile {
  /** Calls under way at most. */
  most: number;
}

/** Doubles numbers; `hold` may keep an answer back. No tasks. */
async function doubling(hold: (n: number) => Promise<void> = async () => {}): Promise<Doubling> {
  const server: Doubling = Object.assign(await hostileServer(), { most: 0 });
  server.tools = [TOOL];
  server.on('initialize', (exchange) =>
    exchange.result({
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'doubling', version: '1' },
    }),
  );
  let open = 0;
  server.on('tools/call', async (exchange: Exchange) => {
    const { n, unit = '' } = exchange.params['arguments'] as { n: number; unit?: string };
    open += 1;
    server.most = Math.max(server.most, open);
    await hold(n);
    open -= 1;
    const text = `${2 * n}${unit}`;
    if (n === 1300) exchange.error(-32000, 'no thirteens');
    else exchange.result({ content: [{ type: 'text', text }], isError: n < 0 });
  });
  return server;
}

const ndjson = (items: readonly unknown[]) => items.map((one) => `${JSON.stringify(one)}\n`).join('');
const numbers = (count: number) => ndjson(Array.from({ length: count }, (_, n) => ({ n })));

function file(text: string): string {
  const path = join(freshDir('each'), 'lines.ndjson');
  writeFileSync(path, text);
  return path;
}

const linesOf = ({ stdout }: RunResult) =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

async function each(
  server: Hostile,
  words: readonly string[],
  options: Partial<StartOptions> = {},
): Promise<RunResult> {
  const home = options.home ?? (await homeAt(server.url));
  return run(['work', 'double', ...words], { ...options, home });
}

describe('calls for lines', () => {
  it('are made over one connection, some at a time, and told in order', async () => {
    // Earlier ones are answered later.
    const gates = new Map<number, () => void>();
    const server = await doubling(
      (n) =>
        new Promise((resolve) => {
          gates.set(n, resolve);
          if (gates.size % 4 === 0) for (const gate of [...gates.values()].reverse()) gate();
        }),
    );
    const end = await each(server, ['--each', file(numbers(40)), '--parallel', '4', '--unit', 'm']);
    expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('40 calls done\n') });
    expect(linesOf(end).map(({ index, result }) => [index, result?.content[0]?.text])).toEqual(
      Array.from({ length: 40 }, (_, n) => [n, `${2 * n}m`]),
    );
    expect(server.most).toBe(4);
    expect([server.count('initialize'), server.count('tools/call')]).toEqual([1, 40]);
  });

  it('are nothing that Node warns of, however many there are at a time', async () => {
    const server = await doubling();
    const words = ['--each', file(numbers(40)), '--parallel', '40'];
    const end = await inProcesses(() => each(server, words));
    expect(end).toMatchObject({ code: 0, stderr: '40 calls done\n' });
  });

  it('come one after the other without --parallel; the arguments of a line win over those of all', async () => {
    const server = await doubling();
    const input = ndjson([{ n: 1 }, { n: 2, unit: 'kg' }]);
    const end = await each(server, ['--each', '-', '--unit', 'm'], { input });
    expect(linesOf(end)).toEqual([
      expect.objectContaining({ index: 0, arguments: { unit: 'm', n: 1 }, status: 'completed' }),
      expect.objectContaining({ index: 1, arguments: { unit: 'kg', n: 2 }, status: 'completed' }),
    ]);
    expect(server.most).toBe(1);
  });

  it('are told as they come with --unordered', async () => {
    let free = () => {};
    const others = new Promise<void>((resolve) => {
      free = resolve;
    });
    let answered = 0;
    const server = await doubling(async (n) => {
      if (n === 0) return others;
      answered += 1;
      if (answered === 5) free();
    });
    const end = await each(server, ['--each', file(numbers(6)), '--parallel', '2', '--unordered']);
    expect(linesOf(end).map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 0]);
  });

  it('keep the digits of numbers, and hide secrets', async () => {
    const server = await doubling();
    const input = '{"n":725653563933458432,"token":"hush"}\n';
    const { stdout } = await each(server, ['--each', '-'], { input });
    expect(stdout).toContain('"arguments":{"n":725653563933458432,"token":"');
    expect(stdout).not.toContain('hush');
  });

  it('of a server over stdio, and through a keeper', async () => {
    const input = ndjson([{}, {}, {}]);
    const words = ['work', 'pid', '--each', '-', '--parallel', '3'];
    // One process of the server has taken all of them.
    const pids = (end: RunResult) => linesOf(end).map(({ result }) => result?.content[0]?.text);
    const home = await homeWith(STDIO_COMMAND);
    const direct = pids(await run(words, { home, input }));
    expect([direct.length, new Set(direct).size]).toEqual([3, 1]);
    const kept = await homeWith(STDIO_COMMAND);
    configure(kept, { keepAlive: true });
    endKeepers(kept);
    const viaTool = pids(await run(words, { home: kept, input }));
    expect(viaTool).toEqual([viaTool[0], viaTool[0], viaTool[0]]);
    expect(pids(await run(words, { home: kept, input }))).toEqual(viaTool);
  });

  it('are shown and not sent with --dry-run', async () => {
    const server = await doubling();
    const end = await each(server, ['--each', '-', '--dry-run'], { input: numbers(2) });
    expect(linesOf(end).map(({ status }) => status)).toEqual(['not sent', 'not sent']);
    expect(server.count('tools/call')).toBe(0);
  });
});

describe('failures', () => {
  const input = ndjson([{ n: 1 }, { n: -1 }, { n: 'x' }, { n: 1300 }, {}, { n: 2 }]);

  it('are lines of their own, the others go on, and the exit code tells', async () => {
    const server = await doubling();
    const end = await each(server, ['--each', '-', '--parallel', '3'], { input });
    expect(end).toMatchObject({ code: 1, stderr: '6 calls done, 4 of them failed\n' });
    expect(linesOf(end).map(({ status, error }) => [status, error?.code])).toEqual([
      ['completed', undefined],
      ['failed', undefined],
      ['failed', 'invalid_arguments'],
      ['failed', expect.any(String)],
      ['failed', 'invalid_arguments'],
      ['completed', undefined],
    ]);
    expect(server.count('tools/call')).toBe(4);
  });

  it('end it with --fail-fast', async () => {
    const server = await doubling();
    const end = await each(server, ['--each', '-', '--fail-fast'], { input });
    expect(end).toMatchObject({ code: 1, stderr: '2 calls done, 1 of them failed\n' });
    expect(server.count('tools/call')).toBe(2);
  });

  it('by a rule of permissions send nothing', async () => {
    const server = await doubling();
    const home = await homeAt(server.url);
    configure(home, { permissions: [{ action: 'execute', tools: ['double'], roles: ['admin'] }] });
    const end = await each(server, ['--each', '-'], { home, input: numbers(2) });
    expect(linesOf(end).map(({ error }) => error?.code)).toEqual(['permission_denied', 'permission_denied']);
    expect(server.count('tools/call')).toBe(0);
  });

  it('of the server as a whole are told once', async () => {
    const home = await homeAt('http://127.0.0.1:1/mcp');
    const end = await run(['work', 'double', '--each', '-'], { home, input: numbers(5) });
    expect(end).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('a line that is no object', () => {
  it('of a file is told before anything is sent', async () => {
    const server = await doubling();
    for (const [bad, why] of [
      ['[1]', 'not an object with arguments'],
      ['{"n":', 'not JSON'],
    ]) {
      const path = file(`{"n":1}\n\n{"n":2}\n${bad}\n`);
      const end = await each(server, ['--each', path]);
      expect(end).toMatchObject({ code: 2, stdout: '' });
      expect(end.stderr).toContain(`error: --each (${path}): line 4: ${why}`);
    }
    expect(server.count('tools/call')).toBe(0);
  });

  it('of a pipe is told when it comes; what went before it was done', async () => {
    const server = await doubling();
    const end = await each(server, ['--json', '--each', '-'], { input: '{"n":1}\n{"n":2}\nthree\n' });
    expect(end.code).toBe(2);
    expect(linesOf(end)).toHaveLength(2);
    expect(errorOf(end).message).toMatch(/^--each \(stdin\): line 3: not JSON/);
  });
});

describe('an end before the end', () => {
  it('by ^C cancels what is under way, begins nothing new, and says how far it came', async () => {
    let held = () => {};
    const isOwnedElsewhere = new Promise<void>((resolve) => {
      held = resolve;
    });
    const server = await doubling(async (n) => {
      if (n < 3) return;
      held();
      await new Promise(() => {});
    });
    const handle = start(['work', 'double', '--each', '-'], {
      home: await homeAt(server.url),
      openStdin: true,
    });
    handle.write(numbers(10));
    await isOwnedElsewhere;
    handle.signal('SIGINT');
    const end = await handle.done;
    expect(end.code).toBe(130);
    expect(end.stderr).toContain('interrupted: 3 calls done; what was under way is cancelled');
    expect(linesOf(end)).toHaveLength(3);
    expect(server.count('tools/call')).toBe(4);
  });

  it('while it waits for input, too', async () => {
    const server = await doubling();
    const handle = start(['work', 'double', '--each', '-'], {
      home: await homeAt(server.url),
      openStdin: true,
    });
    handle.write(numbers(2));
    await handle.waitForStdout(/"index":1/);
    handle.signal('SIGTERM');
    expect(await handle.done).toMatchObject({ code: 143, stderr: expect.stringContaining('2 calls done') });
  });

  it('by --timeout is exit 124', async () => {
    const server = await doubling((n) => (n === 1 ? new Promise(() => {}) : Promise.resolve()));
    const end = await each(server, ['--timeout', '2s', '--each', '-'], { input: numbers(3) });
    expect(end).toMatchObject({ code: 124, stderr: expect.stringContaining('1 call done') });
  });

  it('by a reader that has gone begins nothing new', async () => {
    let go = () => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const server = await doubling((n) => (n === 1 ? gone : Promise.resolve()));
    const handle = start(['work', 'double', '--each', file(numbers(1_000))], {
      home: await homeAt(server.url),
    });
    await handle.waitForStdout(/"index":0/);
    handle.closeStdout();
    go();
    expect((await handle.done).code).toBe(0);
    expect(server.count('tools/call')).toBeLessThan(10);
  });
});

describe('in the background', () => {
  it('every line becomes a job of one batch', async () => {
    const server = await demoServer({ pollIntervalMs: 50 });
    const home = await homeWith(['--url', server.url]);
    const input = ndjson(['1.0', '2.0', '3.0'].map((version) => ({ version })));
    const words = ['work', 'deploy', '--duration', '0', '--each', '-', '--parallel', '2', '--background'];
    const end = await run(words, { home, input });
    expect(end.code).toBe(0);
    const tag = /tag: (batch:\S+)/.exec(end.stderr)?.[1] ?? '';
    const ids = linesOf(end).map(({ job_id }) => job_id);
    expect(new Set(ids).size).toBe(3);
    const listed = await run(['--json', 'work', 'jobs', 'list', '--tag', tag], { home });
    const jobs = JSON.parse(listed.stdout) as { job_id: string }[];
    expect(jobs.map((job) => job.job_id).sort()).toEqual([...ids].sort());
    expect(await run(['work', 'jobs', 'wait', ...(ids as string[])], { home })).toMatchObject({ code: 0 });
  });
});

it('flags that mean nothing are refused', async () => {
  const server = await doubling();
  const home = await homeAt(server.url);
  for (const [words, why] of [
    [['--n', '1', '--parallel', '2'], '--parallel needs --each'],
    [['--each', '-', '--parallel', '0'], '--parallel: not a whole number from 1 to 1000: "0"'],
    [['--each', '-', '--save', '.'], '--save and --each cannot be used together'],
    [['--each', '-', '--args', '-'], '--args and --each cannot both read stdin'],
    [['--each', '/nowhere/at/all'], '--each: no such file: /nowhere/at/all'],
  ] as const) {
    const end = await each(server, words, { home, input: '' });
    expect(end).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`error: ${why}`) });
  }
  expect(server.count('tools/call')).toBe(0);
});
