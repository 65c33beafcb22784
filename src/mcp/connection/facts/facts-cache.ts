import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDir, replaceFile } from '../../../lib/disk/durable-file.ts';
import { sweepFolder } from '../../../lib/disk/sweep.ts';
import { parseJson, stringifyJson } from '../../../lib/json/exact-json.ts';
import type { ServerFacts } from './server-facts.ts';

const SCHEMA_VERSION = 1;

/**
 * The remembered facts about this target's server, or undefined; damaged ones are as good as none: negotiating again mends them. So do those
 * that it told a client which had declared other capabilities (`declared` of ClientDuties).
 */
export function readFacts(path: string, target: string, declared: string): ServerFacts | undefined {
  try {
    const { declared: to = '', ...value } = parseJson(readFileSync(path, 'utf8')) as ServerFacts & {
      schema_version?: unknown;
      declared?: string;
    };
    if (value.schema_version !== SCHEMA_VERSION || value.target !== target || to !== declared)
      return undefined;
    if (value.era !== 'legacy' && value.era !== 'modern') return undefined;
    if (typeof value.capabilities !== 'object' || value.capabilities === null) return undefined;
    return value;
  } catch {
    return undefined;
  }
}

/** Saves the facts, unless nothing but the date has changed. Error: IoError. */
export function writeFacts(
  path: string,
  facts: ServerFacts,
  declared: string,
  before: ServerFacts | undefined,
): void {
  const same = (f: ServerFacts) => stringifyJson({ ...f, schema_version: SCHEMA_VERSION, savedAt: '' });
  if (before && same(before) === same(facts)) return;
  makePrivateDir(dirname(path));
  sweepFolder(dirname(path));
  const told = declared === '' ? {} : { declared };
  replaceFile(path, stringifyJson({ ...facts, ...told, schema_version: SCHEMA_VERSION }));
}
