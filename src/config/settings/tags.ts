import { UsageError } from '../../errors.ts';

/** What people give a job to find it by. */
export interface Tags {
  tags?: string[];
  labels?: Record<string, string>;
}

/** All of them together; of labels of one name the last counts. What nobody gave is left out. */
export function unitedTags(...layers: readonly Tags[]): Tags {
  const tags = [...new Set(layers.flatMap((layer) => layer.tags ?? []))];
  const labels = Object.fromEntries(layers.flatMap((layer) => Object.entries(layer.labels ?? {})));
  return {
    ...(tags.length > 0 ? { tags } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}

export function isTag(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** Tags as typed. Error: UsageError that names `where` for one that is empty. */
export function parseTags(words: readonly string[], where: string): string[] {
  if (!words.every(isTag)) throw new UsageError(`${where}: a tag must not be empty`);
  return [...words];
}

/** `NAME=VALUE` labels as a map; a value may be empty. Error: UsageError that names `where`, also for two values of one name. */
export function parseLabels(words: readonly string[], where: string): Record<string, string> {
  const labels = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals <= 0)
      throw new UsageError(`${where}: not NAME=VALUE: ${JSON.stringify(word)}`, {
        hint: 'for example team=data',
      });
    const name = word.slice(0, equals);
    const value = word.slice(equals + 1);
    if ((labels.get(name) ?? value) !== value) throw new UsageError(`${where}: ${name} is given twice`);
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}
