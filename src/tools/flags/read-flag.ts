import { carryNumber, joined, parseJson } from '../../lib/json/exact-json.ts';
import type { Shape } from '../schema/shape.ts';
import type { ToolFlag } from './flag.ts';
import { readExactly, readWord, type WordResult } from './read-value.ts';

/**
 * The value of a flag from everything that was typed for it: words, or verdicts (`true` of `--x` alone, `false` of `--no-x`). Only a flag
 * that takes an array may have several.
 */
export function readFlag(flag: ToolFlag, words: readonly (string | boolean)[]): WordResult {
  return flag.kind === 'array' ? readList(flag, words) : readOne(flag, words[0] ?? '');
}

/** The value without regard to the schema: what is JSON is that, anything else is text. */
export function readUnchecked(flag: ToolFlag, words: readonly (string | boolean)[]): { value: unknown } {
  const anything = (word: string | boolean) =>
    typeof word === 'boolean' ? { value: word } : (readWord(word, [{ type: 'any' }]) as { value: unknown });
  const [only = ''] = words;
  if (flag.kind !== 'array') return anything(only);
  const pieces = words.map((word) => {
    const element = anything(word);
    const piece = [element.value];
    carryNumber(element, 'value', piece, 0);
    return piece;
  });
  return { value: joined(pieces) };
}

function readOne(flag: ToolFlag, word: string | boolean): WordResult {
  return typeof word === 'boolean' ? { value: word } : readWord(word, flag.shapes, flag.secret);
}

/**
 * The occurrences of a flag that takes an array. Elements that are text are taken as they stand; for all others, and for a tuple, a JSON array
 * gives several elements at once (`--n '[1,2]'`, `--n '[]'`). One occurrence of a flag that also takes a single value is that value.
 */
function readList(flag: ToolFlag, words: readonly (string | boolean)[]): WordResult {
  const { items = [], places = [] } = flag;
  const [only] = words;
  if (words.length === 1 && only !== undefined) {
    const single = flag.shapes.filter((shape) => shape.type !== 'array');
    if (typeof only === 'boolean') return { value: only };
    const alone = readExactly(only, single);
    if (single.length > 0 && 'value' in alone && !(alone.value === null && takesText(items))) return alone;
    const whole = places.length > 2 ? jsonArray(only, []) : undefined;
    if (whole) return { value: whole };
  }
  const pieces: unknown[][] = [];
  let count = 0;
  for (const [i, word] of words.entries()) {
    if (typeof word === 'boolean') return { problem: `--no-${flag.name} takes no part in a list` };
    const shapes = places[count] ?? places.at(-1) ?? items;
    const several = takesText(shapes) ? undefined : jsonArray(word, shapes);
    if (several) {
      pieces.push(several);
      count += several.length;
      continue;
    }
    const element = readWord(word, shapes, flag.secret);
    if ('problem' in element)
      return { problem: words.length > 1 ? `${element.problem} [item ${i + 1}]` : element.problem };
    const piece = [element.value];
    carryNumber(element, 'value', piece, 0);
    pieces.push(piece);
    count += 1;
  }
  return { value: joined(pieces) };
}

function takesText(shapes: readonly Shape[]): boolean {
  return shapes.some((shape) => shape.type === 'string' && !shape.values);
}

function jsonArray(word: string, items: readonly Shape[]): unknown[] | undefined {
  if (!word.trimStart().startsWith('[')) return undefined;
  try {
    const parsed: unknown = parseJson(word);
    if (!Array.isArray(parsed)) return undefined;
    // Of elements that are arrays themselves, [1,2] is one and [[1,2],[3]] is two.
    const nested = items.some((shape) => shape.type === 'array');
    return nested && !(parsed.length > 0 && parsed.every(Array.isArray)) ? undefined : parsed;
  } catch {
    return undefined;
  }
}
