/** One Redis for all test files of the project `shared`: each home has a history of its own there. */
import type { TestProject } from 'vitest/node';
import { startRedis } from './redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    store: string | undefined;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis();
  project.provide('store', `redis://${redis.host}`);
  return () => redis.kill();
}
