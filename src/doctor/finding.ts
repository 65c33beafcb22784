/** What a check came to. */
import { CliError } from '../errors.ts';

/** `warning`: it works, and somebody should know; `problem`: something does not work. */
export type CheckStatus = 'ok' | 'warning' | 'problem';

export interface Check {
  /** What was looked at: `data root`, `jobs`, `connection`. */
  check: string;
  status: CheckStatus;
  message: string;
  /** What to do about it. */
  hint?: string;
  path?: string;
}

/** A check of an instance, or of what all of them share (null). */
export interface Finding extends Check {
  instance: string | null;
}

interface More {
  hint?: string | undefined;
  path?: string | undefined;
}

export function checked(
  check: string,
  status: CheckStatus,
  message: string,
  { hint, path }: More = {},
): Check {
  return {
    check,
    status,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(path === undefined ? {} : { path }),
  };
}

/** An error as what a check came to. */
export function failed(check: string, error: unknown, status: CheckStatus = 'problem'): Check {
  const { hint, details } = error instanceof CliError ? error : { hint: undefined, details: undefined };
  const path = details?.['path'];
  return checked(check, status, messageOf(error), {
    hint,
    path: typeof path === 'string' ? path : undefined,
  });
}

/** Does a check that may throw: an error is what it came to. */
export function attempt(check: string, work: () => Check[]): Check[] {
  try {
    return work();
  } catch (error) {
    return [failed(check, error)];
  }
}

/** The error's own words, but for those of the JSON parser: it quotes the text, and there may be secrets in it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof SyntaxError)) return message;
  const at = /position (\d+)/.exec(cause.message)?.[1];
  return message.replace(cause.message, `not valid JSON${at === undefined ? '' : ` (at character ${at})`}`);
}
