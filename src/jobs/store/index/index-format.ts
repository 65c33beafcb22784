/**
 * How the index of records lies on disk. A list of a thousand reads it whole, so it is written for size: values without their names,
 * and what many records share once.
 */

import { hasTexts, parseJson, stringifyJson } from '../../../lib/json/exact-json.ts';
import {
  type JobMetadata,
  type JobRecord,
  metadataOf,
  SCHEMA_VERSION,
  type SessionFacts,
} from '../../record.ts';
import { FILES } from '../job-files.ts';

/** Raised with every change of the format; an index of another version is built anew. */
const VERSION = 3;

/** How an index begins that has numbers which JavaScript would write differently. Looking for them in every index would cost each list some ms. */
const EXACT = `{"version":${VERSION},"exact":true,`;

/** What is looked at: one file with two names; both files; or a live job, which changes when its folder does. */
export const WATCHED = {
  sealed: [`/${FILES.end}`],
  ended: [`/${FILES.end}`, `/${FILES.job}`],
  live: ['', `/${FILES.job}`],
} as const;

export type Watch = keyof typeof WATCHED;

export interface IndexEntry {
  kind: Watch;
  /** Change time in milliseconds, size, number of links: for each watched path. */
  stamp: number[];
  record: JobRecord;
}

export function encodeIndex(entries: readonly IndexEntry[]): string {
  const sessions: string[] = [];
  const places = new Map<string, number>();
  const place = (session: SessionFacts | null): number => {
    const text = JSON.stringify(session);
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, sessions.length);
    return sessions.push(text) - 1;
  };
  const rows = entries.map(({ kind, stamp, record: r }) =>
    // biome-ignore format: a row is read in the order of decodeRow.
    [kind, stamp, r.job_id, r.instance, r.capability, r.arguments, r.status, r.backend, r.remote_task_id, r.remote, place(r.session),
      r.progress, r.attempt, r.error, r.created_at, r.updated_at, r.observed_at, r.finished_at, r.cancel_requested_at, r.poll_interval_ms ?? null,
      r.holder ?? null, ...trailing(r)],
  );
  const head = hasTexts(rows) ? EXACT : `{"version":${VERSION},`;
  return `${head}"sessions":[${sessions.join(',')}],"rows":${stringifyJson(rows)}}`;
}

/** What most records do not have stands last, and takes no room there. */
function trailing(record: JobRecord): unknown[] {
  const metadata = metadataOf(record);
  if (record.resumed) return [record.pending_input ?? null, metadata, record.resumed];
  if (Object.keys(metadata).length > 0) return [record.pending_input ?? null, metadata];
  return record.pending_input ? [record.pending_input] : [];
}

// biome-ignore lint/suspicious/noExplicitAny: as below.
type Index = { version: unknown; sessions: any[]; rows: any[][] };

/** The entries; none for another version. Throws on damage. */
export function decodeIndex(text: string): IndexEntry[] {
  const { version, sessions, rows } = text.startsWith(EXACT) ? (parseJson(text) as Index) : JSON.parse(text);
  return version === VERSION ? rows.map((row: unknown[]) => decodeRow(row, sessions)) : [];
}

// biome-ignore lint/suspicious/noExplicitAny: written by encodeIndex of the same version, and never trusted for more than a list.
function decodeRow(row: any[], sessions: (SessionFacts | null)[]): IndexEntry {
  if (!(row[0] in WATCHED) || !Array.isArray(row[1]) || typeof row[2] !== 'string')
    throw new Error('damaged');
  const record: JobRecord = {
    schema_version: SCHEMA_VERSION,
    job_id: row[2],
    instance: row[3],
    capability: row[4],
    arguments: row[5],
    status: row[6],
    backend: row[7],
    remote_task_id: row[8],
    remote: row[9],
    session: sessions[row[10]] ?? null,
    progress: row[11],
    attempt: row[12],
    error: row[13],
    created_at: row[14],
    updated_at: row[15],
    observed_at: row[16],
    finished_at: row[17],
    cancel_requested_at: row[18],
    poll_interval_ms: row[19],
    holder: row[20],
  };
  if (row[21] != null) record.pending_input = row[21];
  if (row[22] !== undefined) Object.assign(record, row[22] satisfies JobMetadata);
  if (row[23] !== undefined) record.resumed = row[23];
  return { kind: row[0], stamp: row[1], record };
}
