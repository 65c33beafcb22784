import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDir, replaceFile } from '../lib/disk/durable-file.ts';
import { sweepFolder } from '../lib/disk/sweep.ts';
import { parseJson, stringifyJson } from '../lib/json/exact-json.ts';
import { isObject } from '../lib/json/json.ts';
import type { Extras } from './extras.ts';

const SCHEMA_VERSION = 1;

/**
 * What the cache has beside the tools, or undefined where there is none for this target. Damaged, or of another version, it is as good as none:
 * it is only a copy of what the server says.
 */
export function readExtras(path: string, target: string): Extras | undefined {
  try {
    const value = parseJson(readFileSync(path, 'utf8'));
    if (!isObject(value) || value['schema_version'] !== SCHEMA_VERSION || value['target'] !== target)
      return undefined;
    const { resources, templates, prompts } = value;
    if (!have(resources, 'uri') || !have(templates, 'uriTemplate') || !have(prompts, 'name'))
      return undefined;
    return { fetchedAt: String(value['fetched_at']), resources, templates, prompts } as Extras;
  } catch {
    return undefined;
  }
}

/** Saves them. Error: IoError. */
export function writeExtras(path: string, target: string, extras: Extras): void {
  makePrivateDir(dirname(path));
  sweepFolder(dirname(path));
  const { fetchedAt, resources, templates, prompts } = extras;
  const value = {
    schema_version: SCHEMA_VERSION,
    target,
    fetched_at: fetchedAt,
    resources,
    templates,
    prompts,
  };
  replaceFile(path, `${stringifyJson(value)}\n`);
}

function have(list: unknown, field: string): list is object[] {
  return Array.isArray(list) && list.every((one) => isObject(one) && typeof one[field] === 'string');
}
