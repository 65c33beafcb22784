import { appendFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PermissionAction } from '../config/settings/permission-settings.ts';
import { LOG_BYTES } from '../lib/caps.ts';
import { makePrivateDir } from '../lib/disk/durable-file.ts';
import { ioFailure } from '../lib/disk/io-failure.ts';

/** A line of an instance's refusals. */
export interface RecordedRefusal {
  /** ISO 8601, UTC. */
  time: string;
  action: PermissionAction;
  /** The tool, or the name of what was meant; null for a list. */
  tool: string | null;
  /** The rule's name, or its place in the configuration. */
  rule: string;
  reason: string;
  roles: readonly string[];
  scopes: readonly string[];
}

/**
 * Adds a refusal to an instance's file, which the program never reads. A file that is full is put aside; one older file is kept. Error: IoError.
 */
export function recordRefusal(path: string, refusal: RecordedRefusal): void {
  makePrivateDir(dirname(path));
  try {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES) renameSync(path, `${path}.1`);
    // One write for a line, so that processes that are refused at the same time do not mix theirs.
    appendFileSync(path, `${JSON.stringify(refusal)}\n`, { mode: 0o600 });
  } catch (error) {
    throw ioFailure(error, 'write', path);
  }
}
