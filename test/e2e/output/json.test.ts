/** `--json`: stdout always parses or is empty, errors are one JSON line on stderr, and --verbose changes no byte of stdout. */
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../support/cli.ts';
import { run } from '../../support/cli.ts';
import { freePort } from '../../support/free-port.ts';
import { connect } from '../../support/mcp-client.ts';
import { demoServer } from '../../support/servers.ts';
import { workAt } from '../../support/work.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents are looked at field by field, and a wrong path fails the test
type Document = any;

function documents(text: string): Document[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The one document of a run that must have succeeded. */
function document({ code, stdout }: RunResult): Document {
  expect(code).toBe(0);
  const all = documents(stdout);
  expect(all).toHaveLength(1);
  return all[0];
}

describe('every command', () => {
  /** Words after `mcp2cli`, the envelope's `app_id` and `command`, and a look at its data. */
  const COMMANDS: [words: string, appId: string, command: string, data: object][] = [
    ['version', 'mcp2cli', 'version', { version: expect.any(String) }],
    ['instances list', 'mcp2cli', 'instances list', { items: [expect.objectContaining({ name: 'work' })] }],
    ['instances show work', 'work', 'instances show', { name: 'work', url: expect.any(String) }],
    ['instances add more --url http://x/', 'more', 'instances add', { name: 'more', url: 'http://x/' }],
    ['instances use more', 'more', 'instances use', { name: 'more', active: true }],
    ['instances remove more', 'more', 'instances remove', { name: 'more' }],
    ['link work --dir bin', 'work', 'link', { name: 'work', path: expect.stringMatching(/bin\/work$/) }],
    ['demo status', 'mcp2cli', 'demo status', { running: false }],
    ['demo stop', 'mcp2cli', 'demo stop', { stopped: false }],
    ['work ls', 'work', 'ls', { items: expect.any(Array) }],
    ['work refresh', 'work', 'refresh', { items: expect.any(Array) }],
    ['work echo --message hi', 'work', 'echo', { content: [{ type: 'text', text: 'hi' }] }],
    ['work call echo --message hi', 'work', 'echo', { content: [{ type: 'text', text: 'hi' }] }],
    ['instances --help', 'mcp2cli', 'help', { text: expect.stringContaining('Commands:') }],
    ['link --help', 'mcp2cli', 'help', { text: expect.stringContaining('--dir <DIR>') }],
    ['work --help', 'work', 'help', { text: expect.stringContaining('deploy') }],
    ['work jobs wait --help', 'work', 'help', { text: expect.stringContaining('--latest') }],
    ['work deploy --help', 'work', 'help', { id: 'deploy', name: 'deploy' }],
    ['work export --dataset a --background', 'work', 'export', { capability: 'export', session: {} }],
    ['work jobs wait --latest', 'work', 'jobs wait', { status: 'completed', result: { content: [{}] } }],
    [
      'work jobs show --latest',
      'work',
      'jobs show',
      { status: 'completed', remote: { status: 'completed' } },
    ],
    ['work jobs cancel --latest', 'work', 'jobs cancel', { status: 'completed' }],
    ['work jobs watch --latest', 'work', 'jobs watch', { status: 'completed', result: {} }],
  ];

  it('prints one envelope, the same with --verbose', async () => {
    const { home } = await workAt((await demoServer({ speed: 50 })).url);
    for (const [line, app_id, command, data] of COMMANDS) {
      const words = line.split(' ');
      const end = await run([...words, '--json'], { home });
      // `demo status` tells by its code that nothing runs.
      expect.soft({ line, code: end.code }).toEqual({ line, code: line === 'demo status' ? 1 : 0 });
      const [envelope, ...more] = documents(end.stdout);
      expect.soft(more, line).toEqual([]);
      expect.soft(Object.keys(envelope), line).toEqual(['app_id', 'command', 'summary', 'data']);
      expect.soft(envelope, line).toMatchObject({ app_id, command, summary: expect.any(String), data });
      // What a command changes it cannot do twice; of the others no byte may differ.
      if (/ add | remove |--background/.test(line)) continue;
      const verbose = await run(['--verbose', '--json', ...words], { home });
      expect.soft(verbose.stdout, line).toBe(end.stdout);
    }
  });

  it('in human form, too, --verbose speaks on stderr alone', async () => {
    const work = await workAt((await demoServer({ speed: 50 })).url);
    await work.submit('flaky-import --source db');
    for (const line of ['ls', 'echo --message hi', 'jobs wait --latest', 'jobs show --latest', 'jobs list']) {
      const quietly = await work.run(line);
      const verbose = await work.run(`--verbose ${line}`);
      expect({ line, ...verbose, stderr: '' }).toEqual({ line, ...quietly, stderr: '' });
      if (line.startsWith('echo')) expect(verbose.stderr).toMatch(/POST \/mcp/);
    }
  });
});

it('ls: the definitions of the server, verbatim', async () => {
  const { url } = await demoServer();
  const { client } = await connect(url);
  const { tools } = await client.listTools();
  await client.close();
  const work = await workAt(url);
  const items = tools.map((tool) => ({ id: tool.name, kind: 'tool', ...tool }));
  expect((await work.json('ls')).data.items).toEqual(items);
  expect(documents((await work.run('ls -o ndjson')).stdout)).toEqual(items);
});

it('jobs list: a bare array of records without results; -o ndjson a record a line', async () => {
  const work = await workAt((await demoServer({ speed: 50 })).url);
  expect(await work.json('jobs list')).toEqual([]);
  expect(await work.run('jobs list -o ndjson')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const ids = [await work.submit('export --dataset a'), await work.submit('flaky-import --source db')];
  await work.run(`jobs wait ${ids.join(' ')}`);
  const jobs = await work.json('jobs list');
  expect(jobs.map(({ job_id, status }: Document) => [job_id, status])).toEqual([
    [ids[1], 'failed'],
    [ids[0], 'completed'],
  ]);
  for (const job of jobs) expect(job).not.toHaveProperty('result');
  expect(documents((await work.run('-o ndjson jobs list')).stdout)).toEqual(jobs);
  for (const line of ['jobs --json list', 'jobs list --json', 'jobs list -o json', '--output=json jobs list'])
    expect(document(await work.run(line))).toEqual(jobs);
  // The same records as one by one, but for the result.
  const { result, ...shown } = (await work.json(`jobs show ${ids[0]}`)).data;
  expect(result).toBeDefined();
  expect(shown).toEqual(jobs[1]);
});

it('jobs wait: several jobs are an array; -o ndjson an envelope a line', async () => {
  const work = await workAt((await demoServer({ speed: 50 })).url);
  const ids = [await work.submit('export --dataset a'), await work.submit('export --dataset b')];
  const all = document(await work.run(`--json jobs wait ${ids.join(' ')}`));
  expect(all.data.map((job: Document) => job.job_id)).toEqual(ids);
  const lines = documents((await work.run(`-o ndjson jobs wait ${ids.join(' ')}`)).stdout);
  expect(lines.map((line) => line.data)).toEqual(all.data);
});

it.each(['tasks-2025-11-25', 'meta-task'] as const)(
  'jobs watch: a document for each change, the last one terminal: %s',
  async (dialect) => {
    const work = await workAt((await demoServer({ dialect, speed: 1.5 })).url);
    const id = await work.submit('deploy --version 2.0');
    const { code, stdout, stderr } = await work.run(`--json jobs watch ${id}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const seen = documents(stdout);
    expect(seen.length).toBeGreaterThan(2);
    for (const one of seen)
      expect(one).toMatchObject({ app_id: 'work', command: 'jobs watch', data: { job_id: id } });
    for (const { data } of seen.slice(0, -1)) {
      expect(data.status).toMatch(/^(queued|running)$/);
      expect(data).not.toHaveProperty('result');
    }
    expect(seen.at(-1).data).toMatchObject({ status: 'completed', result: { content: [{}] } });
  },
);

describe('errors', () => {
  /** Lines that fail, with the error's code and exit code. */
  const FAILING: [line: string, code: string, exit: number][] = [
    ['no-such-tool', 'unknown_tool', 2],
    ['deploy', 'invalid_arguments', 2],
    ['deploy --no-such-flag', 'usage', 2],
    ['deploy --version 2 --timeout soon', 'usage', 2],
    ['jobs', 'usage', 2],
    ['jobs frobnicate', 'usage', 2],
    ['jobs show', 'usage', 2],
    ['jobs show --latest', 'unknown_job', 2],
    ['jobs wait job_0', 'unknown_job', 2],
    ['protocol-error', 'rpc_error', 1],
    ['provision --name web', 'input_required', 8],
    ['countdown --seconds 60 --timeout 300ms', 'timeout', 124],
  ];

  it('are one JSON line on stderr, wherever --json stands', async () => {
    const work = await workAt((await demoServer({ speed: 20 })).url);
    for (const [line, code, exit] of FAILING)
      for (const words of [`--json ${line}`, `${line} --json`, `${line} -o json`]) {
        const end = await work.run(words);
        expect.soft({ words, code: end.code, stdout: end.stdout }).toEqual({ words, code: exit, stdout: '' });
        const last = end.stderr.trimEnd().split('\n').at(-1) ?? '';
        expect.soft(last, words).toMatch(/^\{"error":/);
        if (!last.startsWith('{')) continue;
        const { error, ...rest } = JSON.parse(last);
        expect.soft(rest).toEqual({});
        expect.soft(error, words).toMatchObject({ code, message: expect.any(String), exit_code: exit });
      }
  });

  it('of the program itself', async () => {
    const { home } = await workAt(`http://127.0.0.1:${await freePort()}/mcp`);
    for (const [line, code, exit] of [
      ['nowhere ls', 'unknown_command', 2],
      ['instances show nowhere', 'unknown_instance', 2],
      ['instances add', 'usage', 2],
      ['-i nowhere ls', 'unknown_instance', 2],
      ['work ls', 'unreachable', 3],
      ['--no-such-flag', 'usage', 2],
    ] as const) {
      const end = await run(['--json', ...line.split(' ')], { home });
      expect.soft({ line, code: end.code, stdout: end.stdout }).toEqual({ line, code: exit, stdout: '' });
      expect
        .soft(documents(end.stderr), line)
        .toEqual([
          { error: expect.objectContaining({ code, message: expect.any(String), exit_code: exit }) },
        ]);
    }
  });

  it('a tool that failed has its answer on stdout all the same', async () => {
    const work = await workAt((await demoServer({ speed: 50 })).url);
    const { code, stdout, stderr } = await work.run('--json flaky-import --source db');
    expect({ code, stderr: stderr.replace(/^progress: .*\n/gm, '') }).toEqual({ code: 1, stderr: '' });
    expect(documents(stdout)).toMatchObject([{ command: 'flaky-import', data: { isError: true } }]);
    const id = await work.submit('flaky-import --source db');
    const waited = await work.run(`--json jobs wait ${id}`);
    expect(waited).toMatchObject({ code: 1, stderr: '' });
    expect(documents(waited.stdout)).toMatchObject([
      { data: { status: 'failed', result: { isError: true }, error: { code: 'tool_error' } } },
    ]);
  });
});
