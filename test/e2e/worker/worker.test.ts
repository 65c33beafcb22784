/** Calls that workers make: processes of their own, on machines of their own, with one store. */
import { describe, expect, it } from 'vitest';
import { type Handle, run, start } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance, dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';
import { demoChild, demoServer } from '../../support/servers.ts';

describe.skipIf(noRedis !== undefined)('workers', () => {
  const redis = redisForAll();

  /** The environment of machines that share jobs which nobody else has. */
  const shared = (more: Record<string, string> = {}) => ({
    MCP2CLI_STORE: redis.address(),
    ...more,
  });

  /** A worker in a home of its own, which takes jobs when this resolves. */
  const worker = async (url: string, env: Record<string, string>, ...flags: string[]): Promise<Handle> => {
    const home = freshHome();
    await addInstance(home, [url]);
    const handle = start(['worker', 'work', '--lease', '2s', ...flags], { home, env });
    await handle.waitForStderr(/takes jobs of work/);
    return handle;
  };

  const detach = async (home: string, env: Record<string, string>, ...line: string[]) => {
    const submitted = await run(['work', ...line, '--detach', '--quiet'], { home, env });
    expect(submitted.code).toBe(0);
    return submitted.stdout.trim();
  };

  const wait = async (home: string, env: Record<string, string>, id: string) =>
    run(['--json', 'work', 'jobs', 'wait', id], { home, env });

  const shown = async (home: string, env: Record<string, string>, id: string) =>
    dataOf(await run(['--json', 'work', 'jobs', 'show', id], { home, env }));

  it('what one machine submits another works on, and a third waits for', async () => {
    const server = await demoServer({ dialect: 'plain' });
    const env = shared();
    const [here, there] = [await homeAt(server.url), await homeAt(server.url)];
    const queued = await run(['work', 'echo', '--message', 'hi', '--detach'], { home: here, env });
    expect(queued.stdout).toMatch(/^Job submitted: job_\w+ \(for a worker\)\n$/);
    expect(queued.stderr).toContain('no worker takes jobs of work now');
    expect(server.stats.requests['tools/call']).toBeUndefined();
    const [id = ''] = /job_\w+/.exec(queued.stdout) ?? [];
    expect(await shown(there, env, id)).toMatchObject({ status: 'queued', holder: null });
    const working = await worker(server.url, env);
    expect(dataOf(await wait(there, env, id))).toMatchObject({
      status: 'completed',
      capability: 'echo',
      result: { content: [{ type: 'text', text: 'hi' }] },
    });
    expect(server.stats.requests['tools/call']).toBe(1);
    // A server without tasks leaves it to workers that are there, without --detach, too.
    const second = await run(['work', 'echo', '--message', 'ho', '--background'], { home: here, env });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain('(for a worker)');
    const status = await run(['--json', 'worker', 'status'], { home: there, env });
    expect(status.code).toBe(0);
    expect(dataOf(status)).toMatchObject([
      { instance: 'work', is_ours: true, workers: [{ pid: working.pid }] },
    ]);
    working.signal('SIGTERM');
    expect(await working.done).toMatchObject({ code: 0 });
    expect((await run(['worker', 'status'], { home: there, env })).code).toBe(1);
  });

  it('a worker that is killed in mid-call: the job is lost, and the call is not sent again', async () => {
    const server = await demoServer({ dialect: 'plain', speed: 0.01 });
    const env = shared();
    const home = await homeAt(server.url);
    const [first, second] = [await worker(server.url, env), await worker(server.url, env)];
    const id = await detach(home, env, 'deploy', '--version', '1');
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(1);
    const { holder } = (await shown(home, env, id)) as { holder: { pid: number } };
    const killed = [first, second].find(({ pid }) => pid === holder.pid);
    killed?.signal('SIGKILL');
    const end = await wait(home, env, id);
    expect(end.code).toBe(1);
    expect(dataOf(end)).toMatchObject({ status: 'lost', error: { code: 'worker_gone' } });
    expect(server.stats.requests['tools/call']).toBe(1);
  });

  it('a task of a worker that is killed is taken over, and nothing is lost', async () => {
    const server = await demoServer({ speed: 1 });
    const env = shared();
    const home = await homeAt(server.url);
    const first = await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '1');
    await first.waitForStderr(/./);
    await expect
      .poll(async () => (await shown(home, env, id))['remote_task_id'], { timeout: 30_000 })
      .not.toBeNull();
    first.signal('SIGKILL');
    await worker(server.url, env);
    expect(dataOf(await wait(home, env, id))).toMatchObject({ status: 'completed' });
    expect(server.stats.requests['tools/call']).toBe(1);
  });

  it('a cancellation from elsewhere reaches the call, and one of a job that waits needs no worker', async () => {
    const server = await demoServer({ dialect: 'plain', speed: 0.01 });
    const env = shared();
    const home = await homeAt(server.url);
    const waiting = await detach(home, env, 'deploy', '--version', '1');
    const cancel = (id: string) => run(['--json', 'work', 'jobs', 'cancel', id], { home, env });
    expect(dataOf(await cancel(waiting))).toMatchObject({ status: 'canceled' });
    await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '2');
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(1);
    expect(dataOf(await cancel(id))).toMatchObject({ status: 'canceled' });
    await expect.poll(() => server.stats.requests['notifications/cancelled']).toBe(1);
  });

  it('after a signal what runs comes to its end, and nothing new is taken', async () => {
    const server = await demoServer({ dialect: 'plain', speed: 2 });
    const env = shared();
    const home = await homeAt(server.url);
    const working = await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '1');
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(1);
    working.signal('SIGTERM');
    await working.waitForStderr(/takes nothing new/);
    const later = await detach(home, env, 'echo', '--message', 'hi');
    expect(await working.done).toMatchObject({ code: 0 });
    expect(await shown(home, env, id)).toMatchObject({ status: 'completed' });
    expect(await shown(home, env, later)).toMatchObject({ status: 'queued' });
    // Another one ends by itself when nothing waits.
    const draining = await worker(server.url, env, '--drain');
    expect(await draining.done).toMatchObject({ code: 0 });
    expect(await shown(home, env, later)).toMatchObject({ status: 'completed' });
  });

  it('a second signal ends what runs, and the record says so', async () => {
    const server = await demoServer({ dialect: 'plain', speed: 0.01 });
    const env = shared();
    const home = await homeAt(server.url);
    const working = await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '1');
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(1);
    working.signal('SIGTERM');
    // A third one would end it before it has written anything.
    expect(await working.insist('SIGTERM', /^ends what runs$/m)).toMatchObject({ code: 143 });
    expect(await shown(home, env, id)).toMatchObject({ status: 'lost', error: { code: 'worker_stopped' } });
  });

  it('a worker that was stopped for longer than its lease changes nothing that was decided since', async () => {
    const server = await demoServer({ dialect: 'plain', speed: 0.2 });
    const env = shared();
    const home = await homeAt(server.url);
    const first = await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '1');
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(1);
    first.signal('SIGSTOP');
    await worker(server.url, env);
    expect(dataOf(await wait(home, env, id))).toMatchObject({
      status: 'lost',
      error: { code: 'worker_gone' },
    });
    first.signal('SIGCONT');
    await first.waitForStderr(new RegExp(`${id}.*(another hand|lost)`));
    expect(await shown(home, env, id)).toMatchObject({ status: 'lost' });
    expect(server.stats.requests['tools/call']).toBe(1);
  });

  it('retries that were asked for go on in another worker, each attempt once', async () => {
    const server = await demoServer({ dialect: 'plain', speed: 0.01 });
    const env = shared();
    const home = await homeAt(server.url);
    const first = await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '1', '--retries', '2');
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(1);
    first.signal('SIGKILL');
    const second = await worker(server.url, env);
    await expect.poll(() => server.stats.requests['tools/call'], { timeout: 30_000 }).toBe(2);
    expect(await shown(home, env, id)).toMatchObject({ status: 'running', attempt: 2 });
    second.signal('SIGKILL');
    await worker(server.url, env);
    expect(dataOf(await wait(home, env, id))).toMatchObject({
      status: 'lost',
      error: { code: 'worker_gone' },
    });
    expect(server.stats.requests['tools/call']).toBe(2);
  });

  it('the server is asked by the rules of the worker, too', async () => {
    const server = await demoServer({ dialect: 'plain' });
    const env = shared();
    const home = await homeAt(server.url);
    const strict = await homeAt(server.url);
    const rules = JSON.stringify([{ action: 'execute', tools: ['add'], roles: ['admin'] }]);
    expect(await run(['instances', 'set', 'work', 'permissions', rules], { home: strict })).toMatchObject({
      code: 0,
    });
    const working = start(['worker', 'work'], { home: strict, env });
    await working.waitForStderr(/takes jobs of work/);
    const id = await detach(home, env, 'add', '--a', '1', '--b', '2');
    const end = dataOf(await wait(home, env, id));
    expect(end).toMatchObject({ status: 'failed', error: { code: 'permission_denied' } });
    expect(server.stats.requests['tools/call']).toBeUndefined();
  });

  it('two servers under one name: each job waits for a worker of its own', async () => {
    const [one, other] = [await demoServer({ dialect: 'plain' }), await demoServer({ dialect: 'plain' })];
    const env = shared();
    const home = await homeAt(one.url);
    const elsewhere = await worker(other.url, env);
    const id = await detach(home, env, 'echo', '--message', 'hi');
    const status = await run(['worker', 'status'], { home, env });
    expect(status.code).toBe(1);
    expect(status.stdout).toContain('no worker serves this target');
    expect(status.stdout).toContain('another server than here');
    elsewhere.signal('SIGTERM');
    await elsewhere.done;
    expect(await shown(home, env, id)).toMatchObject({ status: 'queued' });
    expect(other.stats.requests['tools/call']).toBeUndefined();
  });

  it('a store that goes away and comes back loses no end', async () => {
    const own = await startRedis(['appendonly yes', 'appendfsync always']);
    const server = await demoChild({ dialect: 'plain', speed: 1 });
    const env = { MCP2CLI_STORE: `redis://${own.host}/0` };
    const home = await homeAt(server.url);
    await worker(server.url, env);
    const id = await detach(home, env, 'deploy', '--version', '1');
    await expect.poll(async () => (await server.stats()).requests['tools/call'], { timeout: 30_000 }).toBe(1);
    await own.restart();
    expect(dataOf(await wait(home, env, id))).toMatchObject({ status: 'completed' });
    expect((await server.stats()).requests['tools/call']).toBe(1);
    await own.kill();
  });

  it('without a shared store there is nothing to work on', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    for (const line of [['worker'], ['worker', 'work'], ['worker', 'status']]) {
      const refused = await run(['--json', ...line], { home });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(errorOf(refused).hint).toContain('instances set');
    }
    // What would change nothing is not proposed.
    await run(['instances', 'set', 'work', 'store', 'files'], { home });
    const env = { MCP2CLI_STORE: 'redis://127.0.0.1:9' };
    expect(errorOf(await run(['--json', 'worker', 'work'], { home, env })).hint).toBe(
      "its own setting counts, and is files: mcp2cli instances set work store 'redis://host:6379/0'",
    );
  });
});
