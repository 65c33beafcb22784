/**
 * JSON whose numbers keep their text. JavaScript's numbers hold 53 bits: an id like 725653563933458432 would come out as another one, `1e400` as
 * null, `1.10` as `1.1`. So `parseJson` notes the text of each number that JavaScript would write differently, beside the number, in the object or
 * array that holds it; `stringifyJson` writes that text again. In between the value is the nearest number, as with JSON.parse.
 *
 * A note stays with its object: `{ ...object }` takes it along, of two spreads in one only those of the last (`merged` takes both); what copies
 * otherwise (`array.map(...)`, key by key) calls `keepTexts` or `carryNumber`; `structuredClone` cannot. It counts only as long as the number
 * beside it is the one that was read. (Node 21 and later have JSON.rawJSON for this; Node 20 does not.)
 */

/** Where an object or array keeps the texts of its numbers: by key. An enumerable symbol, so that a spread copies it and JSON does not see it. */
const TEXTS = Symbol('texts of numbers');

type Texts = Record<string, string>;

type Holder = Record<string, unknown> & { [TEXTS]?: Readonly<Texts> };

/** For which object or array texts were made: only there may they be added to, since a spread shares them. */
const MADE_FOR = new WeakMap<Readonly<Texts>, object>();

/** Stands before the text of a number while JSON.parse and JSON.stringify see it as a string. Nobody outside can know it. */
const MARK = `\uE000${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}:`;
const MARKED = new RegExp(`"${MARK}([^"]+)"`, 'g');

/**
 * Might be a number that is written differently: of 16 characters or more, with an exponent, with a zero at the end of its fraction, a small
 * fraction (JavaScript writes 1e-7), or a negative zero. Where it begins and ends as a number does, so that dates and ids in text seldom match.
 */
const SUSPECT = /[:,[\s](?:-?\d(?:[\d.]{15}|[\d.]*(?:[eE][-+]?\d|\.\d*0(?=[\s,\]}])|\.0{6}))|-0(?=[\s,\]}]))/;
/** A number and nothing else. */
const ALONE = /^\s*[-\d]/;
/** RFC 8259, section 6. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** False until a text was noted: then there is nothing to look for when writing. */
let noted = false;

/** JSON.parse that notes the texts of numbers. The text may begin with no byte order mark. @throws SyntaxError */
export function parseJson(text: string): unknown {
  const marked = SUSPECT.test(text) || ALONE.test(text) ? markNumbers(text) : undefined;
  if (marked === undefined) return JSON.parse(text);
  const root = { value: JSON.parse(marked) as unknown };
  unmark(root);
  return root.value;
}

/** What is no object may be something that JSON has no word for. */
type Written<T> = T extends object | null ? string : string | undefined;

/** JSON.stringify that writes numbers as they were read. Undefined for a value that JSON has no word for, as there. */
export function stringifyJson<T>(value: T, indent?: number): Written<T> {
  const plain = JSON.stringify(value, null, indent);
  // A function that is asked about every value makes it many times slower.
  if (plain === undefined || !hasTexts(value)) return plain as Written<T>;
  return unmarkedText(JSON.stringify(value, markedNumber, indent)) as Written<T>;
}

function markedNumber(this: Holder, key: string, one: unknown): unknown {
  if (typeof one !== 'number') return one;
  const exact = numberText(this, key);
  return exact === undefined ? one : MARK + exact;
}

/** A copy for those who write JSON otherwise: texts of numbers are marked strings in it. What they write goes through `unmarkedText`. */
export function markedCopy(value: object): unknown {
  return JSON.parse(JSON.stringify(value, markedNumber));
}

/** JSON text with marked strings as the numbers that they stand for. */
export function unmarkedText(text: string): string {
  return text.replace(MARKED, '$1');
}

/** Whether a text was noted anywhere in a value that JSON can write. Does not recurse; a circle was refused before. */
export function hasTexts(value: unknown): boolean {
  if (!noted) return false;
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next !== 'object' || next === null) continue;
    if ((next as Holder)[TEXTS] !== undefined) return true;
    for (const child of Array.isArray(next) ? next : Object.values(next))
      if (typeof child === 'object') rest.push(child);
  }
  return false;
}

/** The text of the number at a key, where it differs from what JavaScript would write. */
export function numberText(holder: object, key: string | number): string | undefined {
  const texts = (holder as Holder)[TEXTS];
  const name = String(key);
  if (texts === undefined || !Object.hasOwn(texts, name)) return undefined;
  const text = texts[name] ?? '';
  return Object.is((holder as Holder)[name], Number(text)) ? text : undefined;
}

/** Notes the text of the number at a key: what is typed is what is sent. The text must be a JSON number and the number at the key its value. */
export function noteNumber(holder: object, key: string | number, text: string): void {
  const before = (holder as Holder)[TEXTS];
  const name = String(key);
  const plain = String(Number(text)) === text;
  const known = before !== undefined && Object.hasOwn(before, name);
  if (plain ? !known : known && before[name] === text) return;
  noted = true;
  // Others may share what stands there, so that it is changed in a copy. Adding costs no copy: there may be many numbers.
  const mayAdd = before !== undefined && !known && MADE_FOR.get(before) === holder;
  const texts: Texts = mayAdd ? before : Object.assign(Object.create(null), before);
  // One that stood there before may have been the same number, with another text.
  if (plain) delete texts[name];
  else texts[name] = text;
  if (mayAdd) return;
  MADE_FOR.set(texts, holder);
  (holder as Holder)[TEXTS] = texts;
}

/** Gives the number at a key, which was put there from elsewhere, the text that it has there. */
export function carryNumber(from: object, fromKey: string | number, to: object, toKey = fromKey): void {
  const value = (from as Holder)[String(fromKey)];
  if (typeof value === 'number') noteNumber(to, toKey, numberText(from, fromKey) ?? String(value));
}

/** Gives a copy the texts of the object or array that it was made from, key for key. Those of numbers that are others now do not count. */
export function keepTexts<T extends object>(copy: T, from: object): T {
  const texts = (from as Holder)[TEXTS];
  if (texts !== undefined) (copy as Holder)[TEXTS] = texts;
  return copy;
}

/** `{ ...first, ...second }` with the texts of both: a number has the text of the object that it is from. */
export function merged<A extends object, B extends object>(first: A, second: B): A & B {
  const both: A & B = { ...first, ...second };
  if (!holdsTexts(first)) return both;
  const texts: Texts = Object.create(null);
  for (const name of Object.keys(both)) {
    const text = numberText(Object.hasOwn(second, name) ? second : first, name);
    if (text !== undefined) texts[name] = text;
  }
  (both as Holder)[TEXTS] = texts;
  return both;
}

/** `array.filter` that takes the texts along. */
export function filtered<T>(list: readonly T[], keep: (value: T, index: number) => boolean): T[] {
  if (!holdsTexts(list)) return list.filter(keep);
  const kept = [...list.keys()].filter((i) => keep(list[i] as T, i));
  return withTexts(
    kept.map((i) => list[i] as T),
    kept.map((i) => numberText(list, i)),
  );
}

/** Lists in one list, with the texts of all. */
export function joined<T>(lists: readonly (readonly T[])[]): T[] {
  const all = lists.flat() as T[];
  if (!lists.some(holdsTexts)) return all;
  return withTexts(
    all,
    lists.flatMap((list) => list.map((_, i) => numberText(list, i))),
  );
}

function holdsTexts(list: object): boolean {
  return (list as Holder)[TEXTS] !== undefined;
}

function withTexts<T>(list: T[], texts: readonly (string | undefined)[]): T[] {
  const noted: Texts = Object.create(null);
  texts.forEach((text, i) => {
    if (text !== undefined) noted[i] = text;
  });
  (list as unknown as Holder)[TEXTS] = noted;
  return list;
}

/** Whether text is a number as JSON writes it. */
export function isJsonNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** The text with each number that JavaScript would write differently as a marked string; undefined where there is none. */
function markNumbers(text: string): string | undefined {
  const parts: string[] = [];
  let done = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === 34) at = endOfString(text, at);
    else if (code === 45 || isDigit(code)) {
      const start = at++;
      while (at < text.length && isInNumber(text.charCodeAt(at))) at += 1;
      const number = text.slice(start, at);
      if (!NUMBER.test(number) || String(Number(number)) === number) continue;
      parts.push(text.slice(done, start), `"${MARK}${number}"`);
      done = at;
    } else at += 1;
  }
  if (done === 0) return undefined;
  parts.push(text.slice(done));
  return parts.join('');
}

/** The place behind the string that begins at a quotation mark. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Digits, `.`, `+`, `-`, `e`, `E`. */
function isInNumber(code: number): boolean {
  return isDigit(code) || code === 46 || code === 43 || code === 45 || code === 69 || code === 101;
}

/** Turns marked strings back into numbers with a note each. Does not recurse, so no depth can overflow the stack. */
function unmark(root: object): void {
  const rest: object[] = [root];
  for (let holder = rest.pop() as Holder | undefined; holder; holder = rest.pop() as Holder | undefined) {
    let texts: Texts | undefined;
    for (const key of Object.keys(holder)) {
      // Only a number where a name belongs can have become this: JSON.parse would have refused it.
      if (key.startsWith(MARK)) throw new SyntaxError('a number stands where a name belongs in JSON');
      const value = holder[key];
      if (typeof value === 'object' && value !== null) rest.push(value);
      else if (typeof value === 'string' && value.startsWith(MARK)) {
        const text = value.slice(MARK.length);
        texts ??= Object.create(null) as Texts;
        texts[key] = text;
        Object.defineProperty(holder, key, {
          value: Number(text),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    }
    if (texts === undefined) continue;
    noted = true;
    holder[TEXTS] = texts;
  }
}
