// Makes one runnable file of child.ts. Plain JavaScript, so that the conformance runner can use it too.
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

let bundle;

/** Path of the fixture server as a program. Bundled once for each process. */
export function tasks2026Bundle() {
  bundle ??= make();
  return bundle;
}

async function make() {
  const dir = fileURLToPath(new URL('../../../.tmp/test-bundle/', import.meta.url));
  const outfile = join(dir, 'tasks-2026.mjs');
  const temporary = join(dir, `tasks-2026-${process.pid}-${randomBytes(6).toString('hex')}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
    outfile: temporary,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  // Other processes do the same: nobody gets half a file.
  renameSync(temporary, outfile);
  return outfile;
}
