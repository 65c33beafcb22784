/**
 * BullMQ brings the jobs of a target to its workers. It may bring one any number of times, or late: what is done with it is decided by the claim
 * (jobs/call-queue.ts), so that nothing rests on its options. Loads BullMQ; nothing else does.
 */
import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';

/** BullMQ gives a job up that it has brought so often: never, as the claim decides. */
const NEVER = 1_000_000_000;

export interface DeliveryOptions {
  redis: RedisOptions;
  /** What BullMQ's keys begin with. */
  prefix: string;
  name: string;
  /** Jobs at a time. */
  concurrency: number;
  /** How long BullMQ takes a delivery for under way without hearing of it, in milliseconds. */
  leaseMs: number;
  /** Takes a job. What it rejects with is a defect. */
  deliver: (id: string) => Promise<void>;
  onError: (error: Error) => void;
}

export interface Delivery {
  /** Jobs to be delivered. One that is on its way already is not brought twice for that. */
  add(ids: readonly string[]): Promise<void>;
  /** Brings nothing new, and resolves when all that was brought is done. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Errors: those of Redis. */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { redis, prefix, name, concurrency, leaseMs, deliver, onError } = options;
  const connections = [new Redis(redis), new Redis(redis)] as const;
  // BullMQ passes on what these say.
  for (const connection of connections) connection.on('error', () => {});
  const queue = new Queue(name, { connection: connections[0], prefix });
  const worker = new Worker(name, async ({ id }) => deliver(id ?? ''), {
    connection: connections[1],
    prefix,
    concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.round(leaseMs / 3),
    maxStalledCount: NEVER,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  queue.on('error', onError);
  worker.on('error', onError);
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  let stopped: Promise<void> | undefined;
  return {
    async add(ids) {
      const opts = { removeOnComplete: true, removeOnFail: true };
      await queue.addBulk(ids.map((jobId) => ({ name: 'call', data: {}, opts: { ...opts, jobId } })));
    },
    stop() {
      stopped ??= worker.close();
      return stopped;
    },
    async close() {
      await Promise.all([worker.close(true), queue.close()]).catch(() => {});
      for (const connection of connections) connection.disconnect();
    },
  };
}
