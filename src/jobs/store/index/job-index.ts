/**
 * A derived copy of the records in one file, so that a list of many need not open each. It is only an accelerator: the names always
 * come from the folder, show and wait never look here, and an index that is damaged, missing or of another version is passed over.
 *
 * An entry counts while the files it was made from are untouched. Reading a record costs 60 us here, a stat 5; the system's
 * change time (ctime, which nobody can set) with size and number of links catches every write in place, truncation, replacement and
 * removal. A job that has ended needs one stat: job.json and end.json are then two names of one file, so a write through either
 * changes its ctime, and replacing or removing either changes its number of links.
 */
import { rmSync, type Stats, statSync } from 'node:fs';
import { isWithin } from '../../../lib/caps.ts';
import { readPublished, replaceFile } from '../../../lib/disk/durable-file.ts';
import { isTerminal, type JobRecord } from '../../record.ts';
import { needsHolder } from '../assemble.ts';
import { FILES } from '../job-files.ts';
import { decodeIndex, type IndexEntry as Entry, encodeIndex, WATCHED, type Watch } from './index-format.ts';

export const INDEX_FILE = '.index.json';

/** Fewer new records than this are not worth writing an index for. */
const MIN_NEW = 64;

/**
 * Milliseconds that a file must have been left alone to enter the index: a change within the same tick of the file system's clock
 * (up to 2 s on FAT) would leave no trace.
 */
const SETTLED_MS = 2_000;

/** The longest record that is entered, as JSON; longer ones are rare, and an index that is read as a whole has no room for them. */
const ENTRY_LENGTH = 8 * 1024;

export class JobIndex {
  readonly #dir: string;
  readonly #since: number;
  readonly #known: Map<string, Entry>;
  readonly #kept: Entry[] = [];
  readonly #fresh: JobRecord[] = [];

  /** `now`: milliseconds since 1970, taken before the first record is read. `use`: false starts empty, for a look at a few records. */
  constructor(dir: string, now: number, use: boolean, names = 0) {
    this.#dir = dir;
    this.#since = now - SETTLED_MS;
    this.#known = use ? load(dir, names) : new Map();
  }

  /** The record, when its files are as they were when it was entered. */
  get(name: string): JobRecord | undefined {
    const entry = this.#known.get(name);
    if (entry === undefined || !this.#untouched(entry)) return undefined;
    this.#kept.push(entry);
    return entry.record;
  }

  /** Hands in a record that was read from its folder, as `list` returns it. */
  add(record: JobRecord): void {
    if (!needsHolder(record) && isWithin(record, ENTRY_LENGTH)) this.#fresh.push(record);
  }

  /** Writes the index when enough is new, after every record was visited. Best effort: a disk that refuses costs only time. */
  save(): void {
    // In proportion to what is there, so that writing stays linear over the life of a large store.
    if (this.#fresh.length < Math.max(MIN_NEW, this.#kept.length / 8)) return;
    const entered = this.#fresh.map((record) => this.#entry(record)).filter((entry) => entry !== undefined);
    const entries = [...this.#kept, ...entered];
    if (entries.length < this.#kept.length + MIN_NEW) return;
    try {
      replaceFile(`${this.#dir}/${INDEX_FILE}`, encodeIndex(entries), { durable: false });
    } catch {
      // Read-only or full: the records themselves were read.
    }
  }

  #untouched({ kind, stamp, record }: Entry): boolean {
    let at = 0;
    for (const path of WATCHED[kind] ?? []) {
      const seen = look(`${this.#dir}/${record.job_id}${path}`);
      if (!seen || stamp[at++] !== seen.ctimeMs || stamp[at++] !== seen.size || stamp[at++] !== seen.nlink)
        return false;
    }
    return at > 0;
  }

  #entry(record: JobRecord): Entry | undefined {
    const folder = `${this.#dir}/${record.job_id}`;
    const end = look(`${folder}/${FILES.end}`);
    const job = look(`${folder}/${FILES.job}`);
    // A folder in the place of a file (no hard links there) shows no changes inside it.
    if (!job?.isFile() || (end && !end.isFile())) return undefined;
    if (end && !isTerminal(record.status)) return undefined;
    const kind: Watch = !end ? 'live' : end.ino === job.ino && end.dev === job.dev ? 'sealed' : 'ended';
    const stats = kind === 'live' ? [look(folder), job] : kind === 'sealed' ? [end] : [end, job];
    const stamp: number[] = [];
    for (const seen of stats as (Stats | undefined)[]) {
      if (!seen || seen.ctimeMs > this.#since) return undefined;
      stamp.push(seen.ctimeMs, seen.size, seen.nlink);
    }
    return { kind, stamp, record };
  }
}

/** What is there, as far as it can be looked at. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, QUIET);
  } catch {
    return undefined;
  }
}

/** Removes the index; the next list of many makes another. Best effort. */
export function dropIndex(dir: string): void {
  try {
    rmSync(`${dir}/${INDEX_FILE}`, { recursive: true, force: true });
  } catch {
    // A disk that cannot be written: an entry without its files counts nothing.
  }
}

/** Entries of jobs that are gone may still be in it. */
const SPARE_ENTRIES = 1_024;

const QUIET = { throwIfNoEntry: false } as const;

function load(dir: string, names: number): Map<string, Entry> {
  try {
    const path = `${dir}/${INDEX_FILE}`;
    // An earlier version entered records of any size.
    if ((statSync(path, QUIET)?.size ?? 0) > (names + SPARE_ENTRIES) * ENTRY_LENGTH) return new Map();
    const text = readPublished(path);
    return new Map(text === undefined ? [] : decodeIndex(text).map((entry) => [entry.record.job_id, entry]));
  } catch {
    return new Map();
  }
}
