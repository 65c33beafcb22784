/** A loss of power for a Redis with `appendfsync always`: what it had told nobody may be on its disk in part. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atTestEnd } from './cli.ts';
import type { TestRedis } from './redis.ts';

export interface Power {
  /** Where clients connect to: `127.0.0.1:PORT`. */
  host: string;
  /**
   * Clients still ask and nothing is answered, until something is in the file and for `ms` milliseconds more; then Redis is killed, its file is cut
   * at a byte behind all that was answered, `random` says where, and it is started again. Resolves with how many bytes were there to cut, and were cut.
   */
  fail(ms: number, random: () => number): Promise<{ unanswered: number; cut: number }>;
}

/** Stands between a Redis, which must not rewrite its file, and its clients. Gone with the test. */
export async function powerOf(redis: TestRedis): Promise<Power> {
  const pairs = new Set<() => void>();
  let isAnswering = true;
  const proxy = createServer((client) => {
    const [host = '', port] = redis.host.split(':');
    const server = connect(Number(port), host);
    const end = () => {
      pairs.delete(end);
      client.destroy();
      server.destroy();
    };
    pairs.add(end);
    for (const socket of [client, server] as Socket[])
      socket.setNoDelay(true).on('error', end).on('close', end);
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => isAnswering && client.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const disconnect = () => {
    for (const end of pairs) end();
  };
  atTestEnd(async () => {
    disconnect();
    proxy.close();
    await once(proxy, 'close');
  });
  return {
    host: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async fail(ms, random) {
      isAnswering = false;
      // Redis answers what it has synced: everything that anybody was told stands before this.
      const answered = statSync(fileOf(redis)).size;
      while (statSync(fileOf(redis)).size === answered) await sleep(5);
      await sleep(ms);
      let seen = { unanswered: 0, cut: 0 };
      await redis.restart(() => {
        const { size } = statSync(fileOf(redis));
        const cut = 1 + Math.floor(random() * (size - answered));
        truncateSync(fileOf(redis), size - cut);
        mend(redis);
        seen = { unanswered: size - answered, cut };
      });
      disconnect();
      isAnswering = true;
      return seen;
    },
  };
}

/** As docs/shared-store.md says: Redis itself leaves half of a script in the file, which the start after the next one brings back. */
function mend({ dir }: TestRedis): void {
  const folder = join(dir, 'appendonlydir');
  const manifest = readdirSync(folder).find((name) => name.endsWith('.manifest')) ?? '';
  execFileSync('redis-check-aof', ['--fix', join(folder, manifest)], { input: 'y\n' });
}

/** The file that Redis appends to. */
function fileOf({ dir }: TestRedis): string {
  const folder = join(dir, 'appendonlydir');
  const names = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  if (names.length !== 1) throw new Error(`which of these is appended to: ${names.join(', ')}`);
  return join(folder, names[0] ?? '');
}
