/** What runs in this program may be tried again when that was asked for: how often, when, and what is never tried again. */
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { dataOf, submitted } from '../../support/instance.ts';
import { keeperHome, STDIO_COMMAND } from '../../support/keeper.ts';
import { watchedServer, workAt } from '../../support/work.ts';

interface Log {
  entries: { time: string; text: string }[];
}

async function logOf(home: string): Promise<Log['entries']> {
  return dataOf<Log>(await run(['work', '--json', 'jobs', 'logs', '--latest'], { home })).entries;
}

const FAST = ['--retry-backoff', '100ms'];

describe('--retries', () => {
  it('tries a failed call again, in the foreground and in the background, and counts', async () => {
    for (const how of [[], ['--background'], ['--detach']]) {
      const home = await keeperHome(STDIO_COMMAND);
      const words = ['work', 'flaky', '--failures', '2', '--retries', '5', ...FAST, ...how];
      expect(await run(words, { home })).toMatchObject({ code: 0 });
      expect(await run(['work', 'jobs', 'wait', '--latest'], { home })).toMatchObject({
        code: 0,
        stdout: 'call 3\n',
      });
      const shown = await run(['work', '--json', 'jobs', 'show', '--latest'], { home });
      expect(dataOf(shown)).toMatchObject({ status: 'completed', attempt: 3, backend: 'local' });
      expect((await logOf(home)).map(({ text }) => text)).toEqual([
        'attempt 1 of 5',
        'attempt 1: failed: the tool reported an error',
        'attempt 2 of 5',
        'attempt 2: failed: the tool reported an error',
        'attempt 3 of 5',
        'attempt 3: completed',
      ]);
    }
  });

  it('waits as the formula says: min(backoff x multiplier^(n-1), maximum)', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const pauses = ['--retry-backoff', '200ms', '--retry-multiplier', '3', '--retry-max-backoff', '1s'];
    const words = ['work', 'flaky', '--failures', '9', '--retries', '4', ...pauses, '--background'];
    expect(await run(words, { home })).toMatchObject({ code: 1 });
    const times = (await logOf(home)).map(({ time }) => Date.parse(time));
    // From the end of an attempt to the beginning of the next.
    const waited = [1, 3, 5].map((i) => (times[i + 1] ?? 0) - (times[i] ?? 0));
    for (const [i, wanted] of [200, 600, 1_000].entries()) {
      expect(waited[i]).toBeGreaterThanOrEqual(wanted - 5);
      // What a busy machine adds.
      expect(waited[i]).toBeLessThan(wanted + 30_000);
    }
  });

  it("is once without a word, and the last failure is the job's", async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const once = await run(['work', 'flaky', '--failures', '1', '--background'], { home });
    expect(once.code).toBe(1);
    expect((await logOf(home)).map(({ text }) => text)[0]).toBe('attempt 1 of 1');
    const failed = await run(['work', 'flaky', '--failures', '9', '--retries', '2', ...FAST], { home });
    expect(failed).toMatchObject({ code: 1, stdout: 'call 2\n' });
  });

  it('does not repeat what the server refuses as wrong, nor what breaks its own output', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const wrong = [
      'work',
      'typed',
      '--content',
      '{"rows":"many"}',
      '--retries',
      '3',
      ...FAST,
      '--background',
    ];
    const { code, stderr } = await run(wrong, { home });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `the result breaks the tool's outputSchema: rows: must be an integer (given "many")`,
    );
    expect(await logOf(home)).toHaveLength(2);
    const shown = await run(['work', '--json', 'jobs', 'show', '--latest'], { home });
    expect(dataOf(shown)).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'invalid_output' } });
    const unchecked = [...wrong, '--no-output-check'];
    expect(await run(unchecked, { home })).toMatchObject({ code: 0 });
  });

  it('ends with a cancellation, between attempts too', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    const words = ['work', 'flaky', '--failures', '9', '--retries', '9', '--retry-backoff', '1m', '--detach'];
    const id = await submitted(home, words);
    await expect.poll(async () => (await logOf(home)).length).toBe(2);
    expect(await run(['work', 'jobs', 'cancel', id], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled\n/),
    });
    expect(await logOf(home)).toHaveLength(2);
  });

  it('is refused with what it cannot be', async () => {
    const home = await keeperHome(STDIO_COMMAND);
    for (const [words, message] of [
      [['--retries', '0'], /--retries: not a whole number from 1 to 1000: "0"/],
      [['--retries', 'many'], /--retries: not a whole number/],
      [['--retry-backoff', '1s'], /--retry-backoff needs --retries/],
      [['--retries', '2', '--retry-multiplier', '0.5'], /--retry-multiplier: not a number from 1/],
    ] as const)
      expect(await run(['work', 'flaky', '--failures', '0', ...words], { home })).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
  });
});

it('--timeout is the limit of an attempt, which is cancelled at the server and counts', async () => {
  const server = await watchedServer({ dialect: 'plain', speed: 1 });
  const work = await workAt(server.url);
  const words =
    'deploy --version 2 --duration 60 --retries 2 --retry-backoff 100ms --timeout 1s --background';
  const { code, stderr } = await work.run(words);
  expect(code).toBe(124);
  expect(stderr).toMatch(/did not end within 1 s, and was cancelled/);
  expect(server.stats.calls).toEqual({ deploy: 2 });
  await expect.poll(() => server.stats.cancelledCalls).toBe(2);
  expect(await work.json('jobs show --latest')).toMatchObject({
    data: { status: 'failed', attempt: 2, error: { code: 'timeout' } },
  });
});

it('a run whose process is killed is lost, and nobody tries it again', async () => {
  const server = await watchedServer({ dialect: 'plain', speed: 1 });
  const work = await workAt(server.url);
  const words = 'deploy --version 2 --duration 60 --retries 5 --retry-backoff 100ms --background';
  const running = work.start(words);
  await server.received('tools/call');
  running.signal('SIGKILL');
  await running.done;
  for (const command of [
    'jobs show --latest',
    'jobs wait --latest',
    'jobs list --refresh',
    'jobs watch --latest',
  ])
    await work.run(command);
  expect(await work.json('jobs show --latest')).toMatchObject({
    data: { status: 'lost', attempt: 1, error: { code: 'holder_gone' } },
  });
  expect(server.stats.calls).toEqual({ deploy: 1 });
});

it('jobs logs -f goes on until the job ends', async () => {
  const home = await keeperHome(STDIO_COMMAND);
  await submitted(home, [
    'work',
    'flaky',
    '--failures',
    '1',
    '--retries',
    '2',
    '--retry-backoff',
    '1s',
    '--detach',
  ]);
  const log = start(['work', 'jobs', 'logs', '--latest', '-f'], { home });
  await log.waitForStdout(/attempt 1: failed/);
  const { code, stdout } = await log.done;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\S+Z {2}attempt 1 of 2\n[\s\S]* {2}attempt 2: completed\n$/);
});
