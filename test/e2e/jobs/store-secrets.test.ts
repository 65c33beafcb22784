/** What is in Redis, byte by byte: no secret; and what another user of the same Redis can see of it: nothing. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '@modelcontextprotocol/server';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance } from '../../support/instance.ts';
import { modernServer } from '../../support/modern-server.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { demoServer } from '../../support/servers.ts';

/** Everything in the files of a folder. */
function bytesIn(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

/** A server with a tool that takes a secret, and does not repeat it. */
function lockServer(): Server {
  const server = new Server({ name: 'lock', version: '1' }, { capabilities: { tools: {} } });
  const inputSchema = {
    type: 'object' as const,
    properties: { user: { type: 'string' }, password: { type: 'string', format: 'password' } },
  };
  server.setRequestHandler('tools/list', () => ({ tools: [{ name: 'unlock', inputSchema }] }));
  server.setRequestHandler('tools/call', () => ({ content: [{ type: 'text', text: 'unlocked' }] }));
  return server;
}

describe.skipIf(noRedis !== undefined)('secrets and a shared store', () => {
  it('no header, token, variable or secret argument is in a dump of it', async () => {
    const dir = freshDir();
    const redis = await startRedis([
      'requirepass st0re-passw0rd',
      `dir ${dir}`,
      'appendonly yes',
      // Texts stand in its files as they are.
      'aof-use-rdb-preamble no',
      'rdbcompression no',
    ]);
    onTestFinished(() => redis.kill());
    const { url } = await modernServer(lockServer);
    const home = freshHome();
    const key = randomBytes(32).toString('base64');
    const env = {
      STORE_PW: 'st0re-passw0rd',
      MCP2CLI_STORE: `redis://:\${STORE_PW}@${redis.host}`,
      MCP2CLI_STORE_KEY: key,
      API_TOKEN: 'hdr-t0ken',
      OTHER: 'env-s3cret',
    };
    await addInstance(home, [
      url,
      '--header',
      'Authorization: Bearer ${API_TOKEN}',
      '--header',
      'X-Key: plain-k3y',
    ]);
    const unlock = ['work', 'unlock', '--user', 'visible-user', '--password', 'arg-s3cret', '--quiet'];
    for (const mode of ['--background', '--detach'])
      expect(await run([...unlock, mode], { home, env })).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^job_/),
      });
    const admin = new Redis(`redis://:st0re-passw0rd@${redis.host}`);
    onTestFinished(() => admin.disconnect());
    await admin.save();
    const bytes = bytesIn(dir);
    // What is no secret is found: the look is a look.
    for (const word of ['visible-user', 'unlocked', 'REDIS0']) expect(bytes).toContain(word);
    for (const word of [
      'hdr-t0ken',
      'plain-k3y',
      'env-s3cret',
      'arg-s3cret',
      'st0re-passw0rd',
      'Bearer',
      key,
    ])
      expect(bytes.includes(word), word).toBe(false);
    await run(['keeper', 'stop', 'work', '--force'], { home, env });
  });

  it('two users with two prefixes see nothing of each other, and can do nothing to it', async () => {
    const acl = '+@all -@admin -@dangerous +info';
    const redis = await startRedis([
      'user default off',
      `user ada on >a ~ada:* &ada:* ${acl}`,
      `user bob on >b ~bob:* &bob:* ${acl}`,
    ]);
    onTestFinished(() => redis.kill());
    const server = await demoServer({ speed: 50 });
    const as = async (user: string, password: string, prefix: string) => {
      const home = freshHome();
      await addInstance(home, [server.url]);
      const env = { MCP2CLI_STORE: `redis://${user}:${password}@${redis.host}/0?prefix=${prefix}:` };
      return (...words: string[]) => run(['--json', 'work', ...words], { home, env });
    };
    const ada = await as('ada', 'a', 'ada');
    const bob = await as('bob', 'b', 'bob');
    const thief = await as('bob', 'b', 'ada');
    const { data } = JSON.parse((await ada('deploy', '--version', '2.0', '--background')).stdout);
    expect(JSON.parse((await bob('jobs', 'list')).stdout)).toEqual([]);
    expect(await bob('jobs', 'show', data.job_id)).toMatchObject({ code: 2, stdout: '' });
    for (const words of [
      ['jobs', 'list'],
      ['jobs', 'show', data.job_id],
      ['jobs', 'cancel', data.job_id],
      ['jobs', 'wait', data.job_id],
      ['jobs', 'logs', data.job_id],
      ['jobs', 'prune', '--older-than', '0', '--yes'],
      ['deploy', '--version', '3.0', '--background'],
    ])
      expect(await thief(...words)).toMatchObject({ code: 4, stdout: '' });
    expect(server.stats.requests['tools/call']).toBe(1);
    expect(await ada('jobs', 'wait', data.job_id)).toMatchObject({ code: 0 });
  });
});
