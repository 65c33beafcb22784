/** A number of things in words: `1 job`, `3 jobs`. `noun` is one whose plural ends with an s. */
export function counted(n: number | string, noun: string): string {
  return `${n} ${noun}${Number(n) === 1 ? '' : 's'}`;
}
