/** Text with its percent-encoding taken back. A `%` that begins no code stands for itself. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
