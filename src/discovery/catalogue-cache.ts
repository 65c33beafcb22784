import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDir, replaceFile } from '../store/durable-file.ts';
import type { Catalogue, ListedJob, ToolDefinition } from './catalogue.ts';

const SCHEMA_VERSION = 2;

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
      jobs?: unknown;
      workflows?: unknown;
    };
    const { tools, jobs = [], workflows = [] } = value;
    if (
      value.schema_version !== SCHEMA_VERSION ||
      !areNamed(tools) ||
      !areNamed(jobs) ||
      !areNamed(workflows)
    )
      throw new Error('not a catalogue of this version');
    if (value.target !== target) return undefined;
    return { target, fetchedAt: String(value.fetched_at), tools, jobs, workflows };
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
  const { target, fetchedAt, tools, jobs, workflows } = catalogue;
  const more = { ...(jobs.length > 0 ? { jobs } : {}), ...(workflows.length > 0 ? { workflows } : {}) };
  replaceFile(
    path,
    JSON.stringify({ schema_version: SCHEMA_VERSION, target, fetched_at: fetchedAt, tools, ...more }),
  );
}

function areNamed(value: unknown): value is (ToolDefinition & ListedJob)[] {
  return Array.isArray(value) && value.every(isNamed);
}

function isNamed(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string'
  );
}
