import { resolve } from 'node:path';
import { readCatalogue } from '../../../catalog/cache.ts';
import { definitionEntries, workflowEntries } from '../../../catalog/definition-entries.ts';
import { type CatalogEntry, entriesOf } from '../../../catalog/entry.ts';
import { extrasIn } from '../../../catalog/extras.ts';
import { readExtras } from '../../../catalog/extras-cache.ts';
import { type Config, findInstance } from '../../../config/config.ts';
import { configuredInstance, type Instance } from '../../../config/configured-instance.ts';
import { settingsOf } from '../../../config/settings/settings.ts';
import { storeOf } from '../../../config/settings/store-address.ts';
import { serverEntry } from '../../../config/target/server-entry.ts';
import { describeTarget } from '../../../config/target/target.ts';
import { type Context, NOWHERE } from '../../../context.ts';
import { knownDefinitionsFile } from '../../../definitions/place.ts';
import { readDefinitionsFile } from '../../../definitions/read.ts';
import { catalogueKey } from '../../../instance/catalog-key.ts';
import { withAliases, withSettings } from '../../../instance/entries.ts';
import { recentJobs } from '../../../jobs/store/recent-jobs.ts';
import { firstSentence } from '../../../lib/text/first-sentence.ts';
import { namesOfDefinition, namesOfEntry, namesOfJob } from '../../../permissions/known-names.ts';
import { App } from '../../app.ts';
import type { FlagValues } from '../../global-flags/scan.ts';
import type { Candidate } from '../candidate.ts';
import type { KnownInstance, Sources } from './sources.ts';

/** How many jobs are proposed. */
const MOST_JOBS = 50;

/** What this machine's files tell. Reads what it is asked for and no more; says and writes nothing. */
export function localSources(loud: Context, config?: Config): Sources {
  const context = { ...loud, stdout: NOWHERE, stderr: NOWHERE };
  const app = new App(context, new Map());
  if (config) app.useConfig(config);
  const servers = () => orElse(() => app.config.mcpServers, {});
  const known = (instance: Instance | undefined, flags: FlagValues = new Map()) => {
    if (!instance) return undefined;
    const own = new App(context, flags);
    own.select(instance);
    return knownInstance(own);
  };
  return {
    instances: () =>
      Object.keys(servers()).map((name) => {
        const active = app.config.active === name ? 'active: ' : '';
        return { value: name, about: orElse(() => active + targetOf(name), '') };
      }),
    instance: (typed) =>
      known(
        orElse(
          () =>
            findInstance(app.config, typed) === undefined
              ? undefined
              : configuredInstance(app.config, typed, context.env),
          undefined,
        ),
      ),
    active: () => known(orElse(() => app.activeInstance(), undefined)),
    async explicit(flags) {
      try {
        const own = new App(context, flags);
        if (config) own.useConfig(config);
        return known(await own.explicitInstance());
      } catch {
        return undefined;
      }
    },
    async ofFile(path) {
      try {
        const { configOfFile } = await import('../../../config/hosts/config-file.ts');
        return localSources(loud, await configOfFile(resolve(context.cwd, path), context));
      } catch {
        return this;
      }
    },
    async elsewhere() {
      try {
        const [{ discover }, { candidatesIn }] = await Promise.all([
          import('../../../config/hosts/read.ts'),
          import('../../../config/hosts/candidates.ts'),
        ]);
        return candidatesIn(await discover(context), app.config)
          .filter(({ state }) => state !== 'left out' && state !== 'same')
          .map(({ name, longName, state, file }) => ({
            value: state === 'new' ? name : longName,
            about: file.host.title,
          }));
      } catch {
        return [];
      }
    },
  };

  function targetOf(name: string): string {
    return describeTarget(configuredInstance(app.config, name, context.env).identity);
  }
}

function knownInstance(app: App): KnownInstance {
  const { instance, paths } = app;
  let all: Promise<readonly CatalogEntry[]> | undefined;
  const own = () =>
    orElse(() => readDefinitionsFile(knownDefinitionsFile(paths, instance, app.context.env)), {
      definitions: [],
      workflows: [],
      extra: {},
    });
  const entries = () => {
    all ??= orElseLater(async () => {
      const none = { tools: [], jobs: [], workflows: [] };
      const catalogue = readCatalogue(paths.catalogueFile(instance.name), catalogueKey(instance), () => {});
      const known = await withAliases(
        app,
        entriesOf(catalogue ?? none, [
          ...definitionEntries(own().definitions, (catalogue ?? none).tools),
          ...workflowEntries(own().workflows),
        ]),
      );
      return permitted(app, known, namesOfEntry);
    }, []);
    return all;
  };
  return {
    entries,
    listed: async () => orElseLater(async () => withSettings(app, await entries(), false), []),
    definitions: () =>
      orElseLater(async () => {
        const known = await permitted(app, own().definitions, namesOfDefinition);
        return known
          .map(({ name, tool, description }): Candidate => {
            return { value: name, about: firstSentence(description ?? `calls ${tool}`) };
          })
          .concat(own().workflows.map(({ name }) => ({ value: name, about: 'workflow' })));
      }, []),
    extras: () =>
      orElseLater(async () => {
        const cached = readExtras(paths.extrasFile(instance.name), catalogueKey(instance));
        return cached ? permitted(app, extrasIn(cached), ({ id }) => [id]) : [];
      }, []),
    serverValues: (argument) =>
      orElseLater(async () => {
        if (!instance.settings.serverCompletion) return [];
        return (await import('../server-values.ts')).serverValues(app, argument);
      }, []),
    jobs: (prefix, liveFirst) =>
      orElseLater(async () => {
        const wanted = { prefix, liveFirst, most: MOST_JOBS };
        const address = storeOf(instance.name, instance.settings, app.context.env);
        const jobs = address
          ? await (await import('./shared-jobs.ts')).sharedJobs(address, instance.name, wanted)
          : recentJobs(paths.jobsDir(instance.name), wanted);
        return permitted(app, jobs, namesOfJob);
      }, []),
    settings: () =>
      orElse(() => {
        const server = serverEntry(instance.name, app.config.mcpServers[instance.name] ?? {});
        const { tools } = server;
        return { ...settingsOf(server), ...(tools === undefined ? {} : { tools }) };
      }, {}),
  };
}

/** The items of which the instance's rules allow a list, as far as can be told without running anything. */
async function permitted<T>(
  app: App,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
): Promise<readonly T[]> {
  if (!app.instance.access) return items;
  return (await import('../../../permissions/check.ts')).itemsUnasked(app, items, namesOf);
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

async function orElseLater<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch {
    return otherwise;
  }
}
