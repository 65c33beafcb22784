/** The keyring of the system: it holds the keys that stored logins are sealed with, 32 bytes each. The tokens themselves may be too long for some (Windows). */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { IoError } from '../../errors.ts';

/** How long the keyring may take, in milliseconds: it may wait for a person to unlock it, whom nobody sees. */
const LIMIT_MS = 3_000;

const SERVICE = 'mcp2cli';

/** Linux: the package would fall back to the kernel's keyring by itself, which a reboot empties. */
const PINNED = { linux: { store: 'secret-service' } } as const;

interface Entry {
  setPassword(password: string, signal?: AbortSignal): Promise<void>;
  getPassword(signal?: AbortSignal): Promise<string | null>;
  deleteCredential(signal?: AbortSignal): Promise<boolean>;
}

interface Keyring {
  AsyncEntry: new (service: string, name: string, options?: typeof PINNED) => Entry;
}

/** An optional dependency, since it is a native one: it is looked for when it is needed. Error: IoError where it is not installed. */
function keyring(): Keyring {
  try {
    return createRequire(import.meta.url)('@napi-rs/keyring') as Keyring;
  } catch (error) {
    throw failure('the package @napi-rs/keyring is not installed, or does not work here', error);
  }
}

/** Makes a key and stores it under a name. Error: IoError. */
export async function makeKey(name: string): Promise<Buffer> {
  const key = randomBytes(32);
  const text = key.toString('base64url');
  await asked(name, (entry, signal) => entry.setPassword(text, signal));
  // Some keyrings take everything and keep nothing.
  if ((await asked(name, (entry, signal) => entry.getPassword(signal))) !== text)
    throw failure('it did not keep what was stored in it');
  return key;
}

/** The key of a name. Error: IoError, also where it has no such key. */
export async function readKey(name: string): Promise<Buffer> {
  const text = await asked(name, (entry, signal) => entry.getPassword(signal));
  if (text === null || text === undefined) throw failure('it has no key for this login');
  return Buffer.from(text, 'base64url');
}

/** Forgets a key; one that is not there is none. Error: IoError. */
export async function forgetKey(name: string): Promise<void> {
  await asked(name, (entry, signal) => entry.deleteCredential(signal));
}

async function asked<T>(name: string, ask: (entry: Entry, signal: AbortSignal) => Promise<T>): Promise<T> {
  const { AsyncEntry } = keyring();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
    });
    const answer = ask(new AsyncEntry(SERVICE, name, PINNED), controller.signal);
    answer.catch(() => {});
    return await Promise.race([answer, late]);
  } catch (error) {
    throw failure((error as Error).message, error);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

function failure(why: string, cause?: unknown): IoError {
  return new IoError(`the keyring of this system cannot be used: ${why}`, {
    cause,
    hint: 'unlock it and try again; or log in again with MCP2CLI_TOKEN_STORE=file, which keeps tokens in a file that only you can read',
  });
}
