/** `doctor` of an instance whose jobs are in Redis: each kind of server is told as it is, and none is a crash. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAddress } from '../../../src/config/settings/store-address.ts';
import type { Target } from '../../../src/config/target/target.ts';
import { targetHash } from '../../../src/config/target/target-hash.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { connectStore } from '../../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../../src/jobs/store/redis/redis-store.ts';
import { currentHolder } from '../../../src/lib/disk/holder.ts';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { dataOf } from '../../support/instance.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { diskStore, newJob, writeEnded } from '../../support/store-fixtures.ts';

const ALL = '+@all -@admin -@dangerous +info';

describe.skipIf(noRedis !== undefined)('doctor of a shared store', () => {
  /** A server with these settings, and what doctor says of an instance there: `status message` by check. */
  const examined = async (
    settings: readonly string[],
    { user = '', env = {}, jobs = 0, words = [] as string[], kill = false } = {},
  ) => {
    const server = await startRedis(settings);
    onTestFinished(() => server.kill());
    const home = freshHome();
    const store = `redis://${user}${server.host}/0`;
    const work = { type: 'http', url: 'http://127.0.0.1:1/mcp', store };
    writeFileSync(join(home, 'config.json'), JSON.stringify({ schema_version: 1, mcpServers: { work } }));
    if (jobs > 0) writeEnded(diskStore(home).dir, jobs);
    if (kill) await server.kill();
    const end = await run(['--json', 'doctor', 'work', ...words], { home, env });
    expect(end.stderr).toBe('');
    const { checks } = dataOf<{ checks: Finding[] }>(end);
    const of = (check: string) =>
      checks
        .filter((one) => one.instance === 'work' && one.check === check)
        .map(({ status, message }) => `${status} ${message}`)
        .join('\n');
    return { of, checks, end, host: server.host };
  };

  it('one that keeps everything', async () => {
    const { of, host } = await examined(['appendonly yes', 'appendfsync always', 'maxmemory 100mb']);
    expect(of('store')).toMatch(
      new RegExp(`^ok redis://${host}/0, (Redis|Valkey) \\d+\\.\\d+\\.\\d+, connected in \\d+ ms$`),
    );
    expect(of('store rights')).toBe('ok the default user may do what is needed');
    expect(of('store persistence')).toBe('ok appendfsync always: what it acknowledged is on its disk');
    expect(of('store memory')).toMatch(/^ok .* of 10\d(\.\d)? MB used$/);
    expect(of('clock')).toBe("ok as the store's");
    expect(of('jobs')).toBe('ok no jobs, in the store');
    expect(of('store key')).toBe('ok no MCP2CLI_STORE_KEY: calls with secrets are not handed to workers');
  });

  it.for([
    [
      ['appendonly yes', 'appendfsync everysec'],
      'warning appendfsync everysec: a loss of power may take the last second, and a call be sent twice for it',
    ],
    [['save ""'], 'problem nothing is written to its disk: all jobs are gone when it ends'],
    [
      ['save 3600 1'],
      'warning no append-only file: what came after the last snapshot is gone when it is killed',
    ],
    [
      ['appendonly yes', `user app on >pw ~mcp:jobs:* &mcp:jobs:* ${ALL}`],
      'ok an append-only file; whether each write is on its disk (appendfsync) is not told',
      'app:pw@',
    ],
  ] as const)('what it keeps: %j', async ([settings, expected, user]) => {
    const { of } = await examined(settings, { user: user ?? '' });
    expect(of('store persistence')).toBe(expected);
    expect(of('store rights')).toContain('may do what is needed');
  });

  it('who works, and what waits for nobody', async () => {
    const server = await startRedis();
    onTestFinished(() => server.kill());
    const home = freshHome();
    const identity = { type: 'http', url: 'http://127.0.0.1:1/mcp' };
    const work = { ...identity, store: `redis://${server.host}` };
    writeFileSync(join(home, 'config.json'), JSON.stringify({ schema_version: 1, mcpServers: { work } }));
    const address = { ...readAddress(work.store, 'test'), name: 'work' };
    const store = new RedisJobStore(await connectStore(address, 0), address, 'work');
    onTestFinished(() => store.close());
    const target = targetHash({ kind: 'http', url: identity.url, headers: {} } as Target);
    const said = async () => {
      const { checks } = dataOf<{ checks: Finding[] }>(await run(['--json', 'doctor', 'work'], { home }));
      return checks.filter(({ check }) => check === 'workers');
    };
    expect(await said()).toEqual([]);
    const { holder: _, ...job } = newJob({ session: null });
    const queued = { ...job, call: '{"plain":{}}', attempts: 1 };
    await store.calls.submit({ ...queued, target });
    await store.calls.submit({ ...queued, target: 'elsewhere' });
    const found = await said();
    expect(found.find(({ message }) => message.startsWith('no worker lives'))).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^no worker lives, 0 under way, 1 call waiting since 2/),
      hint: 'nobody makes them: mcp2cli worker work',
    });
    expect(
      found.find(({ message }) => message.startsWith('of another server (target elsewhere)')),
    ).toMatchObject({
      status: 'warning',
    });
    const facts = { id: 'w', host: 'h', pid: 1, version: '0', started_at: '2026-03-30T10:00:00.000Z' };
    const more = { concurrency: 4, draining: false, jobs: [] };
    await store.calls.beat(target, { ...facts, ...more }, { leaseMs: 60_000, holder: currentHolder() });
    expect((await said()).find(({ message }) => message.startsWith('1 worker alive'))).toMatchObject({
      status: 'ok',
    });
  });

  it.for([
    [`user app on >pw ~mcp:jobs:* &mcp:jobs:* ${ALL} -publish`, /may not do all .*PUBLISH/],
    [`user app on >pw ~mcp:jobs:* ${ALL} resetchannels`, /may not do all .*channel/],
    [`user app on >pw ~other:* &mcp:jobs:* ${ALL}`, /may not do all .*key/],
    [`user app on >pw ~mcp:jobs:* &mcp:jobs:* ${ALL} -@scripting`, /may not do all .*eval/],
  ] as const)('what its user may not do: %s', async ([acl, expected]) => {
    const { checks } = await examined([acl], { user: 'app:pw@' });
    const rights = checks.find(({ check }) => check === 'store rights');
    expect(rights).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(expected),
      hint: `ACL SETUSER app ~mcp:jobs:* &mcp:jobs:* ${ALL}`,
    });
  });

  it.for([
    [`${ALL} -@stream`, 'XADD, XTRIM'],
    [`${ALL} -@blocking`, 'BZPOPMIN, BLMOVE'],
  ] as const)('what only workers may not do is a warning: %s', async ([acl, expected]) => {
    const { checks } = await examined([`user app on >pw ~mcp:jobs:* &mcp:jobs:* ${acl}`], {
      user: 'app:pw@',
    });
    const rights = checks.filter(({ check }) => check === 'store rights');
    expect(rights).toMatchObject([
      { status: 'ok', message: 'the user app may do what is needed, but for mcp2cli worker' },
      {
        status: 'warning',
        message: expect.stringContaining(`mcp2cli worker would not begin with the user app: ${expected} (`),
        hint: `ACL SETUSER app ~mcp:jobs:* &mcp:jobs:* ${ALL}`,
      },
    ]);
  });

  it.for([
    ['gone', [], { kill: true }, /^problem the store redis:\/\/.* cannot be reached: /],
    [
      'a wrong password',
      ['requirepass right'],
      { user: ':wr0ng@' },
      /^problem the store .* refuses: WRONGPASS/,
    ],
    [
      'one that evicts',
      ['maxmemory 50mb', 'maxmemory-policy allkeys-lru'],
      {},
      /^problem .*throws keys away/,
    ],
  ] as const)('%s is a finding, and the rest is told', async ([, settings, options, expected]) => {
    const { of, end } = await examined(settings, options);
    expect(end.code).toBe(1);
    expect(of('store')).toMatch(expected);
    expect(of('connection')).toMatch(/^problem /);
    expect(end.stdout).not.toContain('wr0ng');
  });

  it('an address that is none, and a variable that is not set, are findings', async () => {
    const home = freshHome();
    for (const [store, expected] of [
      ['http://x', 'a store is at redis:// or rediss://'],
      ['redis://:${NOT_SET}@host', 'NOT_SET'],
    ]) {
      const work = { type: 'http', url: 'http://127.0.0.1:1/mcp', store };
      writeFileSync(join(home, 'config.json'), JSON.stringify({ schema_version: 1, mcpServers: { work } }));
      const end = await run(['--json', 'doctor', 'work', '--offline'], { home });
      const { checks } = dataOf<{ checks: Finding[] }>(end);
      expect(checks.find(({ check }) => check === 'store')).toMatchObject({
        status: 'problem',
        message: expect.stringContaining(expected ?? ''),
      });
    }
  });

  it('asks nobody with --offline, and tells of jobs in files', async () => {
    const { of, host } = await examined([], { words: ['--offline'], jobs: 3, kill: true });
    expect(of('store')).toBe(`ok redis://${host}/0, not asked`);
    expect(of('jobs')).toBe('warning 3 jobs in files, which are not looked at');
  });

  it('a key of another form is named, and not shown', async () => {
    const { of, end } = await examined([], { env: { MCP2CLI_STORE_KEY: 'swordfish' } });
    expect(of('store key')).toContain('problem MCP2CLI_STORE_KEY is no key');
    expect(end.stdout).not.toContain('swordfish');
  });
});
