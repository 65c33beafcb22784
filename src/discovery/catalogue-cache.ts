import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDir, replaceFile } from '../store/durable-file.ts';
import type { ToolDefinition } from './catalogue.ts';

const SCHEMA_VERSION = 1;

/** What a server offered when it was last asked. */
export interface Catalogue {
  /** Hash of the target that it is about, and what the client had declared, where that is more than usual. */
  target: string;
  /** ISO 8601 UTC. */
  fetchedAt: string;
  tools: ToolDefinition[];
}

/**
 * The cached catalogue, or undefined when there is none for this target. A cache that is damaged or from another version is as good as none:
 * it is only a copy of what the server says, and asking again mends it. `onProblem` hears of it.
 */
export function readCatalogue(
  path: string,
  target: string,
  onProblem: (message: string) => void,
): Catalogue | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      onProblem(`cannot read the cached catalogue ${path}: ${(error as Error).message}`);
    return undefined;
  }
  try {
    const value = JSON.parse(text) as {
      schema_version?: unknown;
      target?: unknown;
      fetched_at?: unknown;
      tools?: unknown;
    };
    if (value.schema_version !== SCHEMA_VERSION || !Array.isArray(value.tools) || !value.tools.every(isTool))
      throw new Error('not a catalogue of this version');
    if (value.target !== target) return undefined;
    return { target, fetchedAt: String(value.fetched_at), tools: value.tools };
  } catch (error) {
    onProblem(
      `the cached catalogue is damaged and will be fetched again: ${path}: ${(error as Error).message}`,
    );
    return undefined;
  }
}

/** Saves the catalogue. Error: IoError. */
export function writeCatalogue(path: string, catalogue: Catalogue): void {
  makePrivateDir(dirname(path));
  const { target, fetchedAt, tools } = catalogue;
  replaceFile(path, JSON.stringify({ schema_version: SCHEMA_VERSION, target, fetched_at: fetchedAt, tools }));
}

function isTool(value: unknown): value is ToolDefinition {
  return (
    typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string'
  );
}
