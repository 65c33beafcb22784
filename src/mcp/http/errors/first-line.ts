const LONGEST = 200;

/** How much of a text is looked at, in characters: tags are searched for with patterns whose time grows with its square. */
const LOOKED_AT = 16_384;

/** One line of what a server said in a body: an HTML page's title, else the first line that is not empty. Empty when there is none. */
export function firstLine(whole: string): string {
  const text = whole.slice(0, LOOKED_AT);
  const words = isWebPage(text) ? htmlWords(text) : text;
  const line = words.trim().split(/[\r\n]/, 1)[0] ?? '';
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}

export function isWebPage(text: string): boolean {
  return /^\s*</.test(text) && /<(?:!doctype|html|head|body|title)\b/i.test(text.slice(0, LOOKED_AT));
}

/** The title of an HTML page, else the text of its body. */
function htmlWords(page: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(page)?.[1]?.replace(/\s+/g, ' ').trim();
  if (title) return title;
  return page
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}
