import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IoError } from '../../errors.ts';
import { binaryBlocks } from './result-view.ts';

/** File endings of common media types; the server's own file names are never used as paths. */
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
 * Saves the binary blocks of a result in `dir` (made if missing) as `<stem>-<position>.<ending>`; nothing that exists is overwritten.
 * Returns the path of each block by its position. Error: IoError.
 */
export function saveBinaries(result: unknown, dir: string, stem: string): Map<number, string> {
  const saved = new Map<number, string>();
  const blocks = binaryBlocks(result);
  if (blocks.length === 0) return saved;
  try {
    mkdirSync(dir, { recursive: true });
    for (const block of blocks) {
      const ending = EXTENSIONS[block.mimeType.toLowerCase().split(';')[0]?.trim() ?? ''] ?? 'bin';
      saved.set(
        block.position,
        writeNew(dir, `${stem}-${block.position}`, ending, Buffer.from(block.base64, 'base64')),
      );
    }
  } catch (error) {
    throw new IoError(`cannot save into ${dir}: ${(error as Error).message}`, { cause: error });
  }
  return saved;
}

function writeNew(dir: string, stem: string, ending: string, bytes: Buffer): string {
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
