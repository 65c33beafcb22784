// Bundles src/ into dist/ with esbuild. Code splitting keeps start-up low: a command loads the chunks it needs.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const here = new URL('.', import.meta.url).pathname;

/**
 * The SDK's client pulls its JSON Schema engine in at import, for output schemas that it would check itself. This program
 * checks schemas in src/discovery, so the engine is left out of the connection's bundle: 150 kB less to load for every call.
 */
const withoutSdkValidator = {
  name: 'without-sdk-validator',
  setup(b) {
    b.onResolve({ filter: /^@modelcontextprotocol\/client\/_shims$/ }, () => ({
      path: `${here}src/connection/sdk-shims.ts`,
    }));
  },
};

rmSync(`${here}dist`, { recursive: true, force: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: false,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  metafile: true,
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [withoutSdkValidator],
  // CommonJS packages inside an ESM bundle ask for Node's built-ins through require.
  banner: {
    js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
});
writeFileSync(`${here}dist/THIRD-PARTY-LICENSES.txt`, licences(result.metafile));

/** The licence texts of every package that ended up in the bundle, as their terms ask. */
function licences(metafile) {
  const packages = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const at = path.lastIndexOf('node_modules/');
    if (at < 0) continue;
    const [scope, name] = path.slice(at + 'node_modules/'.length).split('/');
    packages.add(path.slice(0, at) + 'node_modules/' + (scope.startsWith('@') ? `${scope}/${name}` : scope));
  }
  const texts = [];
  for (const dir of [...packages].sort()) {
    const meta = JSON.parse(readFileSync(`${here}${dir}/package.json`, 'utf8'));
    let text = '';
    for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'license.md', 'LICENCE', 'License']) {
      try {
        text = readFileSync(`${here}${dir}/${file}`, 'utf8').trim();
        break;
      } catch {}
    }
    texts.push(`${meta.name} ${meta.version} (${meta.license ?? 'see text'})\n\n${text}`.trim());
  }
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
