/** What is configured for a tool, in the shape that its calls take it. */
import { type Marks, parseLabels, parseTags, unitedMarks } from '../config/marks.ts';
import type { ToolSettings } from '../config/tool-settings.ts';
import type { JobMarks } from '../jobs/record.ts';
import type { App } from './app.ts';
import { listFlag } from './flag-values.ts';
import type { FlagValues } from './runtime-flags.ts';

const FLAGS = [
  ['retries', 'retries'],
  ['retryBackoff', 'retry-backoff'],
  ['retryMultiplier', 'retry-multiplier'],
  ['retryMaxBackoff', 'retry-max-backoff'],
  ['timeout', 'timeout'],
] as const;

/** Settings as the flags that would say the same. Marks are no flags here: they are added to, not replaced (callMarks). */
export function toolDefaults(settings: ToolSettings): FlagValues {
  const values: FlagValues = new Map();
  for (const [key, flag] of FLAGS) {
    const value = settings[key];
    if (value !== undefined) values.set(flag, String(value));
  }
  const { outputCheck } = settings;
  if (outputCheck !== undefined) values.set(outputCheck ? 'output-check' : 'no-output-check', true);
  return values;
}

/** The marks of a call's job: what is configured, weakest first, and what `--tag` and `--label` add. Error: UsageError. */
export function callMarks(flags: FlagValues, ...configured: readonly Marks[]): JobMarks {
  return unitedMarks(...configured, {
    tags: parseTags(listFlag(flags, 'tag'), '--tag'),
    labels: parseLabels(listFlag(flags, 'label'), '--label'),
  });
}

/**
 * Puts what the instance has configured for a tool (its exact name) under the flags that are there; whoever has stronger defaults than
 * these gives them to `app.defaults` first. Returns the marks of the call's job. Errors: ConfigError for a wrong setting, UsageError.
 */
export async function applyToolSettings(app: App, tool: string): Promise<JobMarks> {
  const settings = (await app.instance.toolSettings())(tool);
  app.defaults(toolDefaults(settings));
  return callMarks(app.flags, settings);
}
