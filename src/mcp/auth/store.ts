/** Stored logins: reading their secrets, writing them whole and durably, and the lock that one process at a time refreshes under. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { IoError } from '../../errors.ts';
import { makePrivateDir, replaceFile } from '../../lib/disk/durable-file.ts';
import { ioFailure } from '../../lib/disk/io-failure.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { sha256 } from '../../lib/sha256.ts';
import { pause } from '../http/pause.ts';
import { forgetKey, readKey } from './keyring.ts';
import type { AuthRecord, AuthSecrets } from './record.ts';
import { seal, unseal } from './sealing.ts';

/** After this time the lock of a process that died counts no more, in milliseconds. One that lives touches it all the time. */
const STALE_MS = 5_000;

/** Keys of the keyring that were asked for: a keeper refreshes for days, whatever becomes of the keyring meanwhile. */
const keys = new Map<string, Buffer>();

async function keyOf(record: AuthRecord): Promise<Buffer> {
  const known = keys.get(record.id);
  if (known) return known;
  const key = await readKey(record.id);
  keys.set(record.id, key);
  return key;
}

/** Makes a key that was just stored known here. */
export function rememberKey(id: string, key: Buffer): void {
  keys.set(id, key);
}

/** The secrets of a login. Errors: IoError for a keyring that cannot be read, ConfigError for secrets that cannot be opened. */
export async function secretsOfLogin(record: AuthRecord): Promise<AuthSecrets> {
  if (record.store === 'file' && record.secrets) return record.secrets;
  return unseal(record, await keyOf(record));
}

/** Writes a login, durably: after a power cut it is the old one or the new. Errors: IoError, ConfigError. */
export async function writeAuth(file: string, record: AuthRecord, secrets: AuthSecrets): Promise<AuthRecord> {
  const { secrets: _, sealed: __, ...rest } = record;
  const renewable = record.grant === 'client_credentials' || secrets.refresh_token !== undefined;
  const open = { ...rest, renewable };
  const whole: AuthRecord =
    record.store === 'file'
      ? { ...open, secrets }
      : { ...open, sealed: seal(record, secrets, await keyOf(record)) };
  replaceFile(file, `${stringifyJson(whole, 2)}\n`);
  return whole;
}

/** Removes a login, and its key. Error: IoError. */
export async function removeAuth(
  file: string,
  record: AuthRecord | undefined,
  log: (line: string) => void,
): Promise<void> {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw ioFailure(error, 'remove', file);
  }
  if (record) await removeKey(record, log);
}

/** Removes the key of a login that is no more. A keyring that cannot be asked is told to `log`: the key opens nothing any more. */
export async function removeKey(record: AuthRecord, log: (line: string) => void): Promise<void> {
  if (record.store !== 'keyring') return;
  keys.delete(record.id);
  await forgetKey(record.id).catch((error: Error) => log(error.message));
}

/** What names the lock of a login: whoever has the same issuer, client and resource waits for the same. */
function lockPath(dir: string, { issuer, client, resource, url }: AuthRecord): string {
  const parts = [issuer, client?.client_id ?? null, resource ?? url];
  return join(dir, `${sha256(stringifyJson(parts)).slice(0, 32)}.lock`);
}

/** How long a login that is being refreshed is waited for, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** Does some work while nobody refreshes the login. Errors: IoError where the lock cannot be had, and what `work` throws. */
export async function withAuthLock<T>(
  dir: string,
  record: AuthRecord | undefined,
  work: () => Promise<T> | T,
): Promise<T> {
  if (!record) return work();
  const deadline = monotonic() + PATIENCE_MS;
  for (;;) {
    const release = await tryAuthLock(dir, record);
    if (release) {
      try {
        return await work();
      } finally {
        await release();
      }
    }
    if (monotonic() > deadline) throw new IoError('another process refreshes this login and does not finish');
    await pause(LOOK_MS);
  }
}

/** Takes the lock of a login; undefined while another process has it. Error: IoError. */
export async function tryAuthLock(
  dir: string,
  record: AuthRecord,
): Promise<(() => Promise<void>) | undefined> {
  makePrivateDir(dir);
  const lockfilePath = lockPath(dir, record);
  try {
    const release = await lock(lockfilePath, {
      lockfilePath,
      realpath: false,
      stale: STALE_MS,
      // A process that was stopped for longer has lost it without knowing; what it writes then is looked at once more before (usable-token.ts).
      onCompromised: () => {},
    });
    return () => release().catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw ioFailure(error, 'write', lockfilePath);
  }
}
