import { resolve } from 'node:path';
import { findInstance } from '../../../config/config.ts';
import { type Candidate, candidatesIn } from '../../../config/hosts/candidates.ts';
import { discover, type HostFileRead, readHostFile } from '../../../config/hosts/read.ts';
import { HOSTS } from '../../../config/hosts/table.ts';
import { shownTarget } from '../../../config/target/secrets.ts';
import type { ServerConfig } from '../../../config/target/server-entry.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { didYouMean, nearestNames } from '../../../lib/text/nearest-names.ts';
import type { App } from '../../app.ts';

export interface ImportOptions {
  from?: string;
  all?: boolean;
  dryRun?: boolean;
  force?: boolean;
}

interface Choice {
  /** What it is called here. */
  as: string;
  one: Candidate;
  server: ServerConfig;
}

/**
 * `instances import`: takes servers of other programs over. All that were named, or nothing. Errors: UsageError for a name that nobody has, that
 * cannot be used, or that is in question; those of reading a file.
 */
export async function importInstances(
  app: App,
  names: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const { printer, config } = app;
  if (options.all && names.length > 0) throw new UsageError('names and --all cannot be used together');
  const files = await filesOf(app, options.from);
  const candidates = candidatesIn(files, config);
  for (const { problem } of files) if (problem !== undefined) printer.warn('unreadable', problem);
  if (names.length === 0 && !options.all) throw whichOnes(candidates);
  const choices = options.all
    ? allOf(app, candidates, options.force ?? false)
    : names.map((name) => chosen(name, candidates, app, options.force ?? false));
  const wanted = unique(choices.filter((choice) => choice !== undefined));
  if (!options.dryRun && wanted.length > 0) await write(app, wanted, options.force ?? false);
  print(app, wanted, candidates, options);
  return EXIT.ok;
}

/** What `--from` says: a host, a file, or by default everything. */
async function filesOf({ context }: App, from: string | undefined): Promise<HostFileRead[]> {
  if (from === undefined) return discover(context);
  const typed = from.toLowerCase();
  const host = HOSTS.find(
    ({ id, title }) => id === typed || title.toLowerCase().replaceAll(' ', '-') === typed,
  );
  if (host) return discover(context, [host]);
  const path = resolve(context.cwd, from);
  try {
    return await readHostFile(path, context);
  } catch (error) {
    // A word without a dot or a slash was most likely meant as a program.
    if (!(error instanceof UsageError) || /[./\\]/.test(from)) throw error;
    const ids = HOSTS.map(({ id }) => id);
    throw new UsageError(
      `--from ${from}: no file, and no program that is known${didYouMean(nearestNames(from, ids))}`,
      {
        hint: `one of ${ids.join(', ')}, or a file`,
      },
    );
  }
}

function whichOnes(candidates: readonly Candidate[]): UsageError {
  const open = [...new Set(candidates.filter(({ state }) => state !== 'left out').map(({ name }) => name))];
  return new UsageError('which servers? give names, or --all', {
    hint:
      open.length === 0
        ? 'none was found; see: mcp2cli instances discover'
        : `there are: ${open.slice(0, 10).join(', ')}${open.length > 10 ? ', ...' : ''}; see: mcp2cli instances discover`,
  });
}

/** The server that a name means; undefined for one that is here already. */
function chosen(
  typed: string,
  candidates: readonly Candidate[],
  { printer }: App,
  force: boolean,
): Choice | undefined {
  const lower = typed.toLowerCase();
  const long = candidates.filter(
    ({ longName, name }) => longName.toLowerCase() === lower && name !== longName,
  );
  const plain = candidates.filter(({ found, name }) => found.name === typed || name.toLowerCase() === lower);
  const matching = plain.length > 0 ? plain : long;
  const usable = matching.filter(({ state }) => state !== 'left out');
  const [first] = usable;
  if (!first) throw notThere(typed, matching, candidates);
  const same = usable.find(({ state }) => state === 'same');
  if (same && usable.every(({ state }) => state === 'same')) {
    printer.note(`${same.name}: ${same.reason}`);
    return undefined;
  }
  const open = usable.filter(({ state }) => state !== 'same');
  const [one = first] = open;
  const server = one.found.server as ServerConfig;
  if (matching === long && long.length === 1) return { as: one.longName, one, server };
  if (!force && (one.state === 'other' || one.state === 'twice')) throw inQuestion(typed, open);
  return { as: one.name, one, server };
}

function notThere(typed: string, matching: readonly Candidate[], all: readonly Candidate[]): UsageError {
  const [left] = matching;
  if (left)
    return new UsageError(`${typed} of ${left.file.host.title} is left out: ${left.reason}`, {
      code: 'left_out',
      details: { path: left.file.path },
    });
  const near = nearestNames(
    typed,
    all.map(({ name }) => name),
  );
  return new UsageError(`no server ${JSON.stringify(typed)} was found${didYouMean(near)}`, {
    hint: 'see: mcp2cli instances discover',
  });
}

/** A name that several servers have: which is meant is for the person to say. */
function inQuestion(typed: string, open: readonly Candidate[]): UsageError {
  const [one] = open;
  const names = [...new Set(open.map(({ longName }) => longName))];
  const others = names.length < open.length ? `; or one file: --from ${open[0]?.file.path}` : '';
  return new UsageError(`${typed} is in question: ${one?.reason}`, {
    code: 'ambiguous_server',
    hint: `beside it: mcp2cli instances import ${names.join(' or ')}${others}; in its place: --force`,
  });
}

/** Everything that is new, and with `force` what is in question: of several the first. The rest is told. */
function allOf({ printer }: App, candidates: readonly Candidate[], force: boolean): Choice[] {
  return candidates.flatMap((one): Choice[] => {
    const { state, name, longName, found, file, reason } = one;
    if (state === 'new' || (force && (state === 'other' || state === 'twice')))
      return [{ as: name, one, server: found.server as ServerConfig }];
    if (state === 'same') printer.note(`${name} of ${file.host.title}: ${reason}`);
    else if (state === 'left out')
      printer.warn('left_out', `${found.name} of ${file.host.title} is left out: ${reason}`);
    else
      printer.warn(
        'ambiguous_server',
        `${name} of ${file.host.title} is left out: ${reason}; beside it: mcp2cli instances import ${longName}`,
      );
    return [];
  });
}

/** The first of each name. */
function unique(choices: readonly Choice[]): Choice[] {
  const names = new Set<string>();
  return choices.filter(({ as }) => {
    const isNew = !names.has(as.toLowerCase());
    names.add(as.toLowerCase());
    return isNew;
  });
}

/** All of them in one write. Error: UsageError when somebody else has added one of these names meanwhile. */
async function write(app: App, wanted: readonly Choice[], force: boolean): Promise<void> {
  const { editConfig } = await import('../../../config/edit.ts');
  const known = new Set(Object.keys(app.config.mcpServers));
  await editConfig(app.paths, (config) => {
    for (const { as, server } of wanted) {
      const existing = findInstance(config, as);
      if (existing !== undefined && !force && !known.has(existing))
        throw new UsageError(`instance ${existing} exists already`, { hint: 'replace it with --force' });
      if (existing !== undefined) delete config.mcpServers[existing];
      config.mcpServers[as] = server;
    }
  });
}

function print(
  { printer }: App,
  wanted: readonly Choice[],
  candidates: readonly Candidate[],
  { dryRun = false }: ImportOptions,
): void {
  const summary = `${dryRun ? 'would import' : 'imported'} ${wanted.length}`;
  if (printer.json) {
    printer.envelope('instances import', summary, {
      imported: wanted.map((choice) => importedItem(choice)),
      left_out: candidates
        .filter(({ state }) => state === 'left out')
        .map(({ found, file, reason }) => ({
          name: found.name,
          host: file.host.id,
          path: file.path,
          reason,
        })),
      dry_run: dryRun,
    });
  } else if (wanted.length === 0) printer.note('nothing to import');
  else {
    const verb = dryRun ? 'Would add' : 'Added';
    const lines = wanted.map(
      ({ as, one, server }) =>
        `${verb} ${as}: ${printer.safeLine(shownTarget(server))} (${one.file.host.title}${server['disabled'] === true ? ', disabled' : ''})`,
    );
    printer.out(lines.join('\n'));
  }
  for (const { as, one } of wanted) {
    for (const note of one.found.notes) printer.note(`${as}: ${note}`);
    const { secrets } = one.found;
    if (secrets.length > 0)
      printer.warn(
        'secret',
        `${as}: ${secrets.join(', ')} ${secrets.length === 1 ? 'has a secret' : 'have secrets'} written out, which ${dryRun ? 'would be' : 'is now'} in config.json, too; \${VAR} in its place keeps it out`,
      );
  }
}

function importedItem({ as, one, server }: Choice): object {
  const { notes, secrets } = one.found;
  return {
    name: as,
    host: one.file.host.id,
    path: one.file.path,
    transport: server.url === undefined ? 'stdio' : 'http',
    target: shownTarget(server),
    ...(server['disabled'] === true ? { disabled: true } : {}),
    notes,
    secrets,
  };
}
