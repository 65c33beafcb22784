/** Whether a URL of a server may be offered to a person as a page to open: http(s) alone. */
export function isWebPage(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
