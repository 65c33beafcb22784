import { expect, it } from 'vitest';
import { Turns } from '../../src/lib/turns.ts';

const never = new AbortController().signal;

it('lets so many at it at a time, the others in the order in which they came', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const take = async (n: number) => {
    const end = await turns.take(never);
    begun.push(n);
    return end;
  };
  const all = [0, 1, 2, 3].map(take);
  const [first, second] = await Promise.all(all.slice(0, 2));
  expect(begun).toEqual([0, 1]);
  second?.();
  // Said twice is said once.
  second?.();
  await all[2];
  expect(begun).toEqual([0, 1, 2]);
  first?.();
  await all[3];
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('passes over whoever has given up', async () => {
  const turns = new Turns(1);
  const end = await turns.take(never);
  const givesUp = new AbortController();
  const second = turns.take(givesUp.signal);
  const third = turns.take(never);
  givesUp.abort(new Error('given up'));
  await expect(second).rejects.toThrow('given up');
  end();
  (await third)();
  await expect(turns.take(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
});
