/**
 * SHA-256 of a text (FIPS 180-4) in hexadecimal. Ours only because every call needs one of a few hundred bytes, and node:crypto costs 2 to
 * 3 ms of each start (docs/measurements.md). Not for secrets: it takes no care about timing.
 */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const hash = Uint32Array.from(INITIAL);
  const block = new Uint32Array(64);
  const padded = pad(bytes);
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) block[i] = view.getUint32(at + 4 * i);
    compress(hash, block);
  }
  return [...hash].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** The fractional parts of the roots of the first primes, as the standard has its constants (4.2.2, 5.3.3). */
function fractions(count: number, root: number): number[] {
  const words: number[] = [];
  for (let candidate = 2; words.length < count; candidate++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) prime &&= candidate % divisor !== 0;
    if (prime) words.push(Math.floor((candidate ** (1 / root) % 1) * 2 ** 32));
  }
  return words;
}

const INITIAL = fractions(8, 2);
const ROUND = fractions(64, 3);

/** The message with its padding and its length in bits (5.1.1). */
function pad(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length * 8) >>> 0);
  return padded;
}

const rotate = (word: number, by: number) => (word >>> by) | (word << (32 - by));

/** One block (6.2.2). `w` has its first 16 words. */
function compress(hash: Uint32Array, w: Uint32Array): void {
  const word = (i: number) => w[i] as number;
  for (let i = 16; i < 64; i++) {
    const s0 = rotate(word(i - 15), 7) ^ rotate(word(i - 15), 18) ^ (word(i - 15) >>> 3);
    const s1 = rotate(word(i - 2), 17) ^ rotate(word(i - 2), 19) ^ (word(i - 2) >>> 10);
    w[i] = word(i - 16) + s0 + word(i - 7) + s1;
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const S1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + S1 + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + word(i)) | 0;
    const S0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) hash[i] = (hash[i] as number) + value;
}
