import { numberText, stringifyJson } from '../../../lib/json/exact-json.ts';
import { isObject } from '../../../lib/json/json.ts';

/** A setting's value in one line, as it could be typed where that is possible. */
export function settingText(value: unknown): string {
  if (typeof value === 'string') return value;
  // Rules of permissions: their own form is the one that can be typed.
  if (Array.isArray(value) && value.some((one) => one?.action !== undefined)) return stringifyJson(value);
  if (Array.isArray(value)) return value.map((one, i) => numberText(value, i) ?? settingText(one)).join(' ');
  const { command, args, uri } = (value ?? {}) as { command?: unknown; args?: unknown; uri?: unknown };
  if (typeof command === 'string') return stringifyJson([command, ...(Array.isArray(args) ? args : [])]);
  return typeof uri === 'string' ? uri : (stringifyJson(value) ?? '');
}

/** The same for a setting of a tool: labels are pairs. */
export function toolSettingText(key: string, value: unknown): string {
  if (key !== 'labels' || !isObject(value)) return settingText(value);
  return Object.entries(value)
    .map(([name, text]) => `${name}=${settingText(text)}`)
    .join(' ');
}

/** The settings of tools as they are stored, right or wrong: `tools.export.retries: 5`. */
export function toolSettingLines(tools: unknown): string[] {
  if (tools === undefined) return [];
  if (!isObject(tools)) return [`tools: ${settingText(tools)}`];
  return Object.entries(tools).flatMap(([tool, entry]) =>
    isObject(entry)
      ? Object.entries(entry).map(
          ([key, value]) => `tools.${tool}.${key}: ${numberText(entry, key) ?? toolSettingText(key, value)}`,
        )
      : [`tools.${tool}: ${settingText(entry)}`],
  );
}
