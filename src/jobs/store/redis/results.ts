/** Where a result is kept in Redis: in the job's hash when it is small, in parts beside it when it is large. */
import type { Redis } from 'ioredis';
import { parseJson } from '../../../lib/json/exact-json.ts';
import type { JobEnd } from '../../record.ts';
import { RecordError } from '../job-files.ts';
import { randomDigits } from '../job-id.ts';

/** Bytes of JSON up to which a result is in the hash, and of each part of a larger one. */
const PART_BYTES = 1024 * 1024;

/** Seconds that parts stay which no end names yet. */
const UNNAMED_S = 3_600;

/** Writes a large result under a name of its own, so that no other end can go with it; undefined for a small one, and for none. */
export async function writeParts(
  redis: Redis,
  keyOf: (name: string) => string,
  text: string | undefined,
): Promise<{ name: string; key: string } | undefined> {
  if (text === undefined || text.length * 3 <= PART_BYTES) return undefined;
  const bytes = Buffer.from(text);
  if (bytes.length <= PART_BYTES) return undefined;
  const name = randomDigits();
  const key = keyOf(name);
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    await redis.rpush(key, bytes.subarray(at, at + PART_BYTES));
    if (at === 0) await redis.expire(key, UNNAMED_S);
  }
  return { name, key };
}

/** The result of a job that has ended, as a field of its record; undefined without one. Error: RecordError when parts of it are missing. */
export async function resultOf(
  redis: Redis,
  keyOf: (name: string) => string,
  { result, parts }: Readonly<Record<string, string>>,
): Promise<{ result: unknown } | undefined> {
  if (result !== undefined) return { result: parseJson(result) };
  if (parts === undefined) return undefined;
  const key = keyOf(parseJson(parts) as string);
  const all = await redis.lrangeBuffer(key, 0, -1);
  try {
    return { result: parseJson(Buffer.concat(all).toString('utf8')) };
  } catch (error) {
    throw new RecordError('damaged', key, `${key}, the result of the job, is missing or damaged`, error);
  }
}

/** The end of work whose result does not fit. What the tool did is done: the record says so, and the result is not kept. */
export function tooLarge(end: JobEnd, bytes: number, limit: number): JobEnd {
  return {
    ...end,
    status: 'failed',
    error: {
      code: 'result_too_large',
      message: `the work ended (${end.status}), but its result of ${bytes} bytes is over the store's limit of ${limit}, and was not kept`,
      ended: end.status,
      bytes,
      limit,
    },
  };
}
