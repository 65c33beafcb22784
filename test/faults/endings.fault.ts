/** Whatever a server sends or does not send, at any step, over any transport: every command ends within its limits, with the right code. */
import { it } from 'vitest';
import { inLanes } from '../../src/lib/lanes.ts';
import { flawOf } from '../support/ending-codes.ts';
import { crossSection, endingOf, TRANSPORTS } from '../support/endings.ts';
import { ledger } from '../support/ledger.ts';

/** Two of every five steps for each answer over each transport, others over the next one. ENDINGS_ALL=1 tries all of them. */
const cases = process.env['ENDINGS_ALL'] ? crossSection(1, 1) : crossSection(2, 5);

it.each(TRANSPORTS)('wrong answers over %s', async (transport) => {
  const book = ledger(`wrong answers over ${transport}`);
  await inLanes(
    4,
    cases.filter((one) => one.transport === transport),
    async (one) => {
      book.tried();
      const ending = await endingOf(one);
      const flaw = flawOf(one, ending);
      if (flaw === undefined) return;
      if (ending.calls > 1) book.twice(flaw);
      else book.wrong(flaw);
    },
  );
  book.settle();
});
