/**
 * How much of what a server says is stored and shown. Results are kept whole, up to the largest message; all else is for people, or tells the state
 * of something, and is cut where it is taken in and where it is stored. Lengths are in characters (UTF-16 units) unless said otherwise.
 */
import { isObject, type JsonObject, setOwn } from '../json.ts';

/** A message: of an error, a status, progress; a line of a log. */
export const MESSAGE_LENGTH = 4 * 1024;

/** A server's instructions, which are read by people and models. */
export const INSTRUCTIONS_LENGTH = 64 * 1024;

/** The state of a task, the data of an error, what a server says of itself: as JSON. */
export const STATE_LENGTH = 64 * 1024;

/** A question with its form, as JSON: it cannot be answered without. */
export const QUESTION_LENGTH = 256 * 1024;

/** Bytes of a file to which lines are only added: a job's log, refused permissions. */
export const LOG_BYTES = 1024 * 1024;

/** Bytes from where on a record is read piece by piece where its result is not wanted, long texts in it cut. */
export const RECORD_BYTES = 1024 * 1024;

/** Text of at most `length` characters; what was longer ends with an ellipsis that tells how much is missing. No character is cut in two. */
export function cutText(text: string, length: number = MESSAGE_LENGTH): string {
  if (text.length <= length) return text;
  let end = length;
  // A high surrogate stands before its other half.
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, end)}... (${text.length - end} more characters)`;
}

/** The members of a task's state that are messages. */
const MESSAGES = ['statusMessage', 'message'];

/**
 * An object as it came, when its JSON has at most `length` characters; else with each text in it cut. What is too large even then keeps its
 * simple members, and says so: `truncated: true`. Messages are cut in any case.
 */
export function cutState<T extends JsonObject>(state: T, length: number = STATE_LENGTH): T {
  const long = MESSAGES.filter((name) => isLong(state[name]));
  const short: T = long.length === 0 ? state : { ...state };
  for (const name of long) setOwn(short, name, cutText(String(state[name])));
  if (isWithin(short, length)) return short;
  const cut = textsCut(short, { left: length }, 0) as T | undefined;
  if (cut !== undefined) return { ...cut, truncated: true };
  const simple: JsonObject = {};
  let left = length;
  for (const [name, value] of Object.entries(short)) {
    if (typeof value === 'object' && value !== null) continue;
    const said = typeof value === 'string' ? cutText(value) : value;
    left -= name.length + String(said).length;
    if (left < 0) break;
    setOwn(simple, name, said);
  }
  return { ...simple, truncated: true } as unknown as T;
}

/** The same for any JSON value. */
export function cutValue(value: unknown, length: number = STATE_LENGTH): unknown {
  if (typeof value === 'string') return cutText(value);
  if (isObject(value)) return cutState(value, length);
  return Array.isArray(value) && !isWithin(value, length) ? { truncated: true, items: value.length } : value;
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > MESSAGE_LENGTH;
}

/** Whether a value's JSON is about as short. Looks no further than it has to, and does not recurse. */
export function isWithin(value: unknown, length: number): boolean {
  let left = length;
  const rest: unknown[] = [value];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    left -= typeof next === 'string' ? next.length + 2 : 2;
    if (Array.isArray(next)) {
      if (next.length > left) return false;
      for (const item of next) rest.push(item);
    } else if (isObject(next))
      for (const name in next) {
        left -= name.length + 4;
        if (left < 0) return false;
        rest.push(next[name]);
      }
    if (left < 0) return false;
  }
  return true;
}

/** States are not nested deeper. */
const DEEPEST = 200;

/** A copy with its texts cut; undefined when it is too long even so. */
function textsCut(value: unknown, budget: { left: number }, depth: number): unknown {
  budget.left -= typeof value === 'string' ? Math.min(value.length, MESSAGE_LENGTH) + 2 : 2;
  if (budget.left < 0 || depth > DEEPEST) return undefined;
  if (typeof value === 'string') return cutText(value);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const cut = textsCut(item, budget, depth + 1);
      if (cut === undefined) return undefined;
      items.push(cut);
    }
    return items;
  }
  if (!isObject(value)) return value;
  // A spread keeps the notes of exact numbers (exact-json.ts).
  const copy: JsonObject = { ...value };
  for (const name in value) {
    budget.left -= name.length + 4;
    const cut = textsCut(value[name], budget, depth + 1);
    if (cut === undefined) return undefined;
    setOwn(copy, name, cut);
  }
  return copy;
}
