/** What a host's server is called here. */
import { checkInstanceName, isSafeName } from '../names.ts';

/** Its name there where that can be one of ours, else the nearest to it; with the host before it where it is a command's name. */
export function ourName(name: string, host: string): string {
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 64);
  return isUsable(plain) ? plain : nameWithHost(name, host);
}

/** `cursor-github`: to have it beside another of its name. */
export function nameWithHost(name: string, host: string): string {
  const plain = `${host}-${name}`.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return plain.replace(/[^A-Za-z0-9]+$/, '');
}

function isUsable(name: string): boolean {
  if (!isSafeName(name)) return false;
  try {
    checkInstanceName(name);
    return true;
  } catch {
    return false;
  }
}
