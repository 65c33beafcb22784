/** How long something took or has taken, from milliseconds, in two units at most: `7s`, `1m05s`, `2h10m`, `3d04h`. Never negative. */
export function elapsed(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (!Number.isFinite(s)) return '?';
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${twoDigits(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h${twoDigits(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 86_400)}d${twoDigits(Math.floor((s % 86_400) / 3600))}h`;
}

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}
