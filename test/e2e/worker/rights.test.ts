/** What a worker may not do in the store, said before it begins: delivery would try it again and again. */
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { errorOf, homeAt } from '../../support/instance.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';
import { demoServer } from '../../support/servers.ts';

const OWN = '~mcp:jobs:* &mcp:jobs:*';
const ALL = '+@all -@admin -@dangerous +info';

/** Users by what they may not do, and what is said of it. */
const USERS = [
  ['noinfo', `${OWN} ${ALL} -info`, /refuses: NOPERM .*'?info'?/],
  ['noevalsha', `${OWN} ${ALL} -evalsha`, /may not do what a worker needs: EVALSHA \(/],
  ['nopublish', `${OWN} ${ALL} -publish`, /may not do what a worker needs: PUBLISH \(/],
  ['nochannel', `~mcp:jobs:* resetchannels ${ALL}`, /may not do what a worker needs: PUBLISH, SUBSCRIBE \(/],
  ['nostream', `${OWN} ${ALL} -@stream`, /may not do what a worker needs: XADD, XTRIM \(/],
  ['noblock', `${OWN} ${ALL} -@blocking`, /may not do what a worker needs: BZPOPMIN, BLMOVE \(/],
  ['nokeys', `~other:* &mcp:jobs:* ${ALL}`, /may not do what a worker needs: .*(SET|EVAL).* \(/],
] as const;

describe.skipIf(noRedis !== undefined)('a worker whose user of the store is restricted', () => {
  const redis = redisForAll([
    `user may on >pw ${OWN} ${ALL}`,
    ...USERS.map(([name, rights]) => `user ${name} on >pw ${rights}`),
  ]);

  const place = async (user: string, host = redis.host) => {
    const server = await demoServer({ dialect: 'plain' });
    return { home: await homeAt(server.url), env: { MCP2CLI_STORE: `redis://${user}:pw@${host}` } };
  };

  it.each(USERS)('%s: exit 4, and one sentence', async (user, _, said) => {
    const refused = await run(['--json', 'worker', 'work'], await place(user));
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'auth', message: expect.stringMatching(said) });
    // It is told once, and nothing was begun before.
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(errorOf(refused).hint).toContain('+@all -@admin -@dangerous +info');
  });

  it('with what the documentation names it works', async () => {
    const { home, env } = await place('may');
    const working = start(['worker', 'work', '--drain'], { home, env });
    expect(await working.done).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('takes jobs of work'),
    });
  });

  it('a store that throws keys away: exit 78', async () => {
    const evicts = await startRedis(['maxmemory 100mb', 'maxmemory-policy allkeys-lru']);
    const { home, env } = await place('default', evicts.host);
    const refused = await run(['--json', 'worker', 'work'], {
      home,
      env: { MCP2CLI_STORE: env.MCP2CLI_STORE.replace('default:pw@', '') },
    });
    await evicts.kill();
    expect(refused).toMatchObject({ code: 78, stdout: '' });
    expect(errorOf(refused)).toMatchObject({
      code: 'store_evicts',
      message: expect.stringContaining('(allkeys-lru)'),
      hint: 'set maxmemory-policy noeviction there',
    });
  });
});
