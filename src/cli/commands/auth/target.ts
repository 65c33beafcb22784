import { configuredInstance, type Instance } from '../../../config/configured-instance.ts';
import type { HttpTarget } from '../../../config/target/target.ts';
import { UsageError } from '../../../errors.ts';
import type { App } from '../../app.ts';
import { textFlag } from '../../global-flags/values.ts';

/**
 * Selects the instance that a command about logins means: by its name, `--instance` or `--url`, else the active one. Errors: UsageError without one,
 * ConfigError for folders that are not safe.
 */
export async function selectInstance(app: App, typed: string | undefined): Promise<Instance> {
  const named = textFlag(app.flags, 'instance');
  if (typed !== undefined && named !== undefined && named !== typed)
    throw new UsageError('--instance and the name of another instance contradict each other');
  const explicit = await app.explicitInstance();
  if (typed !== undefined && explicit?.adHoc)
    throw new UsageError('an instance and an ad hoc target contradict each other');
  const found =
    explicit ??
    (typed === undefined ? app.activeInstance() : configuredInstance(app.config, typed, app.context.env));
  if (!found) throw new UsageError('of which instance?', { hint: 'see: mcp2cli instances list' });
  app.checkPlaces(found.name);
  app.select(found);
  return found;
}

/** The server of an instance. Error: UsageError for one that is a command: it has no login. */
export function httpTarget(instance: Instance): HttpTarget {
  if (instance.identity.kind !== 'http')
    throw new UsageError(`${instance.name} is a command that is started here: it has no login`, {
      hint: `give it what it needs in its environment: mcp2cli instances add ${instance.name} --force --env K=V -- COMMAND`,
    });
  return instance.target() as HttpTarget;
}
