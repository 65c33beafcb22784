// Bundles src/ into dist/ with esbuild. What costs start-up is the number of files and bytes that a command loads, so there are seven parts:
//
//   main.js   the entry alone: --version and --help load nothing else
//   run.js    everything light in one file: routing, commands, store, output
//   call.js   what a tool's call needs beside that, as long as it opens no connection of its own
//   jobs.js   what jobs need beside that
//   check-worker.js   what a thread loads that checks large data: all in one, too
//   cli-completion-complete.js   what TAB needs, all in one: the one command that shares no file with the others, for speed
//   the rest  what these import dynamically (the MCP SDK, schema engine, conf, ora, the demo server), split into shared chunks
//
// Modules that one of the first has are not repeated later: the others import them from there, so that there is one copy of each class.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(resolve(here, 'package.json'), 'utf8'));

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  define: { __VERSION__: JSON.stringify(version) },
};

const isOwn = (path) => path.startsWith('.') && path.endsWith('.ts');
/** The file in dist/ for the target of a dynamic import. */
const chunkName = (path, importer) =>
  isOwn(path)
    ? relative(resolve(here, 'src'), resolve(dirname(importer), path))
        .replace(/\.ts$/, '')
        .replaceAll('/', '-')
    : `vendor-${path.replace(/[^a-z0-9]+/gi, '-')}`;

/** Dynamic imports become imports of files that another build makes: of a layer's file, or of one of their own, which `found` collects. */
function dynamicImportsApart(found, layers = []) {
  return {
    name: 'dynamic-imports-apart',
    setup(b) {
      b.onResolve({ filter: /.*/ }, ({ kind, path, importer }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:')) return undefined;
        const file = isOwn(path) ? resolve(dirname(importer), path) : path;
        const layer = layers.find(({ modules }) => modules.has(relative(here, file)));
        layer?.shared.add(relative(here, file));
        const name = layer?.name ?? chunkName(path, importer);
        if (!layer) found.set(name, file);
        return { path: `./${name}.js`, external: true };
      });
    },
  };
}

/** Modules of a layer are imported from its file; each layer's `shared` collects those that are. */
function fromLayers(layers) {
  return {
    name: 'from-layers',
    setup(b) {
      b.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, importer, kind }) => {
        const file = relative(here, resolve(dirname(importer), path));
        if (kind !== 'import-statement') return undefined;
        const layer = layers.find(({ modules }) => modules.has(file));
        if (!layer) return undefined;
        layer.shared.add(file);
        return { path: `./${layer.name}.js`, external: true };
      });
    },
  };
}

/** Commander can start subcommands that are programs of their own. Ours are not, and loading child_process for that costs 2.5 ms. */
const withoutChildProcess = {
  name: 'without-child-process',
  setup(b) {
    b.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('node_modules/commander/') ? { path: 'none', namespace: 'empty' } : undefined,
    );
    b.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}' }));
  },
};

/** What conf writes with ends the process at the first signal, whatever is still to be done. Our writes are of one piece: nothing is left to tidy. */
const withoutWhenExit = {
  name: 'without-when-exit',
  setup(b) {
    b.onResolve({ filter: /^when-exit$/ }, () => ({ path: 'none', namespace: 'when-exit' }));
    b.onLoad({ filter: /.*/, namespace: 'when-exit' }, () => ({
      contents: 'export default () => () => {}',
    }));
  },
};

// CommonJS packages inside an ESM bundle ask for Node's built-ins through require.
const requireBanner = {
  js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
};

mkdirSync(resolve(here, 'dist'), { recursive: true });

const entry = await build({
  ...common,
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  plugins: [dynamicImportsApart(new Map())],
});

/** Bundles in memory, to learn what is in it; dynamic imports are left apart. */
const look = (files, apart, known = []) =>
  build({
    ...common,
    stdin: importing(files),
    write: false,
    outdir: 'dist',
    plugins: [dynamicImportsApart(apart, known), withoutChildProcess],
  });
const importing = (files) => ({
  contents: files.map((path) => `export * from './${relative(here, resolve(here, path))}';`).join('\n'),
  resolveDir: here,
  sourcefile: 'all.ts',
  loader: 'ts',
});

// Each layer has what its files import statically, but for what an earlier one has.
const layers = [
  { name: 'run', files: ['src/run.ts'] },
  {
    name: 'call',
    files: [
      'src/cli/commands/tool.ts',
      'src/instance/client.ts',
      'src/cli/prompts/answerer.ts',
      'src/mcp/automatic-answers.ts',
      'src/tools/flags/validate.ts',
      'src/catalog/fetch.ts',
      'src/keeper/client/access.ts',
      'src/keeper/client/client.ts',
    ],
  },
  {
    name: 'jobs',
    files: ['src/calls/submit.ts', 'src/calls/foreground-job.ts', 'src/jobs/wait.ts'],
  },
];
for (const layer of layers) {
  const { metafile } = await look(layer.files, new Map());
  const own = Object.keys(metafile.inputs).filter(
    (path) => path.startsWith('src/') && !layers.some((other) => other.modules?.has(path)),
  );
  layer.modules = new Set(own);
  layer.shared = new Set(layer.files);
}

const COMPLETION = 'src/cli/completion/complete.ts';
// What main.ts imports dynamically beside run.ts, and what completion does.
const apart = new Map([
  ['demo-background', resolve(here, 'src/demo/background.ts')],
  ['keeper-server-process', resolve(here, 'src/keeper/server/process.ts')],
]);
for (const layer of layers) await look(layer.files, apart);
await look([COMPLETION], apart);
// What is imported dynamically imports dynamically in its turn; a Map hands out what is added while it is walked.
for (const [, file] of apart) if (file.endsWith('.ts')) await look([file], apart);
const inLayers = (file) => layers.some(({ modules }) => modules.has(relative(here, file)));
const names = [...apart.keys()].filter((name) => !inLayers(apart.get(name)));

// The demo server is a build of its own: chunks shared with it would bring its packages into every call.
const groups = [
  names.filter((name) => name.startsWith('demo-')),
  names.filter((name) => !name.startsWith('demo-')),
];
const rest = await Promise.all(
  groups.map((group) =>
    build({
      ...common,
      entryPoints: Object.fromEntries(group.map((name) => [name, apart.get(name)])),
      outdir: 'dist',
      splitting: true,
      chunkNames: 'shared-[hash]',
      plugins: [fromLayers(layers), dynamicImportsApart(apart, layers), withoutChildProcess, withoutWhenExit],
      banner: requireBanner,
    }),
  ),
);

// A process that completes does nothing else: copies of what the layers have harm nobody, and two files fewer are loaded.
const completion = await build({
  ...common,
  entryPoints: { 'cli-completion-complete': COMPLETION },
  outdir: 'dist',
  plugins: [dynamicImportsApart(apart, layers)],
});

// A thread of its own loads one file, with the schema engine in it.
const checkWorker = await build({
  ...common,
  entryPoints: { 'check-worker': 'src/tools/schema/check-worker.ts' },
  outdir: 'dist',
  banner: requireBanner,
});

// What a layer's modules import dynamically from a layer must be exported there, too.
for (const layer of layers) await look(layer.files, new Map(), layers);
// The last layer first: what it imports from the others is known only then.
const files = [];
for (const [at, layer] of [...layers.entries()].reverse()) {
  const earlier = layers.slice(0, at);
  checkExports(layer.shared);
  files.push(
    await build({
      ...common,
      stdin: importing([...layer.shared]),
      outfile: `dist/${layer.name}.js`,
      plugins: [fromLayers(earlier), dynamicImportsApart(new Map(), layers)],
    }),
  );
}
writeFileSync(
  resolve(here, 'dist/THIRD-PARTY-LICENSES.txt'),
  licences(
    Object.assign(
      {},
      ...[entry, completion, checkWorker, ...rest, ...files].map(({ metafile }) => metafile.inputs),
    ),
  ),
);

// Files of earlier builds go last, so that a program that is running meanwhile finds what it needs.
const made = new Set(
  [entry, completion, checkWorker, ...rest, ...files].flatMap(({ metafile }) =>
    Object.keys(metafile.outputs),
  ),
);
made.add('dist/THIRD-PARTY-LICENSES.txt');
for (const file of readdirSync(resolve(here, 'dist')))
  if (!made.has(`dist/${file}`)) rmSync(resolve(here, 'dist', file), { recursive: true });

/** Two shared modules that export the same name would hide it from the rest without a word. */
function checkExports(files) {
  const seen = new Map();
  for (const file of files) {
    const text = readFileSync(resolve(here, file), 'utf8');
    for (const [, name] of text.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)) {
      if (seen.has(name))
        throw new Error(`${name} is exported by ${seen.get(name)} and by ${file}: rename one`);
      seen.set(name, file);
    }
  }
}

/** The licence texts of every package that ended up in the bundle, as their terms ask. */
function licences(inputs) {
  const packages = new Set();
  for (const path of Object.keys(inputs)) {
    const at = path.lastIndexOf('node_modules/');
    if (at < 0) continue;
    const [scope, name] = path.slice(at + 'node_modules/'.length).split('/');
    packages.add(`${path.slice(0, at)}node_modules/${scope.startsWith('@') ? `${scope}/${name}` : scope}`);
  }
  const texts = [...packages].sort().map((dir) => {
    const meta = JSON.parse(readFileSync(resolve(here, dir, 'package.json'), 'utf8'));
    return `${meta.name} ${meta.version} (${meta.license ?? 'see text'})\n\n${licenceText(resolve(here, dir))}`.trim();
  });
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function licenceText(dir) {
  for (const file of [
    'LICENSE',
    'LICENSE.md',
    'LICENSE.txt',
    'license',
    'license.md',
    'LICENCE',
    'License',
  ]) {
    try {
      return readFileSync(resolve(dir, file), 'utf8').trim();
    } catch {}
  }
  return '';
}
