/** The severities of log messages, least first (RFC 5424; MCP 2025-11-25, server/utilities/logging). */
export const LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;

export type Level = (typeof LEVELS)[number];

/** Whether whoever wants to hear from `least` on wants a message of this level; an unknown one counts as `info`. */
export function isWanted(level: string, least: Level): boolean {
  const at = (LEVELS as readonly string[]).indexOf(level);
  return (at < 0 ? 1 : at) >= LEVELS.indexOf(least);
}
