/** Secrets that are written out in a configuration, where `${VAR}` could stand. By their names and places: a guess, to warn and to hide by. */
import type { ServerConfig } from './server-entry.ts';

const NAME =
  /token|secret|passw|pwd|credential|api[-_]?key|access[-_]?key|private[-_]?key|auth|cookie|^key$|[-_]key$|^pat$|[-_]pat$/i;
/** `--api-key=...` and `--api-key`, behind which it stands. */
const FLAG = /^--?([A-Za-z][\w-]*)(=(.*))?$/s;

/** Whether what has this name is most likely a secret. */
export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a value has anything in it beside `${VAR}` and the word before it. */
function isWrittenOut(value: string): boolean {
  return (
    value
      .replace(/\$\{[^}]*\}/g, '')
      .replace(/^\s*[A-Za-z]+\s+$/, '')
      .trim() !== ''
  );
}

/** Where secrets are written out: `env.TOKEN`, `headers.Authorization`, `args`, `url`. */
export function secretPlaces({ env = {}, headers = {}, args = [], url }: ServerConfig): string[] {
  const named = (map: Record<string, string>, where: string) =>
    Object.entries(map)
      .filter(([name, value]) => isSecretName(name) && isWrittenOut(value))
      .map(([name]) => `${where}.${name}`);
  return [
    ...named(env, 'env'),
    ...named(headers, 'headers'),
    ...(argsWithoutSecrets(args).some((arg, i) => arg !== args[i]) ? ['args'] : []),
    ...(url !== undefined && urlWithoutSecrets(url) !== url ? ['url'] : []),
  ];
}

/** What a server is recognised by. */
type Shown = Pick<ServerConfig, 'url' | 'jobs' | 'command' | 'args'>;

/** What can be shown of a server: its URL, or its command and arguments. */
export function shownTarget({ url, jobs, command = '', args = [] }: Shown): string {
  if (jobs !== undefined) return `job files in ${jobs}`;
  if (url !== undefined) return urlWithoutSecrets(url);
  return [command, ...argsWithoutSecrets(args)].join(' ');
}

/** A command's arguments, each secret replaced by `[redacted]`. */
export function argsWithoutSecrets(args: readonly string[]): string[] {
  return args.map((arg, i) => argWithoutSecret(arg, args[i - 1]));
}

function argWithoutSecret(arg: string, before: string | undefined): string {
  const [, name = '', inline, value = ''] = FLAG.exec(arg) ?? [];
  if (inline !== undefined && isSecretName(name) && isWrittenOut(value))
    return `${arg.slice(0, arg.length - value.length)}[redacted]`;
  const [, flag = '', own] = FLAG.exec(before ?? '') ?? [];
  const follows = flag !== '' && own === undefined && isSecretName(flag) && !arg.startsWith('-');
  if (follows && isWrittenOut(arg)) return '[redacted]';
  const header = /^([A-Za-z][\w-]*): *(.+)$/s.exec(arg);
  if (header?.[1] !== undefined && isSecretName(header[1]) && isWrittenOut(header[2] ?? ''))
    return `${header[1]}: [redacted]`;
  return /^https?:\/\//i.test(arg) ? urlWithoutSecrets(arg) : arg;
}

/** A URL, its password and each parameter with a secret's name replaced by `[redacted]`. */
export function urlWithoutSecrets(url: string): string {
  return url
    .replace(/^([a-z]+:\/\/)([^/?#@]*)@/i, (whole, scheme: string, user: string) =>
      isWrittenOut(user.replace(':', '')) ? `${scheme}[redacted]@` : whole,
    )
    .replace(/([?&])([^=&#]+)=([^&#]*)/g, (whole, before: string, name: string, value: string) =>
      isSecretName(name) && isWrittenOut(value) ? `${before}${name}=[redacted]` : whole,
    );
}
