/**
 * How much of what a server says is stored and shown. Results are kept whole, up to the largest message; all else is for people, or tells the state
 * of something, and is cut where it is taken in and where it is stored. Lengths are in characters (UTF-16 units) unless said otherwise.
 */

import { carryNumber, numberText } from './json/exact-json.ts';
import { isObject, type JsonObject, setOwn, textAt } from './json/json.ts';

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
 * An object as it came, when its JSON has at most `length` characters; else with each text in it cut, and each number that is as long as a text
 * may be (it becomes one). What is too large even then keeps its simple members, and says so: `truncated: true`. Messages are cut in any case.
 */
export function cutState<T extends JsonObject>(state: T, length: number = STATE_LENGTH): T {
  const long = MESSAGES.filter((name) => isLong(state[name]));
  const short: T = long.length === 0 ? state : { ...state };
  for (const name of long) setOwn(short, name, cutText(String(state[name])));
  if (isWithin(short, length)) return short;
  const cut: { state?: T } = {};
  if (copyCut({ state: short }, 'state', cut, { left: length }, 0))
    return { ...(cut.state as T), truncated: true };
  const simple: JsonObject = {};
  let left = length;
  for (const [name, value] of Object.entries(short)) {
    if (typeof value === 'object' && value !== null) continue;
    left -= name.length + lengthCut(short, name);
    if (left < 0) break;
    copyScalar(short, name, simple);
  }
  return { ...simple, truncated: true } as unknown as T;
}

/** The same for any JSON value. */
export function cutValue(value: unknown, length: number = STATE_LENGTH): unknown {
  if (typeof value === 'string') return cutText(value);
  if (isObject(value)) return cutState(value, length);
  return Array.isArray(value) && !isWithin(value, length) ? { truncated: true, items: value.length } : value;
}

/** One member of an object, by itself, cut as `cutValue` does; nothing where there is none. A number keeps its text. */
export function cutMember<K extends string>(holder: object, name: K): { [key in K]?: unknown } {
  const value = (holder as JsonObject)[name];
  if (value === undefined) return {};
  const alone = { [name]: typeof value === 'number' ? value : cutValue(value) };
  // A number of any length is no message.
  if (textLength(holder, name) <= MESSAGE_LENGTH) carryNumber(holder, name, alone);
  return alone as { [key in K]?: unknown };
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > MESSAGE_LENGTH;
}

/** How long the text at a key is, or that of a number which has one of its own (exact-json.ts). */
function textLength(holder: object, key: string | number): number {
  const value = (holder as JsonObject)[key];
  return (typeof value === 'string' ? value : numberText(holder, key))?.length ?? 0;
}

/** Whether a value's JSON is about as short. Looks no further than it has to, and does not recurse. */
export function isWithin(value: unknown, length: number): boolean {
  let left = length;
  const rest: unknown[] = [[value]];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next !== 'object' || next === null) continue;
    const isArray = Array.isArray(next);
    if (isArray && next.length > left) return false;
    for (const name in next) {
      left -= (isArray ? 0 : name.length + 4) + textLength(next, name) + 2;
      if (left < 0) return false;
      rest.push((next as JsonObject)[name]);
    }
  }
  return true;
}

/** States are not nested deeper. */
const DEEPEST = 200;

/** Copies what stands at a key from one object or array to another, with its texts cut. False when it is too long even so. */
function copyCut(from: object, key: string, to: object, budget: { left: number }, depth: number): boolean {
  const value = (from as JsonObject)[key];
  budget.left -= lengthCut(from, key);
  if (budget.left < 0 || depth > DEEPEST) return false;
  if (typeof value !== 'object' || value === null) {
    copyScalar(from, key, to);
    return true;
  }
  const isArray = Array.isArray(value);
  if (isArray && value.length > budget.left) return false;
  const copy = isArray ? [] : {};
  setOwn(to as JsonObject, key, copy);
  for (const name in value) {
    if (!isArray) budget.left -= name.length + 4;
    if (!copyCut(value, name, copy, budget, depth + 1)) return false;
  }
  return true;
}

/** How long what `copyScalar` makes of it is about. */
function lengthCut(from: object, key: string): number {
  return Math.min(textLength(from, key), MESSAGE_LENGTH) + 2;
}

/** Copies a scalar. A number that is as long as texts are cut is cut as one. */
function copyScalar(from: object, key: string, to: object): void {
  const isLonger = textLength(from, key) > MESSAGE_LENGTH;
  setOwn(to as JsonObject, key, isLonger ? cutText(textAt(from, key)) : (from as JsonObject)[key]);
  if (!isLonger) carryNumber(from, key, to);
}
