/** Whatever a server sends or does not send: every command ends within its limits, with the right code. The fault suite has many more of these. */
import { expect, it, vi } from 'vitest';
import { inLanes } from '../../../src/lib/lanes.ts';
import { flawOf } from '../../support/ending-codes.ts';
import { crossSection, endingOf, TRANSPORTS } from '../../support/endings.ts';

vi.setConfig({ testTimeout: 180_000 });

/** Each answer at one or two steps over one transport or another. */
const cases = crossSection(1, 20);

it.each(TRANSPORTS)('wrong answers over %s', async (transport) => {
  const mine = cases.filter((one) => one.transport === transport);
  expect(mine.length).toBeGreaterThan(5);
  const flaws: string[] = [];
  await inLanes(4, mine, async (one) => {
    const flaw = flawOf(one, await endingOf(one));
    if (flaw !== undefined) flaws.push(flaw);
  });
  expect(flaws).toEqual([]);
});
