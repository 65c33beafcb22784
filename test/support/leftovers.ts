import { lstatSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** What was being written under a home, by names relative to it. `age`: makes all of it two hours old, as if its makers had died then. */
export function leftovers(home: string, { age = false } = {}): string[] {
  const found = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(^|\/)\.?(tmp|new)-[^/]*$|\.lock$|\.tmp|\.after-[^/]*$/.test(path),
  );
  const then = Date.now() / 1000 - 7200;
  // When somebody last looked for such, too.
  if (age)
    for (const path of [...found, ...sweeps(home)])
      if (!lstatSync(join(home, path)).isSymbolicLink()) utimesSync(join(home, path), then, then);
  return found;
}

function sweeps(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('/.swept'));
}
