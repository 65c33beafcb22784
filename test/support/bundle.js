// Makes one runnable file of a server's source. Plain JavaScript, so that the conformance runner can use it too.
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Of this process, by name. */
const bundles = new Map();

/** Path of the program NAME, made of the entry. Bundled once for each process. */
export function bundled(name, entry) {
  const known = bundles.get(name);
  if (known) return known;
  const bundle = make(name, entry);
  bundles.set(name, bundle);
  return bundle;
}

async function make(name, entry) {
  // One place for all: test processes are killed rather than ended, and could not clean up after themselves.
  const dir = fileURLToPath(new URL('../../.tmp/test-bundle/', import.meta.url));
  const file = join(dir, `${name}.mjs`);
  const temporary = join(dir, `${name}-${process.pid}-${randomBytes(6).toString('hex')}.mjs`);
  const bundle = await rolldown({
    input: fileURLToPath(entry),
    platform: 'node',
    transform: { target: 'node20' },
  });
  await bundle.write({ file: temporary, format: 'esm', codeSplitting: false });
  await bundle.close();
  // Other test processes do the same: nobody gets half a file.
  renameSync(temporary, file);
  return file;
}
