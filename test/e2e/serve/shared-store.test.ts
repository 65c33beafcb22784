/** `serve` with jobs in a shared store: one connection to it, however much is asked. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { atTestEnd, run } from '../../support/cli.ts';
import { BIN, cleanEnv } from '../../support/env.ts';
import { freshDir } from '../../support/home.ts';
import { homeAt } from '../../support/instance.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { demoServer } from '../../support/servers.ts';

if (noRedis !== undefined) console.warn(noRedis);

const JOB = `
import { job, z } from 'mcp2cli/jobs';
export default job({ name: 'shout', inputSchema: { text: z.string() }, outputSchema: { text: z.string() } })(
  async ({ text }, ctx) => ({ text: String(await ctx.call('work', 'loud', { message: text })) }));
`;

/** A Redis, an instance with its jobs there, and what a served process gets. */
async function place() {
  const redis = await startRedis();
  atTestEnd(() => redis.kill());
  const server = await demoServer({ dialect: 'plain' });
  const home = await homeAt(server.url);
  const store = { MCP2CLI_STORE: `redis://${redis.host}/0` };
  const [host, port] = redis.host.split(':');
  const raw = new Redis(Number(port), host ?? '');
  atTestEnd(() => raw.disconnect());
  const opened = async () =>
    Number(/total_connections_received:(\d+)/.exec(await raw.info('stats'))?.[1] ?? Number.NaN);
  const client = new Client({ name: 'test', version: '1' });
  const serve = async (...words: string[]) => {
    const args = [BIN, 'serve', ...words];
    const env = cleanEnv(home, store);
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' }),
    );
    atTestEnd(() => client.close());
  };
  /** Asks everything `ask` asks, three times more. */
  const opensNoMore = async (ask: (text: string) => Promise<void>) => {
    await ask('first');
    const before = await opened();
    for (const text of ['a', 'b', 'c']) await ask(text);
    expect(await opened()).toBe(before);
    // It ends all the same when its client goes.
    await client.close();
    await expect.poll(async () => (await raw.client('LIST')) as string).not.toContain('name=mcp2cli');
  };
  return { home, store, client, serve, opensNoMore };
}

describe.skipIf(noRedis !== undefined)('serve opens one connection to a shared store', () => {
  it('for lists, runs and calls of other instances', async () => {
    const { home, store, client, serve, opensNoMore } = await place();
    // A definition is looked up in the store.
    const define = ['work', 'jobs', 'define', 'loud', '--tool', 'echo'];
    expect(await run(define, { home, env: store })).toMatchObject({ code: 0 });
    const dir = freshDir('jobs');
    writeFileSync(join(dir, 'shout.job.mjs'), JOB);
    await serve('--jobs', dir);
    await opensNoMore(async (text) => {
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('shout');
      const said = await client.callTool({ name: 'shout', arguments: { text } });
      expect(JSON.stringify(said)).toContain(text);
      await client.callTool({ name: 'list_jobs', arguments: {} });
    });
  });

  it('for the tools and jobs of an instance', async () => {
    const { home, store, client, serve, opensNoMore } = await place();
    const detached = ['work', 'echo', '--message', 'hi', '--background', '--quiet'];
    const id = (await run(detached, { home, env: store })).stdout.trim();
    await serve('work');
    await opensNoMore(async (text) => {
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
      const said = await client.callTool({ name: 'echo', arguments: { message: text } });
      expect(JSON.stringify(said)).toContain(text);
      const status = await client.callTool({ name: 'get_job_status', arguments: { runId: id } });
      expect(JSON.stringify(status)).toContain('hi');
    });
  });
});
