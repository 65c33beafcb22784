/** What is wrong, in one text: one problem as it stands, several below their number. */
export function problemText(problems: readonly string[]): string {
  return problems.length === 1
    ? `${problems[0]}`
    : `${problems.length} problems:\n  ${problems.join('\n  ')}`;
}
