/** What is kept of an instance's server, and of the user's own for it; no network. */
import { existsSync } from 'node:fs';
import { readCatalogue } from '../catalog/cache.ts';
import type { Paths } from '../config/paths.ts';
import { cacheKey, targetHash } from '../config/target/target-hash.ts';
import type { Context } from '../context.ts';
import { knownDefinitionsFile } from '../definitions/place.ts';
import { readDefinitions } from '../definitions/read.ts';
import { age } from '../lib/text/age.ts';
import { counted } from '../lib/text/counted.ts';
import { clientFeatures } from '../mcp/client-features/client-features.ts';
import { readFacts } from '../mcp/connection/facts/facts-cache.ts';
import { attempt, type Check, checked, failed } from './finding.ts';
import type { Subject } from './subject.ts';

type Around = Pick<Context, 'env' | 'cwd'> & { now: Date };

/** The cached catalogue. One that cannot be used is asked for again, so that it is worth no more than a warning. */
export function checkCatalogue(paths: Paths, { name, identity, settings }: Subject, around: Around): Check[] {
  if (!identity || !settings) return [];
  const path = paths.catalogueFile(name);
  const { declared } = clientFeatures(settings, around.env, around.cwd);
  const problems: string[] = [];
  const catalogue = readCatalogue(path, cacheKey(identity, declared), () => problems.push(path));
  if (problems.length > 0)
    return [
      checked('catalogue', 'warning', 'the cached list of tools is damaged, and will be fetched again', {
        path,
      }),
    ];
  if (!catalogue) {
    const what =
      identity.kind === 'stdio' && identity.jobs !== undefined
        ? 'from before the job files changed'
        : 'of another server';
    const message = existsSync(path) ? `${what}; it will be fetched again` : 'not fetched yet';
    return [checked('catalogue', 'ok', message)];
  }
  const { tools, fetchedAt, leftOut } = catalogue;
  return [
    checked('catalogue', 'ok', `${counted(tools.length, 'tool')}, fetched ${age(fetchedAt, around.now)}`),
    // Of job files there is a check of its own.
    ...leftOut
      .filter(({ file }) => file === undefined)
      .map((one) => checked('catalogue', 'warning', `${one.name} is left out: ${one.reason}`)),
  ];
}

/** What was negotiated with the server. */
export function checkFacts(paths: Paths, { name, identity, settings }: Subject, around: Around): Check[] {
  if (!identity || !settings) return [];
  const path = paths.serverFile(name);
  const { declared } = clientFeatures(settings, around.env, around.cwd);
  const facts = readFacts(path, targetHash(identity), declared);
  if (!facts)
    return [
      checked('server facts', 'ok', existsSync(path) ? 'to be asked again' : 'nothing is remembered yet'),
    ];
  const { protocolVersion, transport, savedAt } = facts;
  const message = `protocol ${protocolVersion ?? 'unknown'} over ${transport}, remembered ${age(savedAt, around.now)}`;
  return [checked('server facts', 'ok', message)];
}

/** The user's own jobs; nothing is said where there are none. */
export function checkDefinitions(paths: Paths, { name, settings }: Subject, env: Context['env']): Check[] {
  let path = paths.definitionsFile(name);
  try {
    if (settings) path = knownDefinitionsFile(paths, { name, settings }, env);
    const { length } = readDefinitions(path);
    return length === 0 ? [] : [checked('definitions', 'ok', counted(length, 'definition'))];
  } catch (error) {
    return attempt('definitions', () => [{ ...failed('definitions', error), path }]);
  }
}
