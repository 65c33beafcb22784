import { numberText } from './exact-json.ts';

/** JSON text of a value in pieces of about `LENGTH` characters, made one by one: between two of them other work can be done. */

/** Characters; a single text may be longer. */
const LENGTH = 256 * 1024;

/** The pieces; joined they are JSON of the value, in which undefined is null, and what is too large for a number still is. Does not recurse, so no depth can overflow the stack. */
export function* jsonPieces(value: unknown): Generator<string> {
  let parts: string[] = [];
  let length = 0;
  const open: Open[] = [];
  const write = (text: string) => {
    parts.push(text);
    length += text.length;
  };
  const begin = (one: unknown, holder: object, key: string | number) => {
    if (Array.isArray(one)) {
      write('[');
      open.push({ items: one, at: 0 });
    } else if (typeof one === 'object' && one !== null) {
      write('{');
      open.push({ holder: one as Record<string, unknown>, names: Object.keys(one), at: 0 });
    } else if (typeof one === 'number') write(numberText(holder, key) ?? plainNumber(one));
    else write(JSON.stringify(one) ?? 'null');
  };
  begin(value, {}, '');
  for (let top = open.at(-1); top; top = open.at(-1)) {
    const { at } = top;
    top.at += 1;
    if ('items' in top) {
      if (at >= top.items.length) {
        write(']');
        open.pop();
      } else {
        if (at > 0) write(',');
        begin(top.items[at], top.items, at);
      }
    } else if (at >= top.names.length) {
      write('}');
      open.pop();
    } else {
      const name = top.names[at] ?? '';
      write(`${at > 0 ? ',' : ''}${JSON.stringify(name)}:`);
      begin(top.holder[name], top.holder, name);
    }
    if (length < LENGTH) continue;
    yield parts.join('');
    parts = [];
    length = 0;
  }
  yield parts.join('');
}

function plainNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value < 0 ? '-1e999' : '1e999';
}

/** An array or object that is being written. */
type Open =
  | { items: readonly unknown[]; at: number }
  | { holder: Readonly<Record<string, unknown>>; names: readonly string[]; at: number };
