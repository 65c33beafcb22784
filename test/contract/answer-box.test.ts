/** Answers that wait in a shared store for whoever holds the job. */
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAddress } from '../../src/config/settings/store-address.ts';
import { connectStore } from '../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../src/jobs/store/redis/redis-store.ts';
import { sealCall, storeKey } from '../../src/jobs/store/redis/sealed-call.ts';
import { noRedis } from '../support/redis.ts';
import { redisForAll } from '../support/redis-for-all.ts';
import { completed, newJob } from '../support/store-fixtures.ts';

const QUESTION = { request_id: 1, received_at: '2026-03-30T10:15:30.000Z' };
const yes = (token: string) => ({
  token,
  answer: { action: 'accept', content: { secret: 'hunter2', n: 1 } },
});

describe.skipIf(noRedis !== undefined)('answers in a shared store', () => {
  const server = redisForAll();
  let number = 0;

  const open = async (prefix: string, keyText: string | undefined) => {
    const at = readAddress(`redis://${server.host}/0?prefix=${prefix}`, 'test');
    const address = { ...at, name: 'work', keyText };
    const store = new RedisJobStore(await connectStore(address, 0), address, 'work');
    onTestFinished(() => store.close());
    return store;
  };

  const asking = async (keyText?: string) => {
    const prefix = `a${number++}:`;
    const store = await open(prefix, keyText);
    const [host, port] = server.host.split(':');
    const raw = new Redis(Number(port), host ?? '');
    onTestFinished(() => raw.disconnect());
    const { job_id: id } = await store.create(newJob());
    const key = `${prefix}{work}:job:${id}:answers`;
    return { store, box: store.answers, id, raw, key, prefix };
  };

  it('the first one to a question counts; given again after a broken connection it is the same', async () => {
    const { box, id } = await asking();
    expect(await box.left(id, QUESTION)).toBeUndefined();
    expect(await box.give(id, QUESTION, yes('a'))).toBe('given');
    expect(await box.give(id, QUESTION, yes('b'))).toBe('answered');
    expect(await box.give(id, QUESTION, yes('a'))).toBe('given');
    expect(await box.left(id, QUESTION)).toEqual(yes('a'));
    // JSON-RPC tells 1 from "1", and a connection's 1 is not another's.
    for (const other of [{ request_id: '1' }, { received_at: '2026-03-30T10:15:31.000Z' }])
      expect(await box.give(id, { ...QUESTION, ...other }, yes('c'))).toBe('given');
  });

  it('is gone from the store once it is taken, and what became of it stays', async () => {
    const { box, id, raw, key } = await asking();
    await box.give(id, QUESTION, yes('a'));
    await box.settle(id, QUESTION, 'taken');
    expect(await box.left(id, QUESTION)).toEqual({ token: 'a', state: 'taken', message: '' });
    expect((await raw.hvals(key)).join()).not.toContain('hunter2');
    expect(await box.give(id, QUESTION, yes('b'))).toBe('answered');
    expect(await box.give(id, QUESTION, yes('a'))).toBe('given');
  });

  it('waits sealed where there is a key, and says why where it cannot be opened', async () => {
    const { box, id, raw, key, prefix } = await asking('a'.repeat(64));
    expect(await box.give(id, QUESTION, yes('a'))).toBe('given');
    expect((await raw.hvals(key)).join()).toMatch(/^{"token":"a","sealed":"[^"]+"}$/);
    expect(await box.give(id, QUESTION, yes('b'))).toBe('answered');
    expect(await box.give(id, QUESTION, yes('a'))).toBe('given');
    expect(await box.left(id, QUESTION)).toEqual(yes('a'));
    for (const [keyText, why] of [
      ['b'.repeat(64), 'the answer was sealed with another MCP2CLI_STORE_KEY where the job is'],
      [undefined, 'the answer is sealed, and there is no MCP2CLI_STORE_KEY where the job is'],
    ] as const)
      expect(await (await open(prefix, keyText)).answers.left(id, QUESTION)).toEqual({
        token: 'a',
        unreadable: why,
      });
    // A call is no answer, though the same key has sealed both.
    const { sealed } = JSON.parse(sealCall(yes('a').answer, storeKey('a'.repeat(64))));
    await raw.hset(key, (await raw.hkeys(key))[0] ?? '', JSON.stringify({ token: 'a', sealed }));
    expect(await box.left(id, QUESTION)).not.toHaveProperty('answer');
    await box.settle(id, QUESTION, 'taken');
    expect(await box.left(id, QUESTION)).toEqual({ token: 'a', state: 'taken', message: '' });
  });

  it('one that the server refuses makes room for another', async () => {
    const { box, id } = await asking();
    await box.give(id, QUESTION, yes('a'));
    await box.settle(id, QUESTION, 'taken');
    await box.settle(id, QUESTION, 'refused', 'no "such" region');
    expect(await box.left(id, QUESTION)).toEqual({
      token: 'a',
      state: 'refused',
      message: 'no "such" region',
    });
    expect(await box.give(id, QUESTION, yes('b'))).toBe('given');
    expect(await box.left(id, QUESTION)).toEqual(yes('b'));
  });

  it('the end of the job takes away what nobody has taken, and its removal everything', async () => {
    const { store, box, id, raw, key } = await asking();
    await box.give(id, QUESTION, yes('a'));
    await box.settle(id, QUESTION, 'taken');
    const other = { ...QUESTION, request_id: 2 };
    await box.give(id, other, yes('b'));
    await store.finish(id, completed());
    expect(await box.left(id, QUESTION)).toMatchObject({ state: 'taken' });
    expect(await box.left(id, other)).toBeUndefined();
    expect(await box.give(id, other, yes('c'))).toBe('ended');
    expect(await raw.pttl(key)).toBeGreaterThan(0);
    await store.remove([id], { onRemoved: () => {}, signal: new AbortController().signal });
    expect(await raw.exists(key)).toBe(0);
    await expect(box.give(id, other, yes('c'))).rejects.toMatchObject({ code: 'unknown_job' });
  });

  it('whoever holds the job hears of it', async () => {
    const { store, box, id } = await asking();
    const changed = store.changes(id);
    const { signal } = new AbortController();
    await changed(signal);
    const heard = changed(signal);
    await box.give(id, QUESTION, yes('a'));
    await heard;
  });
});
