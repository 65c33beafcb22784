/** The page that the browser ends on. It loads nothing, runs nothing, and has nothing in it that is not escaped. */
export interface CallbackPage {
  title: string;
  /** Paragraphs of plain text. */
  text: readonly string[];
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color:#222;background:#fff}h1{font-size:1.4em}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}';

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

export function pageHtml({ title, text }: CallbackPage): string {
  const paragraphs = text.map((one) => `<p>${escaped(one)}</p>`).join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
${paragraphs}
</html>
`;
}

function escaped(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (one) => names[one] ?? '');
}
