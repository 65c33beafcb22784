/** store.waitAof: nothing is acknowledged before the store has said that it is on its disk. */
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { atTestEnd, eachInItsProcess, run, start } from '../../support/cli.ts';
import { dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { hasWaitAof, noRedis, startRedis } from '../../support/redis.ts';
import { demoServer } from '../../support/servers.ts';

const older =
  'this Redis is older than 7.2: waiting for its disk is tested where REDIS_SERVER names a newer one';
if (noRedis !== undefined || !hasWaitAof) console.warn(noRedis ?? older);

const EVERYSEC = ['appendonly yes', 'appendfsync everysec'];

describe.skipIf(noRedis !== undefined)('store.waitAof', () => {
  eachInItsProcess();

  const place = async (settings: string[], waits = 'always') => {
    const redis = await startRedis(settings);
    atTestEnd(() => redis.kill());
    const server = await demoServer({ dialect: 'plain', speed: 50 });
    const home = await homeAt(server.url);
    expect(await run(['instances', 'set', 'work', 'store.waitAof', waits], { home })).toMatchObject({
      code: 0,
      stdout: `work: store.waitAof is ${waits}\n`,
    });
    const env = { MCP2CLI_STORE: `redis://${redis.host}/0` };
    const work = (...words: string[]) => run(['--json', 'work', ...words], { home, env });
    /** How often the store was asked. */
    const waited = async () => {
      const [host, port] = redis.host.split(':');
      const raw = new Redis(Number(port), host ?? '');
      atTestEnd(() => raw.disconnect());
      return Number(/cmdstat_waitaof:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0);
    };
    return { home, env, server, work, waited };
  };

  it.skipIf(hasWaitAof)('is refused by a Redis that cannot do it, and nothing is sent', async () => {
    const { home, env, server, work } = await place(EVERYSEC);
    for (const words of [
      ['deploy', '--version', '1', '--background'],
      ['jobs', 'list'],
    ]) {
      const refused = await work(...words);
      expect(refused).toMatchObject({ code: 78, stdout: '' });
      expect(errorOf(refused)).toMatchObject({
        code: 'store_without_waitaof',
        message: expect.stringMatching(
          /^store\.waitAof needs Redis 7\.2 or Valkey: the store \S+ is \d+\.\d+/,
        ),
      });
    }
    const doctor = await run(['doctor', 'work'], { home, env });
    expect(doctor.stdout).toContain('store.waitAof needs Redis 7.2');
    expect(server.stats.calls).toEqual({});
    await run(['instances', 'unset', 'work', 'store.waitAof'], { home });
    expect(await work('jobs', 'list')).toMatchObject({ code: 0 });
  });

  it.skipIf(!hasWaitAof)('is refused by a store without an append-only file', async () => {
    const { work } = await place([]);
    const refused = await work('jobs', 'list');
    expect(refused).toMatchObject({ code: 78, stdout: '' });
    expect(errorOf(refused).message).toContain('needs an append-only file');
  });

  it.skipIf(!hasWaitAof)(
    'waits for a submission, a claim and an end, and for nothing that is off',
    async () => {
      const { home, env, server, work, waited } = await place(EVERYSEC);
      const off = await place(EVERYSEC, 'off');
      const id = dataOf(await work('deploy', '--version', '1', '--detach'))['job_id'] as string;
      expect(await waited()).toBe(1);
      const working = start(['worker', 'work'], { home, env });
      expect(dataOf(await work('jobs', 'wait', id))).toMatchObject({ status: 'completed' });
      expect(await waited()).toBe(3);
      working.signal('SIGTERM');
      await working.done;
      const doctor = await run(['doctor', 'work'], { home, env });
      expect(doctor.stdout).toContain(
        'store.waitAof: what it acknowledged is on its disk (appendfsync everysec)',
      );
      expect(server.stats.calls).toEqual({ deploy: 1 });
      await off.work('deploy', '--version', '1', '--background');
      expect(await off.waited()).toBe(0);
    },
  );

  it.skipIf(!hasWaitAof)(
    'a store that does not say so is an error that names the job, and nothing is sent',
    async () => {
      // Its file is never synced by itself.
      const { server, work } = await place(['appendonly yes', 'appendfsync no']);
      for (const how of ['--background', '--detach']) {
        const refused = await work('deploy', '--version', '1', how);
        expect(refused).toMatchObject({ code: 74, stdout: '' });
        expect(errorOf(refused)).toMatchObject({
          code: 'store_not_synced',
          message: expect.stringMatching(/^job_\w+ is in the memory of the store .* did not say within 5 s/),
          details: { job_id: expect.stringMatching(/^job_/) },
        });
      }
      expect(server.stats.calls).toEqual({});
    },
  );
});
