/** A setting's value in one line, as it could be typed where that is possible. */
export function settingText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((one) => settingText(one)).join(' ');
  const { command, args, uri } = (value ?? {}) as { command?: unknown; args?: unknown; uri?: unknown };
  if (typeof command === 'string') return JSON.stringify([command, ...(Array.isArray(args) ? args : [])]);
  return typeof uri === 'string' ? uri : (JSON.stringify(value) ?? '');
}
