/** What is configured for a tool, in the shape that its calls take it. */

import type { CatalogEntry } from '../../catalog/entry.ts';
import { parseLabels, parseTags, type Tags, unitedTags } from '../../config/settings/tags.ts';
import type { ToolSettings } from '../../config/settings/tool-settings.ts';
import { UsageError } from '../../errors.ts';
import type { JobMetadata, NewJobMetadata } from '../../jobs/record.ts';
import type { App } from '../app.ts';
import type { FlagValues } from './scan.ts';
import { listFlag, textFlag } from './values.ts';

const FLAGS = [
  ['retries', 'retries'],
  ['retryBackoff', 'retry-backoff'],
  ['retryMultiplier', 'retry-multiplier'],
  ['retryMaxBackoff', 'retry-max-backoff'],
  ['timeout', 'timeout'],
] as const;

/** The settings of a tool or of a definition that stand for flags; a number as a duration is seconds. */
type CallSettings = Pick<ToolSettings, 'retries' | 'retryMultiplier' | 'outputCheck' | 'inputCheck'> &
  Partial<Record<'retryBackoff' | 'retryMaxBackoff' | 'timeout', string | number>>;

/** Settings as the flags that would say the same. Tags and labels are no flags here: they are added to, not replaced (callMetadata). */
export function toolDefaults(settings: CallSettings): FlagValues {
  const values: FlagValues = new Map();
  for (const [key, flag] of FLAGS) {
    const value = settings[key];
    if (value !== undefined) values.set(flag, String(value));
  }
  const { outputCheck, inputCheck } = settings;
  if (outputCheck !== undefined) values.set(outputCheck ? 'output-check' : 'no-output-check', true);
  if (inputCheck !== undefined) values.set(inputCheck ? 'input-check' : 'no-input-check', true);
  return values;
}

/** The metadata of a call's job: what is configured, weakest first, and what `--tag` and `--label` add. Error: UsageError. */
export function callMetadata(flags: FlagValues, ...configured: readonly Tags[]): JobMetadata {
  return unitedTags(...configured, {
    tags: parseTags(listFlag(flags, 'tag'), '--tag'),
    labels: parseLabels(listFlag(flags, 'label'), '--label'),
  });
}

/** `--name`. Error: UsageError for one that is empty. */
function jobName(flags: FlagValues): string | undefined {
  const name = textFlag(flags, 'name');
  if (name?.trim() === '') throw new UsageError('--name: a name must not be empty');
  return name;
}

/**
 * Puts the defaults of what is called under the flags that were typed: a definition's own, then those that the instance has configured for the
 * tool (`settings`). Returns the metadata of the call's job. Error: UsageError.
 */
export function applyDefaults(app: App, entry: CatalogEntry, settings: ToolSettings): NewJobMetadata {
  const { kind, name, target } = entry;
  if (target) app.defaults(toolDefaults(target.settings));
  app.defaults(toolDefaults(settings));
  const given = jobName(app.flags);
  const metadata = {
    ...(given === undefined ? {} : { name: given }),
    ...callMetadata(app.flags, settings, { tags: [...entry.tags], labels: { ...entry.labels } }),
  };
  if (kind === 'tool') return metadata;
  return { ...metadata, kind, capability: name, ...(target ? { tool: target.tool.name } : {}) };
}
