// What bench/store.js looks at in Redis itself, and puts there. src/jobs/store/redis/layout.ts has the keys.

const keyOf = (name, rest) => `mcp:jobs:{${name}}:${rest}`;

/** Resolves when what waits, and what runs, is as `isSo` wants it. */
export async function waitFor(redis, name, isSo) {
  for (;;) {
    const [target] = await redis.smembers(keyOf(name, 'queues'));
    const [waiting, running] = await Promise.all(
      ['waiting', 'running'].map((list) => redis.zcard(keyOf(name, `queue:${target}:${list}`))),
    );
    if (isSo({ waiting, running })) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** When jobs were made, begun, cancelled and ended, by Redis' clock, in milliseconds; those of the ids, or all. */
export async function jobTimes(redis, name, ids) {
  const all = ids ?? (await redis.zrange(keyOf(name, 'ids'), 0, -1));
  return Promise.all(
    all.map(async (id) => {
      const { created, seen_at, cancel, ended, end } = await redis.hgetall(keyOf(name, `job:${id}`));
      return {
        created: Number(created),
        begun: Number(seen_at),
        cancel: Number(cancel),
        ended: Number(ended),
        end: JSON.parse(end ?? 'null'),
      };
    }),
  );
}

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const digitsOf = (n, width) => (width === 0 ? '' : digitsOf(Math.floor(n / 32), width - 1) + DIGITS[n % 32]);

/** A history of so many jobs beside the one that there is, which has ended: the same under other ids, a millisecond apart. */
export async function fillStore(redis, name, count) {
  const [model] = await redis.zrange(keyOf(name, 'ids'), 0, 0);
  const hash = await redis.hgetall(keyOf(name, `job:${model}`));
  const at = Number(hash.created) - count;
  for (let first = 0; first < count; first += 1_000) {
    const pipeline = redis.pipeline();
    for (let i = first; i < Math.min(first + 1_000, count); i++) {
      const id = `job_${digitsOf(at + i, 10)}${digitsOf(i, 16)}`;
      const copy = { ...hash, created: String(at + i) };
      pipeline.hset(keyOf(name, `job:${id}`), copy);
      const glance = Object.entries(copy).map(([field, value]) => `"${field}":${value}`);
      pipeline.hset(keyOf(name, 'glance'), id, `{${glance.join(',')}}`);
      pipeline.zadd(keyOf(name, 'ids'), at + i, id);
    }
    await pipeline.exec();
  }
}

/** What the server has done since: how often KEYS, and how long its longest command took, in milliseconds. */
export async function watchStore(redis) {
  await redis.config('RESETSTAT');
  await redis.config('SET', 'slowlog-log-slower-than', '1000');
  await redis.slowlog('RESET');
  return async () => {
    const stats = await redis.info('commandstats');
    const slow = await redis.slowlog('GET', -1);
    return {
      keys: Number(/cmdstat_keys:calls=(\d+)/.exec(stats)?.[1] ?? 0),
      longestMs: Math.max(1, ...slow.map(([, , microseconds]) => microseconds / 1_000)),
    };
  };
}
