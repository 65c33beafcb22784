/** Every command line, every jq expression and the script of the reference document, run as they stand there under bash. */
import { describe, expect, it } from 'vitest';
import type { Handle, RunResult } from './cli.ts';
import { launchers, startShell } from './launcher.ts';
import { commandOf, processesWith } from './processes.ts';
import { commands, section } from './reference.ts';
import { type WatchedServer, type Work, watchedServer, workAt } from './work.ts';

type Dialect = 'tasks-2025-11-25' | 'meta-task';

const ID = 'job_[0-9a-hjkmnp-tv-z]{26}';
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
const SUBMITTED = new RegExp(`^Job submitted: (${ID}) \\(task: (\\S+)\\)\\n$`);
const DEPLOYED = 'Deployed version 2.0 to staging\n';

/** The statuses that a task of `deploy` has while it runs, as `status, remote status`. */
const RUNNING: Record<Dialect, RegExp> = {
  'tasks-2025-11-25': /^status: running, remote status: working\n/,
  'meta-task': /^status: (queued|running), remote status: \1\n/,
};

interface CommandServer {
  server: WatchedServer;
  work: Work;
  /** Runs a line of the document in bash, with `work` and `jq` in the PATH. */
  line(text: string, env?: Record<string, string>): Promise<RunResult>;
  /** Starts it. */
  start(text: string, env?: Record<string, string>): Handle;
}

async function commandServer(dialect: Dialect, speed: number): Promise<CommandServer> {
  const server = await watchedServer({ dialect, speed });
  const work = await workAt(server.url);
  const bin = launchers('work');
  const start = (text: string, env?: Record<string, string>) =>
    startShell(text, { home: work.home, bin, env });
  return { server, work, start, line: (text, env) => start(text, env).done };
}

/** A command that must succeed and say nothing beside its answer. */
async function answer({ line }: CommandServer, text: string): Promise<string> {
  const { code, stdout, stderr } = await line(text);
  expect({ text, code, stderr }).toEqual({ text, code: 0, stderr: '' });
  return stdout;
}

/** Submits as the document does; the job's id. */
async function submit(commandServer: CommandServer, text: string): Promise<string> {
  const [, id = ''] = SUBMITTED.exec(await answer(commandServer, text)) ?? [];
  expect(id).not.toBe('');
  return id;
}

/** Declares the tests of the document against a demo server that speaks `dialect`. */
export function referenceTests(dialect: Dialect): void {
  it('Overview: submits, shows, waits', async () => {
    // So slow that it still runs when a busy machine has submitted it and shows it.
    const here = await commandServer(dialect, 0.3);
    const [deploy = '', show = '', wait = ''] = commands('Overview');
    const id = await submit(here, deploy);
    expect(await answer(here, show)).toMatch(RUNNING[dialect]);
    expect(await answer(here, wait)).toBe(DEPLOYED);
    expect(await answer(here, show)).toMatch(/^status: completed, remote status: completed\n/);
    expect(await here.work.stored(id)).toMatchObject({
      job_id: id,
      remote_task_id: expect.any(String),
      capability: 'deploy',
      arguments: { version: '2.0' },
      status: 'completed',
      created_at: expect.any(String),
      updated_at: expect.any(String),
      backend: dialect,
    });
    // "How It Works": one tools/call, tasks/get for show, tasks/result for wait.
    const call = await here.server.received('tools/call');
    expect((call.body as { params: unknown }).params).toMatchObject({ _meta: { task: true } });
    expect(here.server.stats.requests).toMatchObject({
      'tools/call': 1,
      'tasks/get': expect.any(Number),
      'tasks/result': expect.any(Number),
    });
  });

  it('The --background Flag, List Jobs, Show Job Details, Wait for Completion, Watch Job Progress', async () => {
    const here = await commandServer(dialect, 20);
    const ids: string[] = [];
    for (const command of commands('The --background Flag')) ids.push(await submit(here, command));
    const [deploy = '', exported = '', batch = ''] = ids;

    const list = await answer(here, commands('List Jobs').join('\n'));
    const row = (id: string, tool: string) => `${id}  ${tool}  (queued|running|completed)  \\S+  ${TIME}\\n`;
    expect(list).toMatch(
      new RegExp(`^${row(batch, 'batch-process')}${row(exported, 'export')}${row(deploy, 'deploy')}$`),
    );

    const [waitOne = '', waitLatest = ''] = commands('Wait for Completion', deploy);
    expect(await answer(here, waitOne)).toBe(DEPLOYED);
    expect(await answer(here, waitLatest)).toBe('Processed 800 rows of data.csv\n');

    const [showOne = '', showLatest = ''] = commands('Show Job Details', deploy);
    expect(await answer(here, showOne)).toMatch(new RegExp(`^status: completed, .*\\njob: ${deploy}\\n`));
    expect(await answer(here, showLatest)).toMatch(new RegExp(`^status: completed, .*\\njob: ${batch}\\n`));

    const [watchOne = '', watchLatest = ''] = commands('Watch Job Progress', exported);
    expect(await answer(here, watchOne)).toMatch(/Exported \d+ records of full as parquet\n$/);
    expect(await answer(here, watchLatest)).toMatch(/Processed 800 rows of data.csv\n$/);
  });

  it('Watch Job Progress: a line for each change while it runs', async () => {
    // Ten seconds of deploy: on a busy machine it must not be over before it is watched.
    const here = await commandServer(dialect, 0.5);
    const id = await submit(here, 'work deploy --version 2.0 --background');
    const watched = await answer(here, commands('Watch Job Progress', id)[0] ?? '');
    const lines = watched.split('\n');
    expect(lines.slice(-2)).toEqual([DEPLOYED.trim(), '']);
    const changes = lines.slice(0, -2);
    expect(changes.length).toBeGreaterThan(1);
    for (const change of changes) expect(change).toMatch(new RegExp(`^${id}  (queued|running)`));
  });

  it('Cancel a Job: by id, and the latest', async () => {
    const here = await commandServer(dialect, 0.1);
    const first = await submit(here, 'work deploy --version 2.0 --background');
    await submit(here, 'work export --dataset full --background');
    const [cancelOne = '', cancelLatest = ''] = commands('Cancel a Job', first);
    expect(await answer(here, cancelOne)).toMatch(/^status: canceled, remote status: cancell?ed\n/);
    expect(await answer(here, cancelLatest)).toMatch(/^status: canceled, remote status: cancell?ed\n/);
    expect(here.server.stats).toMatchObject({ cancelledTasks: 2, requests: { 'tasks/cancel': 2 } });
  });

  it('JSON Output: all three jq expressions', async () => {
    const here = await commandServer(dialect, 20);
    const [list = '', show = '', wait = ''] = commands('JSON Output');
    await submit(here, 'work deploy --version 2.0 --background');
    await submit(here, 'work export --dataset full --background');
    const result = JSON.parse(await answer(here, wait));
    expect(result).toMatchObject({ content: [{ type: 'text', text: expect.stringMatching(/^Exported/) }] });
    expect(await answer(here, list)).toMatch(/^"completed"\n"(queued|running|completed)"\n$/);
    expect(JSON.parse(await answer(here, show))).toMatchObject({ status: 'completed' });
  });

  it('Parallel Background Operations: three jobs, all of them listed', async () => {
    const here = await commandServer(dialect, 20);
    const output = await answer(here, section('Parallel Background Operations'));
    const lines = output.trimEnd().split('\n');
    const ids = lines.slice(0, 3).map((line) => SUBMITTED.exec(`${line}\n`)?.[1]);
    expect(lines.slice(3).map((line) => line.split('  ')[0])).toEqual([...ids].reverse());
    const datasets = (await here.work.json('jobs list')).map((job: { arguments: unknown }) => job.arguments);
    expect(datasets).toEqual([{ dataset: 'analytics' }, { dataset: 'orders' }, { dataset: 'users' }]);
  });

  describe('CI/CD Deployment Pipeline', () => {
    const script = section('CI/CD Deployment Pipeline');

    it('waits for the deployment and says that it is complete', async () => {
      const here = await commandServer(dialect, 20);
      expect(await here.line(script, { VERSION: '2.0' })).toEqual({
        code: 0,
        signal: null,
        stdout: expect.stringMatching(
          new RegExp(`^Deployment submitted: ${ID}\\n${DEPLOYED}Deployment complete\\n$`),
        ),
        stderr: '',
      });
      expect(here.server.stats.calls).toEqual({ deploy: 1 });
    });

    it('cancels a deployment that takes too long', async () => {
      const here = await commandServer(dialect, 0.1);
      const pipeline = here.start(script, { VERSION: '2.0' });
      await here.server.received('tasks/result');
      // Its alarm is how timeout(1) learns that the ten minutes are over.
      const clocks = processesWith(`HOME=${here.work.home}\0`).filter((pid) =>
        /^timeout\0/.test(commandOf(pid)),
      );
      expect(clocks).toHaveLength(1);
      for (const pid of clocks) process.kill(pid, 'SIGALRM');
      const { code, stdout, stderr } = await pipeline.done;
      const [, id = ''] = new RegExp(`^Deployment submitted: (${ID})\\n`).exec(stdout) ?? [];
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: expect.stringMatching(
          new RegExp(`^Deployment submitted: ${id}\\nDeployment timed out\\nstatus: canceled, `),
        ),
        stderr: expect.stringMatching(
          new RegExp(`^error: stopped waiting; .*\\nhint: .* jobs wait ${id}\\n$`),
        ),
      });
      expect(here.server.stats.cancelledTasks).toBe(1);
      expect(await here.work.stored(id)).toMatchObject({ status: 'canceled' });
    });

    it('fails with a deployment that fails', async () => {
      const here = await commandServer(dialect, 20);
      here.server.answerWith(({ rpcMethod, body }) => {
        // What is deployed turns out to be something that always fails.
        if (rpcMethod === 'tools/call')
          Object.assign((body as { params: object }).params, {
            name: 'flaky-import',
            arguments: { source: 'v2' },
          });
        return false;
      });
      const { code, stdout, stderr } = await here.line(script, { VERSION: '2.0' });
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: expect.stringMatching(
          /^Deployment submitted: job_\w+\nImport from v2 failed: .*\nDeployment timed out\nstatus: failed, /,
        ),
        stderr: 'error: deploy failed\nnothing to cancel: the job had ended (failed)\n',
      });
    });

    it('stops at a deployment that is refused', async () => {
      const here = await commandServer(dialect, 20);
      const { code, stdout, stderr } = await here.line(script, { VERSION: '' });
      expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'invalid_arguments', exit_code: 2 } });
      expect(here.server.stats.calls).toEqual({});
    });
  });
}
