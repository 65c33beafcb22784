/** Ways to damage a file, as disks, editors and other versions do. */
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';

/** By name; each is given the path of a file that is there. */
export const DAMAGE: Record<string, (path: string) => void> = {
  empty: (path) => truncateSync(path, 0),
  'cut in the middle': (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  'without its last byte': (path) => truncateSync(path, Math.max(0, statSync(path).size - 2)),
  'zeros, as after a power cut': (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  'a bit turned': (path) => {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 0x80;
    writeFileSync(path, bytes);
  },
  'no UTF-8': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00, 0x7b])),
  'a list': (path) => writeFileSync(path, '[]'),
  null: (path) => writeFileSync(path, 'null'),
  'an empty object': (path) => writeFileSync(path, '{}'),
  'a newer version': (path) => {
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"schema_version":\s*\d+/, '"schema_version":99'));
  },
  'of prototypes': (path) => writeFileSync(path, '{"__proto__":{"schema_version":1},"constructor":1}'),
  'nested deep': (path) => writeFileSync(path, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  'a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
  'a link to nowhere': (path) => {
    rmSync(path);
    symlinkSync('/nowhere/at/all', path);
  },
  'a link to itself': (path) => {
    rmSync(path);
    symlinkSync(path, path);
  },
  gone: (path) => rmSync(path),
};

/** What lies at a path, to be compared: content, or what kind of thing it is. */
export function lookOf(path: string): string {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? 'a folder' : readFileSync(path, 'latin1');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
