import { Ajv2020 } from 'ajv/dist/2020.js';
import { hasTexts, numberText } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { schemaWork } from './check-work.ts';
import { PROTO_PATTERN, prepareSchema } from './prepare-for-ajv.ts';
import { type Check, MOST_VIOLATIONS, type Violation } from './violation.ts';

/** Checking one value may look at this many subschemas, references followed; beyond it a hostile schema would hang the check. */
const MOST_WORK = 50_000;
const LONGEST_PATTERN = 5_000;
/** ajv's time grows with the square of their number (1,000: 0.4 s); further ones are left to the server. */
const MOST_PATTERNS = 1_000;

/** A compiled schema, and the prepared copy that its violations point into. */
export interface Engine {
  check: Check;
  schema: unknown;
}

/**
 * Compiles any JSON Schema with ajv. This module is to be imported dynamically: ajv takes about 16 ms to load and compile, and re2js,
 * loaded only for a schema with patterns, about 10 ms more.
 * `format` is an annotation, as in 2020-12 without its assertion vocabulary. References to the network are never fetched.
 * Throws when the schema cannot be compiled, or would take too long to check.
 */
export async function compileSchema(root: unknown): Promise<Engine> {
  const patterns = mentionsPattern(root) ? await loadPatterns() : undefined;
  const schema = prepareSchema(root, (pattern) => patterns?.(pattern) !== undefined);
  if (schemaWork(schema).visits > MOST_WORK) throw new Error('it is too large to be checked here');
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true, // the schema object of each error
    strict: false,
    strictNumbers: false, // 1e999 is Infinity here, and is sent as it was typed
    ownProperties: true, // `constructor` is no argument unless somebody gave it
    validateSchema: false,
    validateFormats: false,
    inlineRefs: false, // or a definition is copied to every place that mentions it
    meta: false,
    logger: false,
    code: {
      optimize: false, // it takes as long as the rest of the compiling, and a schema is used once
      regExp: Object.assign((pattern: string) => patternEngine(pattern, patterns?.(pattern)), {
        code: 'patternEngine',
      }),
    },
  });
  const validate = ajv.compile(schema as boolean | object as object);
  const check: Check = (value) => {
    validate(value);
    return (validate.errors ?? []).slice(0, MOST_VIOLATIONS).flatMap((error): Violation[] => {
      // Errors inside `propertyNames` are about the name; the keyword's own error follows them.
      if (error.propertyName !== undefined && error.keyword !== 'propertyNames') return [];
      const path = error.instancePath
        .split('/')
        .slice(1)
        .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
      if (ROUNDED.has(error.keyword) && isRounded(value, path)) return [];
      return [
        {
          keyword: error.keyword,
          path,
          params: error.params,
          schema: isObject(error.parentSchema) ? error.parentSchema : {},
        },
      ];
    });
  };
  return { check, schema };
}

/** What a rounded number can break although the number itself keeps it. The server is the judge of it then. */
const ROUNDED = new Set(['multipleOf', 'exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems']);

/** Whether ajv saw another number at the place than the one that is sent. */
function isRounded(root: unknown, path: readonly string[]): boolean {
  let holder: unknown = [root];
  let key = '0';
  for (const segment of path) {
    holder = (holder as JsonObject)[key];
    key = segment;
  }
  return numberText(holder as object, key) !== undefined || hasTexts((holder as JsonObject)[key]);
}

type Matcher = (text: string) => boolean;

function patternEngine(pattern: string, matches: Matcher | undefined) {
  const test: Matcher =
    pattern === PROTO_PATTERN ? (text) => text === '__proto__' : (text) => matches?.(text) ?? true;
  return { test, toString: () => pattern };
}

/** White space that `\s` means in ECMAScript but not in RE2. */
const OTHER_SPACE = /[\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/;

/**
 * Regular expressions that run in linear time whatever they are. What RE2 has no word for (look-around, back references) gives
 * undefined: the server is the judge of it.
 */
async function loadPatterns(): Promise<(pattern: string) => Matcher | undefined> {
  const { RE2JS } = await import('re2js');
  const known = new Map<string, Matcher | undefined>();
  return (pattern) => {
    if (!known.has(pattern)) known.set(pattern, compile(pattern));
    return known.get(pattern);
  };

  function compile(pattern: string): Matcher | undefined {
    // re2js would read a named back reference as text.
    if (pattern.length > LONGEST_PATTERN || known.size >= MOST_PATTERNS || pattern.includes('\\k<'))
      return undefined;
    try {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
      return (text) => compiled.test(text) || OTHER_SPACE.test(text);
    } catch {
      return undefined;
    }
  }
}

function mentionsPattern(root: unknown): boolean {
  const rest = [root];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (isObject(next) && (Object.hasOwn(next, 'pattern') || Object.hasOwn(next, 'patternProperties')))
      return true;
    for (const child of Object.values(next as object))
      if (typeof child === 'object' && child !== null) rest.push(child);
  }
  return false;
}
