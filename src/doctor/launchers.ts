import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { launchersOf, launcherText } from '../config/launchers.ts';
import type { Context } from '../context.ts';
import { VERSION } from '../version.ts';
import { type Check, checked, type Finding } from './finding.ts';

type Around = Pick<Context, 'env' | 'cwd' | 'platform' | 'entry'>;

/** The commands in the PATH that `link` made of an instance: what they call must be there, and of this version. */
export function checkLaunchers(instance: string, around: Around): Check[] {
  const { env, cwd, platform } = around;
  const file = platform === 'win32' ? `${instance}.cmd` : instance;
  const dirs = (env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== '');
  const paths = new Set(dirs.map((dir) => join(resolve(cwd, dir), file)));
  return [...paths].flatMap((path) => {
    const text = launcherText(path);
    return text === undefined ? [] : [checkLauncher(path, text, instance, around)];
  });
}

/** Linked commands whose instance is not configured any more. */
export function strayLaunchers(
  root: string,
  context: Around & Pick<Context, 'home'>,
  configured: readonly string[],
): Finding[] {
  const known = new Set(configured.map((name) => name.toLowerCase()));
  return launchersOf(root, context)
    .filter(({ instance }) => !known.has(instance.toLowerCase()))
    .map(({ instance, path }) => ({
      instance,
      ...checked('launcher', 'warning', `a command of instance ${instance}, which is not there`, {
        hint: `remove it: mcp2cli unlink ${instance}`,
        path,
      }),
    }));
}

function checkLauncher(path: string, text: string, instance: string, { entry }: Around): Check {
  const relink = `make it anew: mcp2cli link ${instance} --dir ${dirname(path)}`;
  const called = calledBy(text);
  if (!called) return checked('launcher', 'warning', 'what it calls cannot be told', { hint: relink, path });
  const missing = [called.node, called.entry].find((one) => !existsSync(one));
  if (missing !== undefined)
    return checked('launcher', 'warning', `it calls ${missing}, which is not there any more`, {
      hint: relink,
      path,
    });
  if (same(called.entry, entry)) return checked('launcher', 'ok', 'calls this program', { path });
  const version = versionAt(called.entry);
  if (version === VERSION)
    return checked('launcher', 'ok', `calls ${called.entry}, of this version`, { path });
  const message = `it calls another version of mcp2cli (${version ?? 'unknown'}): ${called.entry}`;
  return checked('launcher', 'warning', message, { hint: relink, path });
}

/** The program and entry in a launcher's line, as `link` writes it. */
export function calledBy(text: string): { node: string; entry: string } | undefined {
  const word = String.raw`((?:'[^']*'|\\'|[^\s'])+)`;
  const [, node, entry] = new RegExp(`^ *exec ${word} ${word} -i `, 'm').exec(text) ?? [];
  if (node !== undefined && entry !== undefined) return { node: unquoted(node), entry: unquoted(entry) };
  const [, windowsNode, windowsEntry] = /^"([^"]+)" "([^"]+)" -i /m.exec(text) ?? [];
  return windowsNode === undefined || windowsEntry === undefined
    ? undefined
    : { node: windowsNode, entry: windowsEntry };
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|\\(.)/g,
    (_, quoted: string | undefined, escaped: string | undefined) => quoted ?? escaped ?? '',
  );
}

function same(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

function versionAt(entry: string): string | undefined {
  try {
    const { name, version } = JSON.parse(
      readFileSync(join(dirname(realpathSync(entry)), '..', 'package.json'), 'utf8'),
    );
    return name === 'mcp2cli' && typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
