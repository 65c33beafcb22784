const UNITS = ['', 'k', 'm', 'g'];

/** A number of bytes as typed (`16MB`, `500 kB`, `1.5GB`, `2000`), in powers of a thousand as format-bytes.ts tells them; undefined for what is none. */
export function parseBytes(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmg]?)b?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const bytes = Math.round(Number(amount) * 1_000 ** UNITS.indexOf(unit.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
