/** Reading and changing definitions that machines share. */
import { IoError } from '../errors.ts';
import { type Change, edited } from './edited.ts';
import { type DefinitionsFile, definitionsText, noDefinitions, parseDefinitions } from './read.ts';
import type { SharedDefinitions } from './shared-port.ts';

/** Each time one of those that race has made its change: so many would have to. */
const ATTEMPTS = 1_000;

/** The definitions as they are now, and their text. Errors: ConfigError for damaged or newer ones, those of the store. */
export async function readShared(
  shared: SharedDefinitions,
): Promise<{ file: DefinitionsFile; text: string }> {
  const { text, where } = await shared.read();
  const file = fileOf(text, where);
  return { file, text: text ?? definitionsText(file) };
}

/**
 * Changes them: `change` gets them as they are now, and is run again when somebody else's change came first. Resolves with the text that is
 * there then. Errors: what `change` throws, those of `readShared`; nothing is written then.
 */
export async function editShared<T>(
  shared: SharedDefinitions,
  change: Change<T>,
): Promise<{ result: T; text: string }> {
  for (let attempt = 1; ; attempt++) {
    const { revision, text: before, where } = await shared.read();
    const file = fileOf(before, where);
    const { result, text } = edited(file, change);
    if (text === undefined) return { result, text: before ?? definitionsText(file) };
    if (await shared.replace(revision, text)) return { result, text };
    if (attempt === ATTEMPTS)
      throw new IoError(`could not change the definitions: others change them all the time: ${where}`);
  }
}

function fileOf(text: string | undefined, where: string): DefinitionsFile {
  return text === undefined ? noDefinitions() : parseDefinitions(text, where);
}
