import { readFileSync } from 'node:fs';

/** Marks a launcher (`link`) as ours, so that it may be replaced, and found. It stands in the first few lines. */
export const LAUNCHER_MARK = 'mcp2cli launcher';

/** Launchers are small; whatever else has an instance's name is not one. */
const MAX_LAUNCHER = 10_000;

/** What a launcher that `link` wrote has in it; undefined for any other file, and for none. */
export function launcherText(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length < MAX_LAUNCHER && text.slice(0, 400).includes(LAUNCHER_MARK) ? text : undefined;
  } catch {
    return undefined;
  }
}
