import { ELICIT_POLICIES, type ElicitPolicy } from '../../config/settings/settings.ts';
import { UsageError } from '../../errors.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import { LOG_LEVELS, type LogLevel } from '../../mcp/log-level.ts';
import type { OutputFormat } from '../output/printer.ts';
import type { FlagValues } from './scan.ts';

export function textFlag(flags: FlagValues, name: string): string | undefined {
  const value = flags.get(name);
  return typeof value === 'string' ? value : undefined;
}

export function listFlag(flags: FlagValues, name: string): string[] {
  const value = flags.get(name);
  return Array.isArray(value) ? value : [];
}

/** Milliseconds, or undefined for none. Error: UsageError. */
export function durationFlag(flags: FlagValues, name: string): number | undefined {
  const text = textFlag(flags, name);
  return text === undefined ? undefined : parseDuration(text, `--${name}`);
}

/** What `--elicit` says, if anything. Error: UsageError for an unknown policy. */
export function elicitFlag(flags: FlagValues): ElicitPolicy | undefined {
  const typed = textFlag(flags, 'elicit');
  const policy = ELICIT_POLICIES.find((one) => one === typed);
  if (typed !== undefined && policy === undefined)
    throw new UsageError(`--elicit: not a policy: ${JSON.stringify(typed)}`, {
      hint: `one of ${ELICIT_POLICIES.join(', ')}`,
    });
  return policy;
}

/** What `--log-level` says, if anything. Error: UsageError for an unknown level. */
export function levelFlag(typed: string | undefined, flag = '--log-level'): LogLevel | undefined {
  const level = LOG_LEVELS.find((one) => one === typed);
  if (typed !== undefined && level === undefined)
    throw new UsageError(`${flag}: not a level: ${JSON.stringify(typed)}`, {
      hint: `one of ${LOG_LEVELS.join(', ')}`,
    });
  return level;
}

/** Error: UsageError for an unknown format. */
export function outputFormat(flags: FlagValues): OutputFormat {
  const output = textFlag(flags, 'output');
  if (output === undefined) return flags.has('json') || flags.has('jq') ? 'json' : 'human';
  if (output === 'human' && flags.has('jq'))
    throw new UsageError('--jq and --output human cannot be used together');
  if (output !== 'human' && output !== 'json' && output !== 'ndjson')
    throw new UsageError(`--output: not a format: ${JSON.stringify(output)}`, {
      hint: 'one of human, json, ndjson',
    });
  if (flags.has('json') && output === 'human')
    throw new UsageError('--json and --output human cannot be used together');
  return output;
}

/** `K: V` headers as a map. Error: UsageError. */
export function parseHeaders(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const header of list) {
    const colon = header.indexOf(':');
    const name = header.slice(0, colon).trim();
    if (colon <= 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw new UsageError('--header: not a header (its value is not shown here)', {
        hint: "--header 'Name: value'",
      });
    const value = header.slice(colon + 1).trim();
    if (/[\r\n\0]/.test(value)) throw new UsageError(`--header ${name}: the value has a line break`);
    headers[name] = value;
  }
  return headers;
}

/** `K=V` pairs as a map. Error: UsageError. */
export function parseEnv(list: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const pair of list) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    if (equals <= 0 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new UsageError('--env: not NAME=VALUE (its value is not shown here)', {
        hint: '--env NAME=VALUE',
      });
    env[name] = pair.slice(equals + 1);
  }
  return env;
}
