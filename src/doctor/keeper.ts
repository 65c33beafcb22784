import { fingerprintOf } from '../keeper/client/access.ts';
import { KeeperClient } from '../keeper/client/client.ts';
import { presentKeepers } from '../keeper/presence.ts';
import { socketPath } from '../keeper/socket-path.ts';
import type { KeeperState } from '../keeper/state.ts';
import { counted } from '../lib/text/counted.ts';
import { type Check, checked, failed } from './finding.ts';
import type { Machine, Subject } from './subject.ts';

/** How long a socket's name is: the id of a keeper has eight digits. */
const SOME_ID = '00000000';

export interface KeeperFindings {
  checks: Check[];
  /** A keeper that works holds the server's connection. */
  connected: boolean;
}

/** The keepers of an instance: whether they answer, and are of this version. */
export async function checkKeepers(
  subject: Subject,
  machine: Machine,
  signal: AbortSignal,
): Promise<KeeperFindings> {
  const dir = machine.paths.keeperDir(subject.name);
  const states = await presentKeepers(dir);
  if (states.length === 0) return { checks: [noKeeper(dir)], connected: false };
  const found = await Promise.all(
    states.map((state) => askKeeper(state, fingerprint(subject, machine), signal)),
  );
  return { checks: found.map((one) => one.check), connected: found.some((one) => one.connected) };
}

function noKeeper(dir: string): Check {
  try {
    socketPath(dir, SOME_ID, SOME_ID);
    return checked('keeper', 'ok', 'none runs');
  } catch (error) {
    return failed('keeper', error, 'warning');
  }
}

async function askKeeper(
  state: KeeperState,
  fingerprint: string | undefined,
  signal: AbortSignal,
): Promise<{ check: Check; connected: boolean }> {
  const { version, holder } = state;
  const who = `process ${holder.pid}, version ${version}`;
  try {
    const { client, stale } = await KeeperClient.connect(state, {
      ...(fingerprint === undefined ? {} : { fingerprint }),
      signal,
    });
    try {
      const { jobs, connected, retiring } = await client.status();
      const works = `${who}, ${counted(jobs.length, 'running job')}${connected ? '' : ', not connected'}`;
      if (stale === 'version')
        return {
          check: checked('keeper', 'warning', `it is of another version of mcp2cli: ${works}`, {
            hint: `it is replaced when it is needed; to end it now: mcp2cli keeper stop ${state.instance}`,
          }),
          connected: connected && !retiring,
        };
      const note = retiring
        ? ', to be replaced'
        : stale === 'config'
          ? ', not used from this folder (different settings, variables or folder)'
          : '';
      return { check: checked('keeper', 'ok', `${works}${note}`), connected: connected && !retiring };
    } finally {
      client.close();
    }
  } catch (error) {
    return { check: failed('keeper', error), connected: false };
  }
}

function fingerprint({ name, identity, settings }: Subject, machine: Machine): string | undefined {
  const { context, paths, target } = machine;
  if (!identity || !settings) return undefined;
  try {
    return fingerprintOf({
      keeperConfig: { root: paths.root, name, adHoc: false, identity, settings, cwd: context.cwd },
      target: () => target(identity, name),
      env: context.env,
    });
  } catch {
    // Variables that are not set, which is told elsewhere.
    return undefined;
  }
}
