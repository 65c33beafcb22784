/** A number of things in words: `1 job`, `3 jobs`. `noun` is one whose plural ends with an s. */
export function counted(n: number | string, noun: string): string {
  return `${n} ${noun}${Number(n) === 1 ? '' : 's'}`;
}

/** What is wrong, in one text: one problem as it stands, several below their number. */
export function problemText(problems: readonly string[]): string {
  return problems.length === 1
    ? `${problems[0]}`
    : `${problems.length} problems:\n  ${problems.join('\n  ')}`;
}
