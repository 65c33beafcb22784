/** What hosts have, beside what is configured here: which of it is new, is here already, or is in question. No I/O. */
import { isObject, sameJson } from '../../lib/json/json.ts';
import { type Config, configuredTarget, findInstance } from '../config.ts';
import { problemOf } from './config-file.ts';
import { nameWithHost, ourName } from './names.ts';
import type { HostFileRead } from './read.ts';
import type { HostServer } from './server.ts';

/**
 * `same`: an instance, or a server before it in the list, is this one. `other`: an instance of its name is another server. `twice`: hosts have
 * several servers of its name. `left out`: it cannot be used here.
 */
export type CandidateState = 'new' | 'same' | 'other' | 'twice' | 'left out';

export interface Candidate {
  file: HostFileRead;
  found: HostServer;
  /** What it would be called here. */
  name: string;
  /** What it would be called beside another of its name. */
  longName: string;
  state: CandidateState;
  /** Why it is left out, or in question, in a sentence without its end. */
  reason?: string;
}

export function candidatesIn(files: readonly HostFileRead[], config: Config): Candidate[] {
  const candidates: Candidate[] = files.flatMap((file) =>
    file.servers.map((found) => {
      const name = ourName(found.name, file.host.id);
      const longName = nameWithHost(found.name, file.host.id);
      const reason = found.reason ?? problemOf(name, found);
      const base = { file, found, name, longName };
      return reason === undefined
        ? { ...base, state: 'new' as const }
        : { ...base, state: 'left out', reason };
    }),
  );
  const fresh = () => candidates.filter(({ state }) => state === 'new');
  for (const one of fresh()) isHere(one, config);
  const open = fresh();
  for (const one of open) judge(one, open, config);
  return candidates;
}

/** A server that an instance of its name is already, or of the name that it has beside another. */
function isHere(one: Candidate, config: Config): void {
  const instance = [one.name, one.longName]
    .map((name) => findInstance(config, name))
    .find((known) => known !== undefined && isSame(config.mcpServers[known], one.found.server));
  if (instance === undefined) return;
  one.state = 'same';
  one.reason = `it is instance ${instance} already`;
}

function judge(one: Candidate, open: readonly Candidate[], config: Config): void {
  const namesakes = open.filter(({ name }) => name.toLowerCase() === one.name.toLowerCase());
  const others = namesakes.filter((other) => !isSame(other.found.server, one.found.server));
  const instance = findInstance(config, one.name);
  if (instance !== undefined) {
    one.state = 'other';
    one.reason = `instance ${instance} is another server`;
  } else if (others.length > 0) {
    one.state = 'twice';
    const where = [...new Set(others.map(({ file }) => `${file.host.title} (${file.path})`))];
    one.reason = `${where.join(', ')} has another server of this name`;
  } else if (namesakes[0] !== one) {
    one.state = 'same';
    one.reason = `it is the same as that of ${namesakes[0]?.file.host.title}`;
  }
}

/** Whether two entries lead to the same server, in the same way. */
function isSame(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return false;
  try {
    return sameJson(configuredTarget('a', a), configuredTarget('a', b));
  } catch {
    return false;
  }
}
