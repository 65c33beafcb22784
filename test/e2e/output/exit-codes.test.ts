/** Exit codes that the command line, the work, and the machine come to. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eachInItsProcess, run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { launchers, shell } from '../../support/launcher.ts';
import { rpcError, watchedServer, workAt } from '../../support/work.ts';

const DIALECTS = ['tasks-2025-11-25', 'meta-task'] as const;

describe('1: the work ended otherwise', () => {
  eachInItsProcess();

  it.each(DIALECTS)('a failed job: %s', async (dialect) => {
    const work = await workAt((await watchedServer({ dialect, speed: 20 })).url);
    const id = await work.submit('flaky-import --source db');
    for (const command of [`jobs wait ${id}`, `jobs watch ${id}`])
      expect(await work.run(command)).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/(^|\n)Import from db failed: connection reset after 412 rows\n$/),
        stderr: 'error: flaky-import failed\n',
      });
    // Showing is not the work: it succeeds, unless it is asked for the outcome.
    expect(await work.run(`jobs show ${id}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: failed/),
    });
    expect(await work.run(`jobs show ${id} --exit-status`)).toMatchObject({ code: 1, stderr: '' });
  });

  it('one of several jobs failed', async () => {
    const work = await workAt((await watchedServer({ speed: 20 })).url);
    const bad = await work.submit('flaky-import --source db');
    const good = await work.submit('export --dataset full');
    expect(await work.run(`jobs wait ${bad} ${good}`)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^Import from db failed: .*\nExported .*\n$/),
      stderr: `${bad}: failed\nerror: flaky-import failed\n${good}: completed\n`,
    });
  });

  it('a canceled job', async () => {
    const work = await workAt((await watchedServer({ speed: 0.1 })).url);
    const id = await work.submit('deploy --version 2.0');
    expect(await work.run(`jobs cancel ${id}`)).toMatchObject({ code: 0, stderr: '' });
    for (const command of [`jobs wait ${id}`, `jobs watch ${id}`])
      expect(await work.run(command)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^error: deploy was canceled: .*\n$/),
      });
    expect(await work.run(`jobs show ${id} --exit-status`)).toMatchObject({ code: 1, stderr: '' });
  });
});

describe('2: the line that was typed', () => {
  const LINES: [line: string, stderr: RegExp][] = [
    ['deplyo --version 2.0', /^error: work has no tool "deplyo"\nhint: did you mean deploy/],
    ['call nothing-like-it', /^error: work has no tool "nothing-like-it"\nhint: see: mcp2cli work ls\n$/],
    ['call', /^error: which tool\?/],
    ['deploy --verison 2.0', /^error: unknown flag --verison \(did you mean --version\?\)\n/],
    ['deploy', /^error: missing required --version\nhint: see: mcp2cli work deploy --help\n$/],
    ['deploy --version 2.0 --environment moon', /^error: .*--environment.*staging.*production/],
    ['deploy --version 2.0 --duration soon', /^error: .*--duration.*\n/],
    ['deploy --version 2.0 --timeout soon', /^error: --timeout: not a duration: "soon"\n/],
    ['deploy --args {', /^error: --args.*JSON/],
    ['-o xml ls', /^error: .*xml/],
    ['jobs', /Commands:/],
    ['jobs pause', /^error: .*pause/],
    ['jobs list --frist', /^error: .*--frist/],
    ['jobs list --limit none', /^error: --limit: /],
    ['jobs list --status done', /^error: --status: not a status: "done"\nhint: one of queued, /],
    ['jobs show', /^error: which job\?.*--latest\n/],
    ['jobs wait', /^error: which job\?.*--latest\n/],
    ['jobs cancel', /^error: which job\?.*--latest\n/],
    ['jobs watch', /^error: which job\?.*--latest\n/],
    ['jobs show --latest', /^error: there are no jobs yet\n/],
    ['jobs show job_000', /^error: no job "job_000" at work\nhint: see: mcp2cli work jobs list\n$/],
    ['jobs wait ../../etc', /^error: .*job/],
    ['jobs cancel job_000 --latest', /^error: a job id and --latest cannot be used together/],
    ['jobs show job_000 job_001', /^error: .*argument/],
  ];

  it('nothing of it reaches a tool', async () => {
    const server = await watchedServer();
    const work = await workAt(server.url);
    const ends = [];
    for (const [line, stderr] of LINES) {
      const end = await work.run(line);
      ends.push([line, end.code, end.stdout, end.stderr]);
      expect.soft([line, end.code, end.stdout]).toEqual([line, 2, '']);
      expect.soft(end.stderr, line).toMatch(stderr);
    }
    expect(ends).toHaveLength(LINES.length);
    expect(server.stats.calls).toEqual({});
  });

  it('unknown instances and commands', async () => {
    const { home } = await workAt('http://127.0.0.1:9/mcp');
    for (const [words, stderr] of [
      [['wrok', 'ls'], /^error: no command or instance "wrok"\nhint: did you mean work\?\n$/],
      [['-i', 'nowhere', 'ls'], /^error: no instance "nowhere"/],
      [
        ['instances', 'show', 'nowhere'],
        /^error: no instance "nowhere"\nhint: see: mcp2cli instances list\n$/,
      ],
      [['instances', 'add', 'work', '--url', 'http://x/'], /^error: instance work exists already\n/],
      [['instances', 'add', 'jobs', '--url', 'http://x/'], /^error: .*jobs/],
      [['ls'], /^error: ls is a command of an instance, and none is named or active\n/],
      [['--url', 'nonsense', 'ls'], /^error: not a URL: nonsense\n/],
      // A server that is named twice, or too late: nothing goes to either.
      [
        ['work', '-i', 'other', 'jobs', 'list'],
        /^error: two servers are named: work, .*\nhint: name one: mcp2cli work jobs list; mcp2cli --instance other jobs list\n$/,
      ],
      [['work', '--url', 'http://x/', 'ls'], /^error: two servers are named: work, and one by --url\n/],
      [
        ['jobs', 'list', '-i', 'work'],
        /^error: jobs is .*\nhint: which server is said before the command: mcp2cli -i work jobs list\n$/,
      ],
      [
        ['work', 'jobs', 'list', '--instance=other', '--all'],
        /^error: unknown option .*\nhint: which server is said before the command: mcp2cli --instance=other jobs list --all\n$/,
      ],
    ] as const) {
      const { code, stdout, stderr: said } = await run(words, { home });
      expect.soft([words, code, stdout]).toEqual([words, 2, '']);
      expect.soft(said).toMatch(stderr);
    }
  });

  it('a prefix that means two jobs', async () => {
    const work = await workAt((await watchedServer({ speed: 50 })).url);
    const one = await work.submit('export --dataset a');
    const two = await work.submit('export --dataset b');
    const { code, stdout, stderr } = await work.run('jobs show job_0');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: .*"job_0".*\n/);
    expect(stderr).toContain(one);
    expect(stderr).toContain(two);
    // As short as it can be while it means one of them.
    const short = [...one].findIndex((char, i) => char !== two[i]) + 1;
    expect(await work.run(`jobs show ${one.slice(0, short)}`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`job: ${one}\n`),
    });
  });
});

describe('5: what the server cannot do', () => {
  eachInItsProcess();

  it.each(DIALECTS)('a server that cannot cancel: %s', async (dialect) => {
    const server = await watchedServer({ dialect, speed: 2 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    server.answerWith(rpcError('tasks/cancel', -32601, 'Method not found'));
    expect(await work.run(`jobs cancel ${id}`)).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/^error: the server cannot cancel tasks\n/),
    });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0 });
  });
});

describe('8: not finished', () => {
  eachInItsProcess();

  it('show --exit-status on a live job', async () => {
    const work = await workAt((await watchedServer({ speed: 0.1 })).url);
    await work.submit('deploy --version 2.0');
    expect(await work.run('jobs show --latest --exit-status')).toMatchObject({
      code: 8,
      stdout: expect.stringMatching(/^status: running, /),
      stderr: '',
    });
  });

  it.each(DIALECTS)('input is required and there is no terminal: %s', async (dialect) => {
    const work = await workAt((await watchedServer({ dialect, speed: 20 })).url);
    const id = await work.submit('provision --name web');
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 8,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `^error: ${id} waits for input: Where should web run\\?\\nhint: .*: mcp2cli work jobs wait ${id}\\n$`,
        ),
      ),
    });
    expect(await work.run('jobs show --latest --exit-status')).toMatchObject({
      code: 8,
      stdout: expect.stringMatching(/^status: input_required, /),
    });
  });

  it('a foreground call that asks, without a terminal', async () => {
    const server = await watchedServer({ speed: 20 });
    const work = await workAt(server.url);
    const { code, stdout, stderr } = await work.run('provision --name web');
    expect({ code, stdout, stderr }).toEqual({
      code: 8,
      stdout: '',
      stderr: expect.stringMatching(/error: .*Where should web run\?\nhint: .*terminal.*\n$/),
    });
    await expect.poll(() => server.stats.cancelledCalls).toBe(1);
  });
});

describe('74: the machine', () => {
  eachInItsProcess();

  it('a data root that cannot be: nothing is sent', async () => {
    const server = await watchedServer();
    const home = freshHome();
    writeFileSync(join(home, 'file'), '');
    const env = { MCP2CLI_HOME: join(home, 'file', 'data') };
    for (const words of [
      ['instances', 'add', 'work', '--url', server.url],
      ['instances', 'list'],
      ['--url', server.url, 'deploy', '--version', '2.0', '--background'],
    ]) {
      const { code, stdout, stderr } = await run(words, { home, env });
      expect({ words, code, stdout }).toEqual({ words, code: 74, stdout: '' });
      expect(stderr).toMatch(/(^|\n)error: .*file\/data.*\n/);
    }
    expect(server.stats.calls).toEqual({});
  });

  it('an answer that cannot be written', async () => {
    const { home } = await workAt('http://127.0.0.1:9/mcp');
    const bin = launchers();
    for (const command of ['instances list', '--json instances list', '--version', '--help'])
      expect(await shell(`mcp2cli ${command} > /dev/full`, { home, bin })).toMatchObject({
        code: 74,
        stderr: expect.stringMatching(/cannot write the output: .*ENOSPC/),
      });
  });
});
