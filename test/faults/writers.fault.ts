/** Processes that write or remove jobs on disk, killed at random: what they had acknowledged is there, and what is left is whole. */
import { it } from 'vitest';
import { killPrunes } from '../support/kills/prunes.ts';
import { killWriters } from '../support/kills/writers.ts';
import { ledger } from '../support/ledger.ts';

it.each<[string, (times: number) => Promise<number>, number]>([
  ['a writer of jobs', killWriters, 120],
  ['jobs prune', killPrunes, 40],
])('%s', async (who, killed, times) => {
  const book = ledger(`SIGKILL at a random time: ${who}`);
  const inTime = await killed(times);
  for (let n = 0; n < inTime; n++) book.tried();
});
