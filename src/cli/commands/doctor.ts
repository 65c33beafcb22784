import { type Config, findInstance } from '../../config/config.ts';
import { unknownInstance } from '../../config/configured-instance.ts';
import { isSafeName } from '../../config/names.ts';
import { DEFAULT_SETTINGS } from '../../config/settings/settings.ts';
import { checkConfiguration, instanceFolders } from '../../doctor/configuration.ts';
import { examineInstances, machineOf } from '../../doctor/examine.ts';
import { type Check, checked, type Finding } from '../../doctor/finding.ts';
import { strayLaunchers } from '../../doctor/launchers.ts';
import { checkCompileCache, checkRoot, checkVersions } from '../../doctor/machine.ts';
import type { Subject } from '../../doctor/subject.ts';
import { EXIT, UsageError } from '../../errors.ts';
import type { App } from '../app.ts';
import { TARGET_FLAGS } from '../global-flags/table.ts';
import { durationFlag, textFlag } from '../global-flags/values.ts';
import { findingLines, findingSummary } from '../output/views/doctor-view.ts';

export interface DoctorOptions {
  offline?: boolean;
  setAside?: boolean;
}

/** How long each server may take, in milliseconds, without `--timeout`. */
const DEFAULT_LIMIT_MS = 10_000;

/**
 * `doctor [INSTANCE]`: looks at everything that has to be right, and says what is not. It works where other commands refuse to: with a
 * damaged configuration, or a data root that they do not trust. Exit 0 without a problem, 1 with one.
 */
export async function examine(app: App, typed: string | undefined, options: DoctorOptions): Promise<number> {
  const { context, paths } = app;
  const root = checkRoot(paths, context.platform);
  const { config, checks } = checkConfiguration(paths, context);
  const general = [
    checkVersions(context),
    ...root.checks,
    ...(root.trusted ? checkCompileCache(paths) : []),
    ...checks,
  ];
  const { subjects, strange } = await subjectsOf(app, typed, config);
  if (options.setAside && subjects.length !== 1)
    throw new UsageError('--set-aside: of which instance?', { hint: 'mcp2cli doctor INSTANCE --set-aside' });
  const found = await examineInstances(subjects, machineOf(context, paths), {
    offline: options.offline === true,
    limitMs: app.flags.has('timeout') ? durationFlag(app.flags, 'timeout') : DEFAULT_LIMIT_MS,
    setAside: options.setAside === true,
    trusted: root.trusted,
  });
  const isOne =
    typed !== undefined || ['instance', 'url', 'stdio', 'jobs'].some((flag) => app.flags.has(flag));
  const stray = config ? strayLaunchers(paths.root, context, Object.keys(config.mcpServers)) : [];
  const meant = isOne
    ? stray.filter(({ instance }) => subjects.some(({ name }) => name === instance))
    : stray;
  return await report(app, [...general.map(shared), ...strange, ...meant, ...found]);
}

function shared(check: Check): Finding {
  return { instance: null, ...check };
}

interface Meant {
  subjects: Subject[];
  /** What is said of instances that cannot be looked at. */
  strange: Finding[];
}

/** The instances that are meant. Without a configuration that can be read: those that have folders. Error: UsageError for an unknown one. */
async function subjectsOf(app: App, typed: string | undefined, config: Config | undefined): Promise<Meant> {
  const named = textFlag(app.flags, 'instance');
  if (named !== undefined && typed !== undefined && named !== typed)
    throw new UsageError('--instance and the name of another instance cannot be used together');
  const name = typed ?? named;
  const adHoc = await adHocSubject(app);
  if (adHoc && name !== undefined)
    throw new UsageError('an instance and an ad hoc target cannot be used together');
  if (adHoc) return { subjects: [adHoc], strange: [] };
  if (name !== undefined) return oneSubject(app, name, config);
  const all = config ? Object.keys(config.mcpServers) : instanceFolders(app.paths);
  return {
    subjects: all.filter(isSafeName).map((one) => subjectOf(one, config)),
    strange: all.filter((one) => !isSafeName(one)).map(impossible),
  };
}

function subjectOf(name: string, config: Config | undefined): Subject {
  return { name, server: config?.mcpServers[name] };
}

async function adHocSubject(app: App): Promise<Subject | undefined> {
  const { flags, context } = app;
  if (!TARGET_FLAGS.some((flag) => flag !== 'instance' && flags.has(flag))) return undefined;
  const { adHocInstance } = await import('../ad-hoc.ts');
  const instance = adHocInstance(flags, context.env, context.cwd);
  return instance && { name: instance.name, identity: instance.identity, settings: DEFAULT_SETTINGS };
}

function oneSubject({ paths }: App, typed: string, config: Config | undefined): Meant {
  const configured = config && findInstance(config, typed);
  if (configured !== undefined)
    return isSafeName(configured)
      ? { subjects: [subjectOf(configured, config)], strange: [] }
      : { subjects: [], strange: [impossible(configured)] };
  const folder = instanceFolders(paths).find((one) => one.toLowerCase() === typed.toLowerCase());
  if (folder === undefined) throw unknownInstance(config ?? { mcpServers: {} }, typed);
  const strange = config
    ? [{ instance: folder, ...checked('settings', 'warning', 'it is not configured, but has files here') }]
    : [];
  return { subjects: [{ name: folder }], strange };
}

function impossible(instance: string): Finding {
  return {
    instance,
    ...checked('settings', 'problem', 'no instance can have this name', {
      hint: 'rename it in the configuration file, or remove it: mcp2cli instances remove NAME',
    }),
  };
}

async function report(app: App, checks: readonly Finding[]): Promise<number> {
  const { printer } = app;
  const problems = checks.filter((one) => one.status === 'problem').length;
  const warnings = checks.filter((one) => one.status === 'warning').length;
  const summary = findingSummary(problems, warnings);
  // Quiet: what somebody has to know.
  const told = printer.quiet ? checks.filter((one) => one.status !== 'ok') : checks;
  if (!printer.listed('doctor', summary, checks, { checks, problems, warnings })) {
    if (told.length > 0) printer.out(findingLines(told, await app.palette()));
    if (!printer.quiet) printer.out(summary);
  }
  return problems > 0 ? EXIT.failed : EXIT.ok;
}
