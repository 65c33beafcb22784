import type { Target } from '../../config/target/target.ts';
import { CliError, RpcError } from '../../errors.ts';
import { noteNumber, numberText } from '../../lib/json/exact-json.ts';
import { isObject, setOwn } from '../../lib/json/json.ts';
import { percentDecoded } from '../../lib/text/percent-decoded.ts';

/**
 * What the person gave a server as a secret, taken out of what that server says when it refuses: some servers repeat what they were sent.
 * Values are scrubbed, never serialised text: a secret of digits may stand as a number, one with a quotation mark is escaped in JSON.
 */
export type Scrub = (text: string) => string;

/** Where nothing is secret. */
export const NO_SECRETS: Scrub = (text) => text;

/** Characters from which on a value counts as a secret: shorter ones are words that messages need. */
const SHORTEST = 8;

const MASK = '***';

/** Variables that say where things are. */
const PLACES =
  /^(HOME|USER|LOGNAME|PWD|PATH|SHELL|HOSTNAME|TMPDIR|TEMP|TMP|APPDATA|LOCALAPPDATA|USERPROFILE|XDG_.*)$/;

/**
 * The secrets of a target that is ready for use: the values of its headers, the password in its URL, and what variables were filled in. The name
 * of the host is none, nor is what a variable like HOME holds.
 */
export function secretsOf(target: Target): string[] {
  const filled = Object.entries(target.filled ?? {}).filter(([name]) => !PLACES.test(name));
  const variables = filled.map(([, value]) => value);
  if (target.kind === 'stdio') return variables;
  const url = new URL(target.url);
  return [
    ...Object.values(target.headers).flatMap(partsOfHeader),
    ...[url.username, url.password].map(percentDecoded),
    // A part of the host's name: messages that say what cannot be reached need it.
    ...variables.filter((value) => !url.host.includes(value.toLowerCase())).flatMap(partsOfUrl),
  ];
}

/** A header's value, its credentials after a scheme (`Bearer ...`), the values of cookies and parameters, and what `Basic` has in it. */
function partsOfHeader(value: string): string[] {
  const words = value.split(/[\s,;]+/);
  const basic = /^Basic\s+(\S+)$/i.exec(value.trim())?.[1];
  const plain = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8');
  return [
    value,
    ...words,
    ...words.map((word) => word.replace(/^[^=]*=/, '').replace(/^"(.*)"$/, '$1')),
    plain,
    plain.slice(plain.indexOf(':') + 1),
  ];
}

/** A variable's value in a URL. One that holds a whole URL is no secret where it says which host and path. */
function partsOfUrl(value: string): string[] {
  if (!/^https?:\/\//i.test(value)) return [value, percentDecoded(value)];
  try {
    const { password, searchParams } = new URL(value);
    return [value, percentDecoded(password), ...searchParams.values()];
  } catch {
    return [value];
  }
}

/**
 * Replaces each secret by `***`: as it stands, escaped (JSON, HTML), percent-encoded, in base64 (also within other text) and as hexadecimal
 * digits. The patterns are made when they are first needed.
 */
export function scrubberOf(values: Iterable<string>): Scrub {
  const secrets = [...new Set(values)].filter((value) => value.length >= SHORTEST);
  if (secrets.length === 0) return NO_SECRETS;
  let pattern: RegExp | undefined;
  const make = () => {
    const forms = new Set(secrets.flatMap(formsOf));
    // The longest first: one may be a part of another.
    const sources = [...forms].sort((a, b) => b.length - a.length).map(sourceOf);
    return new RegExp(sources.join('|'), 'g');
  };
  return (text) => {
    pattern ??= make();
    // What stands on both sides of a mask may be a secret again; each round makes the text shorter.
    for (let before = ''; before !== text; ) {
      before = text;
      text = text.replace(pattern, MASK);
    }
    return text;
  };
}

/** The same with secrets that come later: a set that grows, such as that of the tokens which were sent. */
export function scrubberWith(later: ReadonlySet<string> | undefined, values: Iterable<string>): Scrub {
  const first = [...values];
  const scrub = scrubberOf(first);
  if (later === undefined) return scrub;
  let known = 0;
  let all = scrub;
  return (text) => {
    if (later.size > known) {
      known = later.size;
      all = scrubberOf([...first, ...later]);
    }
    return all(text);
  };
}

/** A secret as other texts may hold it, escapes aside. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const hex = bytes.toString('hex');
  const number = /^-?\d+(\.\d+)?$/.test(secret) ? String(Number(secret)) : '';
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = insideBase64(bytes, offset);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [secret, number, hex, hex.toUpperCase(), ...base64].filter((form) => form.length >= SHORTEST);
}

/** The characters of a base64 text that bytes decide alone, where `offset` bytes (modulo 3) come before them. */
function insideBase64(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const first = offset === 0 ? 0 : offset + 1;
  return text.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
}

/** A pattern for a form, each character as itself or as it is escaped. Letters and digits are escaped by nobody. Repetitions have a bound: no text takes long. */
function sourceOf(form: string): string {
  return [...form.matchAll(/\\+|[\s\S]/gu)].map(([one]) => characterSource(one)).join('');
}

function characterSource(one: string): string {
  if (/^[A-Za-z0-9]$/.test(one)) return one;
  const backslashes = one.startsWith('\\');
  const character = backslashes ? '\\' : one;
  const escapes = [
    [...character].map((c) => [...unitsOf(c)].map((unit) => `\\\\{1,16}u${anyCase(unit)}`).join('')).join(''),
    [...Buffer.from(character, 'utf8')].map((byte) => `%(?:25){0,8}${anyCase(hexOf(byte, 2))}`).join(''),
    `&#(?:0{0,8}${character.codePointAt(0)}|[xX]0{0,8}${anyCase(hexOf(character.codePointAt(0) ?? 0, 1))});`,
    ...(NAMED[character] ?? []),
    ...(character === ' ' ? ['\\+'] : []),
  ];
  if (backslashes)
    return `(?:\\\\{${one.length},${16 * one.length}}|(?:${escapes.join('|')}){${one.length}})`;
  return `(?:\\\\{0,16}${literal(one)}|${escapes.join('|')})`;
}

/** Names of characters: entities of HTML, short escapes of JSON. */
const NAMED: Readonly<Record<string, string[]>> = {
  '"': ['&quot;'],
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  "'": ['&apos;'],
  '\b': ['\\\\{1,16}b'],
  '\f': ['\\\\{1,16}f'],
  '\n': ['\\\\{1,16}n'],
  '\r': ['\\\\{1,16}r'],
  '\t': ['\\\\{1,16}t'],
};

/** UTF-16 code units as four hexadecimal digits each. */
function* unitsOf(character: string): Generator<string> {
  for (let i = 0; i < character.length; i++) yield hexOf(character.charCodeAt(i), 4);
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&');
}

/**
 * A JSON value with its strings, names and numbers scrubbed; the value itself where there is nothing to scrub. A number that is (or has in its
 * digits) a secret becomes the text `***`. Recurses: the value must not be nested deeper than a message may be.
 */
export function scrubValue(value: unknown, scrub: Scrub): unknown {
  if (scrub === NO_SECRETS) return value;
  if (typeof value === 'string') return scrub(value);
  if (typeof value === 'number') return scrubNumber(value, undefined, scrub);
  if (Array.isArray(value)) {
    const items = value.map((item, i) =>
      typeof item === 'number' ? scrubNumber(item, numberText(value, i), scrub) : scrubValue(item, scrub),
    );
    if (items.every((item, i) => Object.is(item, value[i]))) return value;
    for (const i of items.keys()) keepText(value, i, items, i);
    return items;
  }
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = {};
  let changed = false;
  for (const [key, one] of Object.entries(value)) {
    let name = scrub(key);
    while (name !== key && (Object.hasOwn(copy, name) || Object.hasOwn(value, name))) name += '*';
    const clean =
      typeof one === 'number' ? scrubNumber(one, numberText(value, key), scrub) : scrubValue(one, scrub);
    setOwn(copy, name, clean);
    keepText(value, key, copy, name);
    changed ||= name !== key || !Object.is(clean, one);
  }
  return changed ? copy : value;
}

function scrubNumber(value: number, text: string | undefined, scrub: Scrub): unknown {
  return [text ?? '', String(value)].some((one) => scrub(one) !== one) ? MASK : value;
}

/** A number that stays keeps the digits that it was sent with. */
function keepText(from: object, key: string | number, to: object, name: string | number): void {
  const text = numberText(from, key);
  if (text !== undefined && typeof (to as Record<string, unknown>)[name] === 'number')
    noteNumber(to, name, text);
}

/** Scrubs an error, and the errors that caused it, in place: its message, its stack, and what it knows of the server's words. */
export function scrubError<E>(error: E, scrub: Scrub): E {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    const own: Record<string, unknown> = { message: at.message, stack: at.stack };
    if (at instanceof CliError) Object.assign(own, { hint: at.hint, details: at.details });
    if (at instanceof RpcError) own['more'] = at.more;
    else if ('data' in at) own['data'] = at.data;
    for (const [name, value] of Object.entries(own)) {
      const clean = scrubValue(value, scrub);
      if (clean !== value)
        Object.defineProperty(at, name, {
          value: clean,
          enumerable: false,
          configurable: true,
          writable: true,
        });
    }
    at = at.cause;
  }
  return error;
}
