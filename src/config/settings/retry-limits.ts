/** What the numbers of retries may be, wherever they are said. */
export interface Range {
  min: number;
  max: number;
  whole?: boolean;
}

/** The most attempts that anybody means. */
export const ATTEMPTS: Range = { min: 1, max: 1_000, whole: true };

export const MULTIPLIER: Range = { min: 1, max: 1_000 };

export function isWithin(value: number, { min, max, whole = false }: Range): boolean {
  return value >= min && value <= max && (!whole || Number.isInteger(value));
}

/** `a whole number from 1 to 1000` */
export function rangeText({ min, max, whole = false }: Range): string {
  return `a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`;
}
