/** What is said when a store in Redis is not as it should be: each trouble by a real server, with its exit code. Nothing is sent that is not on record. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authority } from '../../support/certificates.ts';
import { run, type StartOptions, start } from '../../support/cli.ts';
import { freePort } from '../../support/free-port.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, errorOf } from '../../support/instance.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { watchedServer } from '../../support/work.ts';

const PREFIX = 'mcp:jobs:{work}:';

describe.skipIf(noRedis !== undefined)('trouble with a shared store', () => {
  const on = async (settings: readonly string[] = []) => {
    const server = await startRedis(settings);
    onTestFinished(() => server.kill());
    return server;
  };

  /** Speaks to a server as nobody of the program does. */
  const raw = (host: string, options: object = {}) => {
    const [name = '', port] = host.split(':');
    const redis = new Redis(Number(port), name, options);
    redis.on('error', () => {});
    onTestFinished(() => redis.disconnect());
    return redis;
  };

  /** An instance `work` at a demo server, with its jobs at this address. */
  const at = async (store: string, more: Record<string, string> = {}) => {
    const server = await watchedServer({ speed: 50 });
    const home = freshHome();
    await addInstance(home, [server.url]);
    const env = { MCP2CLI_STORE: store, MCP2CLI_RETRY_BUDGET: '1s', ...more };
    const work = (words: string, options: Partial<StartOptions> = {}) =>
      run(['--json', 'work', ...words.split(' ')], { home, env, ...options });
    const calls = () => server.stats.requests['tools/call'] ?? 0;
    return { server, home, env, work, calls };
  };

  /** A submission that is refused: its error, and nothing was sent. */
  const refused = async (store: string, more: Record<string, string> = {}) => {
    const { work, calls } = await at(store, more);
    const end = await work('deploy --version 2.0 --background');
    expect(end.stdout).toBe('');
    expect(calls()).toBe(0);
    const { exit_code, message, hint } = errorOf(end);
    expect(exit_code).toBe(end.code);
    // One line: it is told once.
    expect(end.stderr.trimEnd().split('\n')).toHaveLength(1);
    return { code: end.code, message, hint: hint ?? '' };
  };

  it('away at submission: exit 3', async () => {
    expect(await refused(`redis://127.0.0.1:${await freePort()}`)).toMatchObject({
      code: 3,
      message: expect.stringContaining('cannot be reached: connect ECONNREFUSED'),
    });
  });

  it('no memory left: exit 74, and what is there can be read', async () => {
    const { host } = await on(['requirepass pw']);
    const store = `redis://:pw@${host}`;
    const { work } = await at(store);
    const redis = raw(host, { password: 'pw' });
    expect(await work('deploy --version 1.0 --background')).toMatchObject({ code: 0 });
    // Less than it has in use.
    await redis.config('SET', 'maxmemory', '1');
    expect(await refused(store)).toMatchObject({
      code: 74,
      message: expect.stringContaining('has no memory left'),
      hint: expect.stringContaining('maxmemory'),
    });
    const list = await work('jobs list');
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(list.stdout)).toHaveLength(1);
  });

  it('a replica: exit 3, and its jobs can be read', async () => {
    const { host } = await on();
    const [name, port] = host.split(':');
    const replica = await on([`replicaof ${name} ${port}`]);
    const first = await at(`redis://${host}`);
    expect(await first.work('deploy --version 1.0 --background')).toMatchObject({ code: 0 });
    expect(await raw(host).call('WAIT', 1, 20_000)).toBe(1);
    expect(await refused(`redis://${replica.host}`)).toMatchObject({
      code: 3,
      message: expect.stringContaining('takes nothing now: READONLY'),
    });
    const list = await first.work('jobs list', {
      env: { ...first.env, MCP2CLI_STORE: `redis://${replica.host}` },
    });
    expect(JSON.parse(list.stdout)).toHaveLength(1);
  });

  it('no password, a wrong one, no such user, and one who may not: exit 4, without the password', async () => {
    const acl = '+@all -@admin -@dangerous +info';
    const { host } = await on([
      'requirepass right',
      `user app on >secret ~mcp:jobs:* &mcp:jobs:* ${acl}`,
      `user elsewhere on >secret ~other:* &other:* ${acl}`,
      `user blind on >secret ~mcp:jobs:* &mcp:jobs:* ${acl} -info`,
      `user mute on >secret ~mcp:jobs:* &mcp:jobs:* ${acl} -hset`,
    ]);
    for (const [user, word] of [
      ['', 'NOAUTH'],
      [':wr0ng@', 'WRONGPASS'],
      ['app:wr0ng@', 'WRONGPASS'],
      ['nobody:wr0ng@', 'WRONGPASS'],
      ['blind:secret@', 'NOPERM'],
      ['elsewhere:secret@', 'access'],
      ['mute:secret@', 'run'],
    ]) {
      const { code, message, hint } = await refused(`redis://${user}${host}`);
      expect({ code, message }).toEqual({ code: 4, message: expect.stringContaining(word ?? '') });
      expect(message + hint).not.toMatch(/wr0ng|secret@/);
    }
    const { work } = await at(`redis://app:secret@${host}`);
    expect(await work('deploy --version 1.0 --background')).toMatchObject({ code: 0, stderr: '' });
  });

  it('a key of another kind: exit 78', async () => {
    const { host } = await on();
    await raw(host).set(`${PREFIX}ids`, 'mine');
    expect(await refused(`redis://${host}`)).toMatchObject({
      code: 78,
      message: expect.stringContaining('keys of another kind'),
      hint: expect.stringContaining('choose another prefix'),
    });
  });

  it('a store that throws keys away: exit 78', async () => {
    const { host } = await on(['maxmemory 100mb', 'maxmemory-policy volatile-ttl']);
    expect(await refused(`redis://${host}`)).toMatchObject({
      code: 78,
      message: expect.stringContaining('throws keys away when its memory is full (volatile-ttl)'),
      hint: 'set maxmemory-policy noeviction there',
    });
  });

  it('a record of a newer version is left alone, and hides no other', async () => {
    const { host } = await on();
    const { home, env, work } = await at(`redis://${host}`);
    const [newer, other] = [
      await work('deploy --version 1.0 --background --quiet'),
      await work('deploy --version 1.0 --background --quiet'),
    ].map(({ stdout }) => stdout.match(/job_[0-9a-z]{26}/)?.[0] ?? '');
    const redis = raw(host);
    await redis.hset(`${PREFIX}job:${newer}`, 'v', '99');
    await redis.hset(`${PREFIX}glance`, newer ?? '', JSON.stringify({ v: 99 }));
    const before = await redis.hgetall(`${PREFIX}job:${newer}`);
    expect(await work(`jobs show ${newer}`)).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('newer version (schema 99'),
    });
    const list = await run(['--json', 'work', 'jobs', 'list'], { home, env });
    expect(JSON.parse(list.stdout)).toMatchObject([{ job_id: other }]);
    expect(list.stderr).toContain('newer version');
    expect(await work('jobs prune --older-than 0 --yes')).toMatchObject({ code: 0 });
    expect(await redis.hgetall(`${PREFIX}job:${newer}`)).toEqual(before);
  });

  it('away while somebody waits: exit 3 after the budget, and the job goes on', async () => {
    const port = await freePort();
    const settings = [`port ${port}`, `dir ${freshDir()}`, 'appendonly yes', 'appendfsync always'];
    const first = await on(settings);
    const { server, home, env } = await at(`redis://127.0.0.1:${port}`);
    const id = (
      await run(['work', 'deploy', '--version', '2.0', '--duration', '4', '--background', '-q'], {
        home,
        env,
      })
    ).stdout.trim();
    // The server tells the end once the store is away: it cannot be recorded.
    let answer = () => {};
    server.answerWith(({ rpcMethod, body }, response) => {
      if (rpcMethod !== 'tasks/result') return false;
      const { id } = body as { id: unknown };
      const result = { content: [{ type: 'text', text: 'early' }] };
      answer = () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      };
      return true;
    });
    const waiting = start(['--json', 'work', 'jobs', 'wait', id], { home, env });
    await server.received('tasks/result');
    await first.kill();
    answer();
    const end = await waiting.done;
    server.answerWith(undefined);
    expect(end.code).toBe(3);
    expect(errorOf(end)).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('cannot be reached'),
    });
    await on(settings);
    const again = await run(['work', 'jobs', 'wait', id], { home, env });
    expect(again).toMatchObject({ code: 0, stdout: 'Deployed version 2.0 to staging\n' });
    expect(server.stats.requests['tools/call']).toBe(1);
  });

  it('prune removes what has ended, whole, and a ttl does so by itself', async () => {
    const { host } = await on();
    const { home, env, work } = await at(`redis://${host}/0?ttl=1h`);
    const id = await work('deploy --version 1.0 --background -q').then(
      ({ stdout }) => stdout.match(/job_\w+/)?.[0] ?? '',
    );
    const redis = raw(host);
    expect(await redis.pttl(`${PREFIX}job:${id}`)).toBe(-1);
    expect(await run(['work', 'jobs', 'wait', id], { home, env })).toMatchObject({ code: 0 });
    const left = await redis.pttl(`${PREFIX}job:${id}`);
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    expect(await work('jobs prune --older-than 0')).toMatchObject({ code: 0, stderr: '' });
    const keys = (await redis.keys('*')).filter(
      (key) => !key.includes(':token:') && !key.includes(':holder:'),
    );
    expect(keys).toEqual([]);
  });

  describe('over TLS', () => {
    const secure = async (names: readonly string[]) => {
      const ca = authority();
      const { cert, key } = ca.issue(names);
      const dir = freshDir();
      const file = (name: string, text: string) => {
        writeFileSync(join(dir, name), text);
        return join(dir, name);
      };
      const port = await freePort();
      await on([
        `tls-port ${port}`,
        `tls-cert-file ${file('cert.pem', cert)}`,
        `tls-key-file ${file('key.pem', key)}`,
        `tls-ca-cert-file ${file('ca.pem', ca.cert)}`,
        'tls-auth-clients no',
      ]);
      return { port, ca: join(dir, 'ca.pem') };
    };

    it('an authority of its own is trusted by NODE_EXTRA_CA_CERTS, and nothing is by itself', async () => {
      const { port, ca } = await secure(['127.0.0.1', 'localhost']);
      for (const host of ['127.0.0.1', 'localhost']) {
        expect(await refused(`rediss://${host}:${port}`)).toMatchObject({
          code: 3,
          message: expect.stringMatching(/cannot be reached: .*certificate/),
          hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
        });
        const { work } = await at(`rediss://${host}:${port}`, { NODE_EXTRA_CA_CERTS: ca });
        expect(await work('deploy --version 1.0 --background')).toMatchObject({ code: 0, stderr: '' });
      }
    });

    it('a certificate for another name is refused', async () => {
      const { port, ca } = await secure(['redis.example.com']);
      expect(await refused(`rediss://localhost:${port}`, { NODE_EXTRA_CA_CERTS: ca })).toMatchObject({
        code: 3,
        message: expect.stringContaining("does not match certificate's altnames"),
      });
    });
  });
});
