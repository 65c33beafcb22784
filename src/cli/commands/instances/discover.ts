import { type Candidate, candidatesIn } from '../../../config/hosts/candidates.ts';
import { discover, type HostFileRead } from '../../../config/hosts/read.ts';
import { shownTarget } from '../../../config/target/secrets.ts';
import { EXIT } from '../../../errors.ts';
import type { App } from '../../app.ts';

/** `instances discover`: the servers that other programs have, and where. Their files are read only, and nothing is started or stored. */
export async function discoverInstances(app: App): Promise<number> {
  const { printer, context, config } = app;
  const files = await discover(context);
  const candidates = candidatesIn(files, config);
  const problems = files.flatMap(({ host, path, problem }) =>
    problem === undefined ? [] : [{ host: host.id, path, message: problem }],
  );
  const items = candidates.map(candidateItem);
  const data = { items, ...(problems.length > 0 ? { problems } : {}) };
  if (!printer.listed('instances discover', `${candidates.length} servers`, items, data)) {
    const text = files
      .filter(({ servers }) => servers.length > 0)
      .map((file) => block(app, file, candidates));
    if (text.length > 0) printer.out(text.join('\n\n'));
    else printer.note('no configuration of another program was found that has servers');
    if (candidates.some(({ state }) => state === 'new'))
      printer.note('to take them over: mcp2cli instances import NAME..., or --all');
  }
  for (const { message } of problems) printer.warn('unreadable', message);
  return EXIT.ok;
}

const SCOPES = { user: '', project: ', of the project', folder: ', for this folder' };

function block({ printer }: App, file: HostFileRead, all: readonly Candidate[]): string {
  const own = all.filter((one) => one.file === file);
  const width = Math.max(...own.map(({ found }) => found.name.length));
  const lines = own.flatMap((one) => {
    const { found, state, reason } = one;
    const what = found.server ? shownTarget(found.server) : '';
    const aside = state === 'left out' ? `left out: ${reason}` : [...marks(one)].join('; ');
    const line = [what, aside === '' ? '' : `(${aside})`].filter((part) => part !== '').join('  ');
    return [`  ${printer.safeLine(found.name).padEnd(width)}  ${printer.safeLine(line)}`];
  });
  return [`${file.host.title}${SCOPES[file.scope]}: ${file.path}`, ...lines].join('\n');
}

function* marks({ found, name, state, reason }: Candidate): Generator<string> {
  if (name !== found.name) yield `here: ${name}`;
  if (found.server?.['disabled'] === true) yield 'disabled';
  if (state !== 'new' && reason !== undefined) yield reason;
}

/** A server as it stands in JSON. Values of headers, variables and whatever may be a secret are not in it. */
export function candidateItem({ file, found, name, state, reason }: Candidate): object {
  const { server, notes, secrets } = found;
  return {
    name: found.name,
    host: file.host.id,
    scope: file.scope,
    path: file.path,
    import_as: name,
    state: state.replace(' ', '_'),
    ...(reason === undefined ? {} : { reason }),
    ...(server
      ? { transport: server.url === undefined ? 'stdio' : 'http', target: shownTarget(server) }
      : {}),
    ...(server?.['disabled'] === true ? { disabled: true } : {}),
    notes,
    secrets,
  };
}
