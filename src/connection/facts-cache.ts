import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDir, replaceFile } from '../store/durable-file.ts';
import type { ServerFacts } from './server-facts.ts';

const SCHEMA_VERSION = 1;

/** The remembered facts about this target's server, or undefined; damaged ones are as good as none: negotiating again mends them. */
export function readFacts(path: string, target: string): ServerFacts | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as ServerFacts & { schema_version?: unknown };
    if (value.schema_version !== SCHEMA_VERSION || value.target !== target) return undefined;
    if (value.era !== 'legacy' && value.era !== 'modern') return undefined;
    if (typeof value.capabilities !== 'object' || value.capabilities === null) return undefined;
    return value;
  } catch {
    return undefined;
  }
}

/** Saves the facts, unless nothing but the date has changed. Error: IoError. */
export function writeFacts(path: string, facts: ServerFacts, before: ServerFacts | undefined): void {
  const same = (f: ServerFacts) => JSON.stringify({ ...f, schema_version: SCHEMA_VERSION, savedAt: '' });
  if (before && same(before) === same(facts)) return;
  makePrivateDir(dirname(path));
  replaceFile(path, JSON.stringify({ ...facts, schema_version: SCHEMA_VERSION }));
}
