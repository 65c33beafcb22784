/** Jobs in Redis, as commands know them: settings, one history for several homes, and what is said when the store is not there. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { atTestEnd, run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance, dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { noRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';
import { demoServer } from '../../support/servers.ts';

describe('where jobs are', () => {
  it('is a setting, whose credentials are in no output', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    const address = 'redis://app:hunter2@127.0.0.1:9/0?prefix=t:&ttl=1h';
    const outputs = [
      await run(['instances', 'set', 'work', 'store', address], { home }),
      await run(['instances', 'show', 'work'], { home }),
      await run(['--json', 'instances', 'show', 'work'], { home }),
      await run(['--json', 'instances', 'list'], { home }),
      await run(['work', 'jobs', 'list'], { home }),
    ];
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain('hunter2');
    expect(outputs[0]?.stdout).toBe('work: store is redis://[redacted]@127.0.0.1:9/0?prefix=t:&ttl=1h\n');
    expect(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')).mcpServers.work.store).toBe(address);
  });

  it.each([
    ['store', 'redis://host/x', 'store: the path is the number of a database'],
    ['store', 'host:6379', 'store: a store is at redis:// or rediss://'],
    ['store', 'redis://${HOST}:6379/0?colour=1', 'store: no such parameter: colour'],
    ['store.resultLimit', '16XB', 'store.resultLimit must be a number of bytes, such as 16MB'],
    ['store.waitAof', 'sometimes', 'store.waitAof must be always or off'],
  ])('%s %s is refused where it is typed', async (key, value, message) => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    const refused = await run(['instances', 'set', 'work', key, value], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  });

  it('is told to be wrong when it is used, by the name of the variable', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    const used = (env: Record<string, string>) => run(['--json', 'work', 'jobs', 'list'], { home, env });
    const wrong = await used({ MCP2CLI_STORE: 'redis://:hunter2' });
    expect(wrong).toMatchObject({ code: 78, stdout: '' });
    expect(errorOf(wrong).message).toBe('MCP2CLI_STORE: not the address of a store');
    await run(['instances', 'set', 'work', 'store', 'redis://${STORE_HOST}:9'], { home });
    const unset = await used({});
    expect(unset).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(unset).message).toContain('STORE_HOST is not set');
    await run(['instances', 'set', 'work', 'store', 'files'], { home });
    expect(await used({ MCP2CLI_STORE: 'redis://127.0.0.1:9' })).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it('stays what it was for an instance that is renamed or removed: others know it by its name there', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    const place = 'the store redis://127.0.0.1:9/0 (mcp:jobs:{work})';
    await run(['instances', 'set', 'work', 'store', 'redis://127.0.0.1:9/0'], { home });
    expect((await run(['instances', 'show', 'work'], { home })).stdout).toContain(`jobs: ${place}\n`);
    expect(await run(['instances', 'rename', 'work', 'job-server'], { home })).toMatchObject({ code: 0 });
    expect((await run(['instances', 'show', 'job-server'], { home })).stdout).toContain(`jobs: ${place}\n`);
    const removed = await run(['instances', 'remove', 'job-server', '--purge'], { home });
    expect(removed).toMatchObject({ code: 0, stdout: 'Removed job-server\n' });
    expect(removed.stderr).toContain(`its jobs in ${place} stay there`);
  });

  it('TAB gives up at once where the store is not there, and says nothing', async () => {
    const home = await homeAt('http://127.0.0.1:9/mcp');
    // Takes connections, and never answers.
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    atTestEnd(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    for (const store of [`redis://127.0.0.1:${port}`, 'redis://127.0.0.1:9', 'nonsense']) {
      const tab = await run(['__complete', 'fish', '--', 'work', 'jobs', 'show', ''], {
        home,
        env: { MCP2CLI_STORE: store },
        // Without its own limit it would wait for ten seconds.
        timeoutMs: 9_000,
      });
      expect(tab).toMatchObject({ code: 0, stderr: '', stdout: expect.not.stringContaining('job_') });
    }
  });

  it('without Redis nothing is sent, and nothing is kept', async () => {
    const server = await demoServer();
    const home = await homeAt(server.url);
    const env = { MCP2CLI_STORE: 'redis://127.0.0.1:9' };
    expect(await run(['work', 'ls'], { home, env })).toMatchObject({ code: 0 });
    for (const more of [['--background'], ['--background', '--detach']]) {
      const refused = await run(['--json', 'work', 'deploy', '--version', '2.0', ...more], { home, env });
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(errorOf(refused)).toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('the store redis://127.0.0.1:9/0 cannot be reached'),
      });
    }
    expect(server.stats.requests['tools/call']).toBeUndefined();
    expect(readdirSync(join(home, 'instances/work'))).not.toContain('jobs');
  });
});

describe.skipIf(noRedis !== undefined)('one history', () => {
  const redis = redisForAll(['requirepass p@ss/w#rd']);

  it('is for all that have its address: submitted in one home, waited for in another', async () => {
    const server = await demoServer({ speed: 50 });
    const [here, there] = [freshHome(), freshHome()];
    const env = { REDIS_PW: 'p@ss/w#rd', MCP2CLI_STORE: `redis://:\${REDIS_PW}@${redis.host}/0?prefix=one:` };
    for (const home of [here, there]) await addInstance(home, [server.url]);
    const submitted = await run(['work', 'deploy', '--version', '2.0', '--background', '--quiet'], {
      home: here,
      env,
    });
    expect(submitted).toMatchObject({ code: 0, stderr: '' });
    const id = submitted.stdout.trim();
    const waited = await run(['work', 'jobs', 'wait', id], { home: there, env });
    expect(waited).toMatchObject({ code: 0, stdout: 'Deployed version 2.0 to staging\n' });
    const shown = dataOf(await run(['--json', 'work', 'jobs', 'show', id], { home: here, env }));
    expect(shown).toMatchObject({ job_id: id, status: 'completed', instance: 'work' });
    // On a busy machine it may be late for the finger on TAB.
    const tab = () => run(['__complete', 'fish', '--', 'work', 'jobs', 'show', 'job_'], { home: there, env });
    await expect.poll(async () => (await tab()).stdout).toMatch(new RegExp(`^${id}\\t`));
    // Who has another prefix, or none of it, sees nothing.
    const other = { ...env, MCP2CLI_STORE: env.MCP2CLI_STORE.replace('one:', 'two:') };
    expect((await run(['--json', 'work', 'jobs', 'list'], { home: here, env: other })).stdout).toBe('[]\n');
    expect((await run(['--json', 'work', 'jobs', 'list'], { home: here })).stdout).toBe('[]\n');
  });

  it('a keeper keeps its jobs there, and another takes its place for another store', async () => {
    const server = await demoServer({ dialect: 'plain' });
    const home = await homeAt(server.url);
    await run(['instances', 'set', 'work', 'keepAlive', 'true'], { home });
    const addressOf = (prefix: string) => ({
      MCP2CLI_STORE: `redis://:p%40ss%2Fw%23rd@${redis.host}/0?prefix=${prefix}:`,
    });
    const kept = async (env: Record<string, string>) => {
      const submitted = await run(['work', 'echo', '--message', 'hi', '--background', '--quiet'], {
        home,
        env,
      });
      expect(submitted).toMatchObject({ code: 0 });
      return submitted.stdout.trim();
    };
    for (const env of [addressOf('k1'), addressOf('k2')]) {
      const id = await kept(env);
      expect(await run(['work', 'jobs', 'wait', id], { home, env })).toMatchObject({ code: 0 });
      const listed = JSON.parse((await run(['--json', 'work', 'jobs', 'list'], { home, env })).stdout);
      expect(listed.map((job: { job_id: string }) => job.job_id)).toEqual([id]);
    }
    await run(['keeper', 'stop', 'work', '--force'], { home });
  });
});
