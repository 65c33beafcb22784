/** Names of jobs: `job_` and a lower-case ULID, so that names sort by creation. */
import { UsageError } from '../../errors.ts';

const PREFIX = 'job_';
/** Crockford's base 32, in lower case (github.com/ulid/spec). */
export const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';
const ULID = /^job_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
/** Anything that could be a job's folder. Wider than a ULID: a folder that somebody made by hand is reported, not passed over. */
const NAME = /^job_[0-9a-z][0-9a-z_-]{0,63}$/;

/** Whether a folder's name is a job's. Everything else in the folder of jobs is not ours. */
export function isJobName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a name is an id as this program makes them, and none that somebody made by hand. */
export function isTimedId(name: string): boolean {
  return ULID.test(name);
}

/**
 * A new id that sorts after `newest` even when the clock was set back, since `--latest` is the greatest name. `now` is in
 * milliseconds since 1970. Our own twenty lines, because the `ulid` package imports node:crypto: 4 ms of every start, and a
 * synchronous create() cannot load it late. The tests hold these ids against that package.
 */
export function newJobId(now: number, newest: string | undefined): string {
  const last = newest === undefined ? 0 : timeOf(newest);
  let time = newest !== undefined && last >= now ? last + 1 : now;
  let digits = '';
  for (let i = 0; i < 10; i++) {
    digits = BASE32.charAt(time % 32) + digits;
    time = Math.floor(time / 32);
  }
  return PREFIX + digits + randomDigits();
}

/** The second part of an id: 16 digits of 5 bits, 80 random bits, as the specification has them. */
export function randomDigits(): string {
  let digits = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) digits += BASE32.charAt(byte % 32);
  return digits;
}

/** The first part of an id, which says when the job was made. */
export function timedDigits(id: string): string {
  return ULID.test(id) ? id.slice(PREFIX.length, PREFIX.length + 10) : '0'.repeat(10);
}

/** Milliseconds since 1970 that an id has in it; 0 for a name made by hand, which sorts before all others. */
export function timeOf(id: string): number {
  let time = 0;
  if (!ULID.test(id)) return time;
  for (const digit of timedDigits(id)) time = time * 32 + BASE32.indexOf(digit);
  return time;
}

/** The newest of some names, in any order. Names made by hand count only where there is no real one. */
export function newestOf(names: readonly string[]): string | undefined {
  let newest: string | undefined;
  let other: string | undefined;
  // One pass, no sorting: every new job asks this.
  for (const name of names) {
    if (newest !== undefined && name <= newest) continue;
    if (ULID.test(name)) newest = name;
    else if (other === undefined || name > other) other = name;
  }
  return newest ?? other;
}

/** `id` as it may become a part of a path. Errors: UsageError for everything that is no full job id. */
export function checkedId(id: string): string {
  if (isJobName(id)) return id;
  throw new UsageError(`not a job id: ${JSON.stringify(id)}`, { code: 'bad_job_id', command: LIST });
}

const LIST = ['jobs', 'list'];

export function unknownJob(asked: string, instance: string): UsageError {
  return new UsageError(`no job ${JSON.stringify(asked)} at ${instance}`, {
    code: 'unknown_job',
    command: LIST,
  });
}

/** `-1`, `-2`: counted from the newest. */
const COUNTED = /^-(\d{1,9})$/;

/**
 * The one of `names` that is `asked`, begins or ends with it, with or without `job_`, in any case; `-1` is the newest, `-2` the one before it.
 * Errors: UsageError when it is no id, when there is none, and when there are several.
 */
export function resolveName(asked: string, names: readonly string[], instance: string): string {
  const wanted = asked.toLowerCase();
  // Path separators, dots and control characters never reach a path.
  if (!/^[0-9a-z_-]+$/.test(wanted)) return checkedId(asked);
  if (names.includes(wanted)) return wanted;
  const [, count] = COUNTED.exec(wanted) ?? [];
  if (count !== undefined) return countedName(Number(count), asked, names, instance);
  const found = names.filter(
    (name) => name.startsWith(wanted) || name.startsWith(PREFIX + wanted) || name.endsWith(wanted),
  );
  const [only] = found;
  if (only === undefined) throw unknownJob(asked, instance);
  if (found.length === 1) return only;
  const shown = found.slice(-5).reverse().join(', ');
  throw new UsageError(
    `${JSON.stringify(asked)} could be any of ${found.length} jobs: ${shown}${found.length > 5 ? ', ...' : ''}`,
    {
      code: 'ambiguous_job',
      hint: 'give more characters of the id, from its beginning or its end',
      details: { candidates: found.slice(-5).reverse() },
    },
  );
}

/** Names made by hand count only where there is no real one, as for `newestOf`. */
function countedName(count: number, asked: string, names: readonly string[], instance: string): string {
  const real = names.filter((name) => ULID.test(name));
  const name = (real.length > 0 ? real : [...names]).sort().at(-count);
  if (count === 0 || name === undefined) throw unknownJob(asked, instance);
  return name;
}
