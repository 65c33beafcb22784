import type { LoginAdvice } from '../../errors.ts';
import { shellQuote } from '../../lib/text/shell-quote.ts';

/** What to do about a refusal that a login may change. `command`: `auth login` of the instance with these flags, as the person types it. */
export function loginHint(
  { again = false, stepUp = false, scope }: LoginAdvice,
  command: (flags: string[]) => string,
): string {
  const flags = stepUp && scope !== undefined ? ['--scope', shellQuote(scope)] : [];
  const what = again
    ? 'log in again'
    : 'log in, or configure an Authorization header (instances add --header)';
  return `${what}: ${command(flags)}`;
}
