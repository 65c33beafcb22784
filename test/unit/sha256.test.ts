import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/lib/sha256.ts';

it('says what the system says, at every length around the blocks and beyond ASCII', () => {
  const texts = [...Array(300).keys()].map((length) => 'aé😀\0'.repeat(length).slice(0, length));
  for (const text of [...texts, 'x'.repeat(100_000)])
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
});
