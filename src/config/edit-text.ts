import { applyEdits, type JSONPath, modify } from 'jsonc-parser/lib/esm/main.js';
import { markedCopy, unmarkedText } from '../lib/json/exact-json.ts';
import { isObject, type JsonObject, own, sameJson } from '../lib/json/json.ts';

interface Change {
  path: JSONPath;
  /** undefined: taken out. */
  value: unknown;
}

/** The text of a configuration with what differs between two of its values changed in it; comments and everything else stay as they are. */
export function editedText(text: string, before: JsonObject, after: JsonObject): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol };
  // Marked, numbers differ where their texts do, and `modify` cannot round them.
  const differing = changes(markedCopy(before) as JsonObject, markedCopy(after) as JsonObject, []);
  const marked = differing.reduce(
    (rest, { path, value }) => applyEdits(rest, modify(rest, path, value, { formattingOptions })),
    text,
  );
  const edited = unmarkedText(marked);
  return edited.endsWith(eol) ? edited : `${edited}${eol}`;
}

/** The smallest changes of members that lead from one object to another. */
function changes(before: JsonObject, after: JsonObject, path: JSONPath): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [old, now] = [own(before, name), own(after, name)];
    const at = [...path, name];
    if (Object.hasOwn(before, name) && Object.hasOwn(after, name) && sameJson(old, now)) return [];
    return isObject(old) && isObject(now) ? changes(old, now, at) : [{ path: at, value: now }];
  });
}
