/** Command lines as a person would type them, for hints: they run as they stand, but for what may be a secret in them. */
import type { Instance } from '../config/configured-instance.ts';
import { shellQuote } from '../lib/text/shell-quote.ts';

/** A command of an instance. `own`: the name of its linked command, where it was called by that. */
export function instanceLine(instance: Instance, own: string | undefined, words: readonly string[]): string {
  if (own !== undefined && !instance.adHoc) return [own, ...words].join(' ');
  if (!instance.adHoc) return ['mcp2cli', instance.name, ...words].join(' ');
  const { from } = instance;
  return ['mcp2cli', ...targetFlags(instance), ...(from ? [shellQuote(from.name)] : []), ...words].join(' ');
}

/** A command of the program itself about an instance: `auth login NAME --scope S`. */
export function hostLine(instance: Instance, words: readonly string[], flags: readonly string[]): string {
  const { adHoc, name, from } = instance;
  const named = from ? [shellQuote(from.name)] : adHoc ? [] : [name];
  return ['mcp2cli', ...(adHoc ? targetFlags(instance) : []), ...words, ...named, ...flags].join(' ');
}

/** The flags of a server without an instance of its own. */
function targetFlags({ identity, from }: Instance): string[] {
  if (from) return ['--config', shellQuote(from.path)];
  if (identity.kind === 'http')
    return [
      '--url',
      shellQuote(identity.url),
      ...Object.entries(identity.headers).flatMap(([k, v]) => ['--header', shellQuote(`${k}: ${openly(v)}`)]),
    ];
  return [
    ...(identity.jobs === undefined
      ? ['--stdio', shellQuote([identity.command, ...identity.args].map(shellQuote).join(' '))]
      : ['--jobs', shellQuote(identity.jobs)]),
    ...(identity.cwd === undefined ? [] : ['--cwd', shellQuote(identity.cwd)]),
    ...Object.entries(identity.env).flatMap(([k, v]) => ['--env', shellQuote(`${k}=${openly(v)}`)]),
  ];
}

/** A header's or a variable's value for a hint: a reference (`Bearer ${TOKEN}`) as it stands, anything else may be a secret. */
export function openly(value: string): string {
  return /^(\w+ )?\$\{[^}]*\}$/.test(value) ? value : '...';
}
