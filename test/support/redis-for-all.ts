/** One Redis for all tests of a file or a `describe`. */
import { afterAll, beforeAll } from 'vitest';
import { noRedis, startRedis, type TestRedis } from './redis.ts';

export interface SharedRedis {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** The address of jobs that nobody else has; `more` goes behind it. */
  address(more?: string): string;
}

/** Starts it before the first test, and ends it after the last. Says so where there is none: then these tests are to be left out. */
export function redisForAll(settings: readonly string[] = []): SharedRedis {
  if (noRedis !== undefined) console.warn(noRedis);
  let redis: TestRedis | undefined;
  let number = 0;
  beforeAll(async () => {
    redis = await startRedis(settings);
  });
  afterAll(() => redis?.kill());
  const host = () => {
    if (!redis) throw new Error('the server runs in tests alone');
    return redis.host;
  };
  return {
    get host() {
      return host();
    },
    address: (more = '') => `redis://${host()}/0?prefix=t${number++}:${more}`,
  };
}
