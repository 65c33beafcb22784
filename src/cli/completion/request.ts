/** The hidden command that the scripts of `completion` call. */
const COMPLETE = '__complete';

/** A line that asks for candidates: what a linked command brings, and what the shell asks. */
export interface CompletionRequest {
  head: readonly string[];
  rest: readonly string[];
}

/** Whether a line asks for candidates. No tool can be typed so: none takes a bare `--`. */
export function completionAsked(argv: readonly string[]): CompletionRequest | undefined {
  const at = argv[0] === '-i' ? 2 : 0;
  if (argv[at] !== COMPLETE || !argv.includes('--', at)) return undefined;
  return { head: argv.slice(0, at), rest: argv.slice(at + 1) };
}
