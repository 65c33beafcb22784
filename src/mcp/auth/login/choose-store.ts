import { randomBytes } from 'node:crypto';
import { IoError, UsageError } from '../../../errors.ts';
import { makeKey } from '../keyring.ts';
import type { AuthRecord } from '../record.ts';
import { rememberKey } from '../store.ts';

/** The variable that says where tokens lie. */
export const STORE_VARIABLE = 'MCP2CLI_TOKEN_STORE';

export interface ChosenStore {
  /** For the login that is stored. */
  id: string;
  store: AuthRecord['store'];
  /** Why not in the keyring, where nobody decided. */
  why?: string;
}

/**
 * Where a new login is stored, by the variable, or else in the keyring where there is one that works. Its key is made. Errors: UsageError for
 * another word, IoError for a keyring that was asked for and cannot be used.
 */
export async function chooseStore(wanted: string | undefined): Promise<ChosenStore> {
  const id = randomBytes(9).toString('hex');
  if (wanted === 'file') return { id, store: 'file' };
  if (wanted !== undefined && wanted !== '' && wanted !== 'keyring')
    throw new UsageError(`${STORE_VARIABLE}: not a place for tokens: ${wanted}`, {
      hint: 'say file or keyring',
    });
  try {
    rememberKey(id, await makeKey(id));
    return { id, store: 'keyring' };
  } catch (error) {
    if (wanted === 'keyring' || !(error instanceof IoError)) throw error;
    return { id, store: 'file', why: error.message };
  }
}
