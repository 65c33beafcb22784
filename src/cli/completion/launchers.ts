import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { launcherText } from '../../config/launchers.ts';
import { isSafeName } from '../../config/names.ts';
import type { App } from '../app.ts';

/** A linked command, with the file that is run for its candidates. */
export interface Launcher {
  name: string;
  path: string;
}

/** The linked commands of the configured instances that the PATH leads to. */
export function linkedLaunchers(app: App): Launcher[] {
  return Object.keys(app.config.mcpServers).flatMap((name) => launcherOf(app, name) ?? []);
}

/** The linked command of this name; undefined when the PATH leads to none, or to something that is not ours. */
export function launcherOf({ context }: App, name: string): Launcher | undefined {
  if (!isSafeName(name)) return undefined;
  const files = context.platform === 'win32' ? [`${name}.cmd`] : [name];
  for (const dir of (context.env['PATH'] ?? '').split(delimiter)) {
    if (dir === '') continue;
    const path = files.map((file) => join(resolve(context.cwd, dir), file)).find(existsSync);
    // What comes first is what is run by this name, and somebody else's program is not run for a TAB.
    if (path !== undefined) return launcherText(path) !== undefined ? { name, path } : undefined;
  }
  return undefined;
}
