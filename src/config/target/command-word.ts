/** A server's command, as somebody wrote it: what cannot be one is a URL, an address or a whole command line in one word. */
import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, resolve } from 'node:path';
import type { Context } from '../../context.ts';

type Around = Pick<Context, 'env' | 'cwd' | 'platform'>;

export type Misfit =
  /** `url` is what it means with a scheme. */
  | { kind: 'address'; url: string }
  /** `words` is absent where only a shell could tell them. */
  | { kind: 'line'; words?: string[] };

/** Whether a text begins as a URL does. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** What a command is instead of one, undefined for one that may be right. A file of that name is right whatever it looks like. */
export function commandMisfit(command: string, around: Around): Misfit | undefined {
  // What a variable holds is known when it is used.
  const text = command.replace(/(?!^)\$\{[^}]*\}/g, 'x');
  if (text.startsWith('${')) return undefined;
  if (isUrl(text)) return { kind: 'address', url: command };
  if (isThere(command, around)) return undefined;
  if (/\s/.test(text.trim())) return lineMisfit(command, text, around);
  return isAddress(text) ? { kind: 'address', url: `${schemeOf(text)}://${command}` } : undefined;
}

/** A path may have spaces in it, whether or not it is there yet; a line begins with a program. */
function lineMisfit(command: string, text: string, around: Around): Misfit | undefined {
  const [program = ''] = text.trim().split(/\s+/);
  const isPath = isAbsolute(program) || /^(\.{1,2}[\\/]|~|[a-z]:)/i.test(program);
  if (isPath && !isThere(program, around)) return undefined;
  return /["'\\`|&;<>()]/.test(command)
    ? { kind: 'line' }
    : { kind: 'line', words: command.trim().split(/\s+/) };
}

/** `host:3000`, `localhost/mcp`, `example.com/mcp`. */
function isAddress(text: string): boolean {
  return /^(\[[0-9a-f:]+\]|[\w.-]+):\d+(\/|$)|^localhost(\/|$)|^\w[\w-]*(\.\w[\w-]*)+\//i.test(text);
}

function schemeOf(address: string): 'http' | 'https' {
  return /^(localhost|127\.|\[::1\])/i.test(address) ? 'http' : 'https';
}

/** A file of this name lies here, or where programs are looked for. */
function isThere(word: string, { env, cwd, platform }: Around): boolean {
  const dirs = [cwd, ...(env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((dir) => dir !== '')];
  const endings = platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : [''];
  return dirs.some((dir) => endings.some((ending) => existsSync(resolve(cwd, dir, word + ending))));
}
