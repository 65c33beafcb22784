/** Makes one runnable file of child.ts. */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

let bundle: Promise<string> | undefined;

/** Path of the fixture server as a program. Bundled once for each process. */
export function frontmcpBundle(): Promise<string> {
  bundle ??= make();
  return bundle;
}

async function make(): Promise<string> {
  const dir = fileURLToPath(new URL('../../../.tmp/test-bundle/', import.meta.url));
  const outfile = join(dir, 'frontmcp.mjs');
  const temporary = join(dir, `frontmcp-${process.pid}-${randomBytes(6).toString('hex')}.mjs`);
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
