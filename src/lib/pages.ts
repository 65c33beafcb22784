/** Lists that a server gives out page by page (MCP 2025-11-25, server/utilities/pagination). */
import { isNoMethod, ProtocolError, RpcError } from '../errors.ts';
import { isObject } from './json/json.ts';

/** More pages than any real server has. */
export const MAX_PAGES = 1_000;

/** How much all pages of a list may hold, in characters of text and numbers of values. */
export const MAX_LIST_SIZE = 64 * 1024 * 1024;

/** Milliseconds for one page. */
const PAGE_TIMEOUT_MS = 60_000;

export type Request = (
  method: string,
  params: Record<string, unknown>,
  options: { timeoutMs: number },
) => Promise<unknown>;

export interface ListOptions {
  /** For example `tools/list`. */
  method: string;
  /** Where a page has its entries. */
  member: string;
  /** What an entry is known by; undefined for what is none. One that came on an earlier page already is not taken again. */
  nameOf(entry: unknown): string | undefined;
  request: Request;
  /** Hears what is left out, in a sentence. */
  warn(message: string): void;
}

export interface Listed<T> {
  entries: T[];
  /** False when a page could not be had for the moment: asking again may bring more. */
  complete: boolean;
}

/**
 * All pages of a list, entries verbatim. A page or an entry that is none costs no other; a listing that does not end is ended, with what had come:
 * by a cursor that was there before, or by too many pages, or too large ones. A server without the method has an empty list.
 * Errors: ProtocolError when nothing is a page, and those of the first request; a lost connection on any page.
 */
export async function listAll<T>(options: ListOptions): Promise<Listed<T>> {
  const { method, member, nameOf, warn } = options;
  const entries = new Map<string, T>();
  const listed = (complete: boolean): Listed<T> => ({ entries: [...entries.values()], complete });
  const cursors = new Set<string>();
  let cursor: unknown;
  let size = 0;
  let complete = true;
  for (let page = 1; ; page++) {
    let answer: unknown;
    try {
      answer = await options.request(method, cursor === undefined ? {} : { cursor }, {
        timeoutMs: PAGE_TIMEOUT_MS,
      });
    } catch (error) {
      if (page === 1 && isNoMethod(error)) return listed(true);
      if (page === 1 || !(error instanceof RpcError)) throw error;
      warn(`${method} is not complete: page ${page} was refused: ${error.message}`);
      return listed(false);
    }
    const { list, next } = readPage(answer, member);
    const before = entries.size;
    if (list === undefined) {
      if (page === 1 && next === undefined)
        throw new ProtocolError(`unexpected answer to ${method}: no ${member} in it`);
      warn(`${method} is not complete: page ${page} has no ${member} in it`);
      complete = false;
    } else {
      const none = take(list, nameOf, entries);
      if (none > 0) warn(`${method}: left out what is no entry of ${member}: ${none} on page ${page}`);
    }
    if (next === undefined) return ended(listed(complete), method, member);
    const key = JSON.stringify(next);
    if (cursors.has(key)) {
      // Many servers that have no next page say so with an empty cursor, and begin anew when it is sent back to them.
      if (next !== '' || entries.size > before)
        warn(`${method} does not end: page ${page} refers back to an earlier one; what had come is used`);
      return ended(listed(complete), method, member);
    }
    cursors.add(key);
    cursor = next;
    size += sizeOf(answer, MAX_LIST_SIZE - size);
    if (page < MAX_PAGES && size <= MAX_LIST_SIZE) continue;
    const much = page < MAX_PAGES ? `${MAX_LIST_SIZE / 1024 / 1024} MiB` : `${MAX_PAGES} pages`;
    warn(`${method} does not end: more than ${much}; what had come is used`);
    return ended(listed(complete), method, member);
  }
}

/** Nothing but pages that are none are no list. */
function ended<T>(listed: Listed<T>, method: string, member: string): Listed<T> {
  if (listed.entries.length === 0 && !listed.complete)
    throw new ProtocolError(`unexpected answer to ${method}: no ${member} in it`);
  return listed;
}

/** The presence of a cursor counts, not what it is: an empty one is one. None is null or absent. */
function readPage(answer: unknown, member: string): { list: unknown[] | undefined; next: unknown } {
  if (!isObject(answer)) return { list: undefined, next: undefined };
  const list = answer[member];
  return { list: Array.isArray(list) ? list : undefined, next: answer['nextCursor'] ?? undefined };
}

/** Takes the entries in, and returns how many were none. */
function take<T>(
  list: readonly unknown[],
  nameOf: (entry: unknown) => string | undefined,
  entries: Map<string, T>,
): number {
  let none = 0;
  for (const entry of list) {
    const name = nameOf(entry);
    if (name === undefined) none += 1;
    else if (!entries.has(name)) entries.set(name, entry as T);
  }
  return none;
}

/** About how much memory a value takes, up to a limit: its characters, and some for each value. Does not recurse. */
function sizeOf(value: unknown, limit: number): number {
  const rest: unknown[] = [value];
  let size = 0;
  while (rest.length > 0 && size <= limit) {
    const one = rest.pop();
    size += 8;
    if (typeof one === 'string') size += one.length;
    if (typeof one !== 'object' || one === null) continue;
    for (const [name, child] of Object.entries(one)) {
      size += name.length;
      rest.push(child);
    }
  }
  return size;
}
