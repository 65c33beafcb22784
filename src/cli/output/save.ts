import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IoError } from '../../errors.ts';
import { percentDecoded } from '../../lib/text/percent-decoded.ts';
import { binaryBlocks } from './views/result-view.ts';

/** File endings of common media types. */
const EXTENSIONS: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'application/pdf': 'pdf',
  'application/json': 'json',
  'application/gzip': 'gz',
  'application/zip': 'zip',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'video/mp4': 'mp4',
};

/**
 * Saves the binary blocks of a result in `dir` (made if missing), under the name of the resource or as `<stem>-<position>.<ending>`; nothing that exists is overwritten.
 * Returns the path of each block by its position. Error: IoError.
 */
export function saveBinaries(result: unknown, dir: string, stem: string): Map<number, string> {
  const saved = new Map<number, string>();
  const blocks = binaryBlocks(result);
  if (blocks.length === 0) return saved;
  try {
    mkdirSync(dir, { recursive: true });
    for (const block of blocks) {
      const ending = endingOf(block.mimeType, 'bin');
      saved.set(
        block.position,
        writeNew(
          dir,
          nameOf(block.uri, ending) ?? [`${stem}-${block.position}`, ending],
          Buffer.from(block.base64, 'base64'),
        ),
      );
    }
  } catch (error) {
    throw new IoError(`cannot save into ${dir}: ${(error as Error).message}`, { cause: error });
  }
  return saved;
}

/**
 * Saves a resource's contents: one part to the file that `to` names (written over, as with `curl -o`), or into the folder that it is, or ends in a
 * slash for, under a safe name; several parts into a folder always. Returns the paths in order. Error: IoError.
 */
export function saveContents(contents: readonly Record<string, unknown>[], to: string): string[] {
  try {
    const isFolder = contents.length !== 1 || /[/\\]$/.test(to) || isDirectory(to);
    if (isFolder) mkdirSync(to, { recursive: true });
    return contents.map((content, i) => {
      const bytes = bytesOf(content);
      const { uri, mimeType, text } = content;
      const usual = typeof text === 'string' ? 'txt' : 'bin';
      const ending = endingOf(typeof mimeType === 'string' ? mimeType : '', usual);
      if (isFolder)
        return writeNew(
          to,
          nameOf(typeof uri === 'string' ? uri : undefined, ending) ?? [`part-${i + 1}`, ending],
          bytes,
        );
      writeFileSync(to, bytes);
      return to;
    });
  } catch (error) {
    throw new IoError(`cannot save to ${to}: ${(error as Error).message}`, { cause: error });
  }
}

function bytesOf({ text, blob }: Record<string, unknown>): Buffer {
  if (typeof text === 'string') return Buffer.from(text, 'utf8');
  return Buffer.from(typeof blob === 'string' ? blob : '', 'base64');
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function endingOf(mimeType: string, usual: string): string {
  return EXTENSIONS[mimeType.toLowerCase().split(';')[0]?.trim() ?? ''] ?? usual;
}

/** Names that mean devices on Windows. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * The last part of a resource's address as the name of a file, in two parts; undefined where it makes none. Only letters, digits and `-_. ` are
 * left of it: it never leaves the folder, hides or reaches a device.
 */
function nameOf(uri: string | undefined, ending: string): [stem: string, ending: string] | undefined {
  const last =
    /([^/\\]*)[/\\]*$/.exec(uri?.replace(/[?#].*$/s, '').replace(/^[\w+.-]+:/, '') ?? '')?.[1] ?? '';
  const name = percentDecoded(last)
    .replace(/[^\p{L}\p{N}._ -]+/gu, '_')
    .replace(/^[._ -]+|[. ]+$/g, '');
  const [, stem = name, own = ending] = /^(.+)\.(\w{1,8})$/u.exec(name) ?? [];
  const short = [...stem].slice(0, 60).join('');
  return short === '' || DEVICE.test(short.split('.', 1)[0] ?? '') ? undefined : [short, own];
}

function writeNew(dir: string, [stem, ending]: readonly [string, string], bytes: Buffer): string {
  for (let n = 0; ; n++) {
    const path = join(dir, n === 0 ? `${stem}.${ending}` : `${stem}.${n}.${ending}`);
    try {
      writeFileSync(path, bytes, { flag: 'wx' });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || n > 9999) throw error;
    }
  }
}
