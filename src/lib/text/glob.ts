/**
 * Whether a name fits a pattern, whole: `*` is any number of characters, `?` is one, everything else is itself, case included. Only the last
 * `*` is ever gone back to, so that no pattern takes longer than its length times the name's.
 */
export function globMatches(pattern: string, name: string): boolean {
  const wanted = [...pattern];
  const given = [...name];
  let at = 0;
  let to = 0;
  let star = -1;
  let resume = 0;
  while (to < given.length) {
    if (wanted[at] === '*') {
      star = at++;
      resume = to;
    } else if (wanted[at] === '?' || wanted[at] === given[to]) {
      at += 1;
      to += 1;
    } else if (star >= 0) {
      at = star + 1;
      to = ++resume;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
