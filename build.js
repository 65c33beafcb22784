// Bundles src/ into dist/, as CommonJS: Node starts it faster than ES modules (docs/measurements.md). What costs start-up is the number of files
// and bytes that a command loads, so what most commands need is in a few files:
//
//   main.cjs   the entry alone: --version and --help load nothing else. It loads the others itself (src/lib/compiled/loader.ts)
//   run.cjs    everything light: routing, commands, store, output
//   instance.cjs   what `ls` and a tool's call need beside that
//   call.cjs   what a tool's call needs beside that, wherever it goes
//   keeper.cjs, connect.cjs   what a call needs that goes through a keeper, or opens a connection of its own
//   jobs.cjs   what jobs need beside that
//   ls.cjs     what `ls` needs beside that
//   commands.cjs   the commands that flags of their own are read for, with commander
//   redis.cjs   what jobs in Redis need beside that, with ioredis
//   the rest   what these import dynamically (the MCP SDK, schema engine, conf, ora, the demo server), a file each and shared chunks
//   completion/complete.cjs   what TAB needs, all in one: the one command that shares no file with the others, for speed
//   check-worker.cjs   what a thread loads that checks large data, all in one
//   jq-worker.cjs   what a thread loads that evaluates the expressions of a workflow, all in one
//   jobhost/   what threads with job files load: among it jobs.cjs, which these import as `mcp2cli/jobs`
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { isolatedDeclarationSync } from 'rolldown/experimental';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const src = (path) => resolve(here, 'src', path);
const { version } = JSON.parse(readFileSync(resolve(here, 'package.json'), 'utf8'));

/** What each file of several modules begins from. What these import statically comes along, but for what an earlier file has. */
const FILES = {
  run: ['run.ts'],
  instance: [
    'instance/client.ts',
    'instance/entries.ts',
    'instance/extras.ts',
    'cli/output/views/entry-view.ts',
    'cli/output/views/extras-view.ts',
    'cli/output/views/left-out-view.ts',
  ],
  call: [
    'cli/commands/tool.ts',
    'cli/prompts/answerer.ts',
    'mcp/automatic-answers.ts',
    'tools/flags/validate.ts',
    'catalog/fetch.ts',
  ],
  keeper: ['keeper/client/access.ts', 'keeper/client/client.ts'],
  connect: ['mcp/connection/open.ts', 'mcp/http/streamable-http.ts'],
  jobs: ['calls/submit.ts', 'calls/foreground-job.ts', 'jobs/wait.ts'],
  ls: ['cli/commands/ls.ts'],
  commands: ['cli/commands.ts'],
  redis: ['jobs/store/redis/open-redis.ts', 'calls/submit-to-workers.ts'],
};

/** What job files import: `mcp2cli/jobs`, and `zod`. */
const LIBRARY = { jobs: src('jobhost/library/jobs.ts'), zod: src('jobhost/library/zod.ts') };

/** Functions of Node's that these modules have for what few commands do: a module of Node's is loaded by the first call. */
const LATE = {
  importers: /node_modules\/(ioredis|redis-errors)\/|src\/lib\/(sealing)\.ts$/,
  names: {
    assert: ['strictEqual'],
    crypto: ['createCipheriv', 'createDecipheriv', 'createHash', 'randomBytes'],
    dns: ['lookup', 'resolveSrv'],
    tls: ['connect'],
  },
};

/** One for each of them: none comes along with another. */
function lateId(id, importer) {
  const name = id.replace(/^node:/, '');
  const [, library, own] = LATE.importers.exec(importer) ?? [];
  return Object.hasOwn(LATE.names, name) && (library ?? own) ? `\0late:${name}:${library ?? own}` : undefined;
}

function lateModule(name) {
  const late = (path, called) => `${path} = (...args) => require('node:${name}')${called}(...args);`;
  const functions = LATE.names[name].map((one) => late(`module.exports.${one}`, `.${one}`));
  return [late('module.exports', ''), ...functions].join('\n');
}

/**
 * What ioredis has a method for each command of Redis on. A prototype takes 8 ms to get 570 methods one by one, an object of its own below it a
 * quarter of one.
 */
function quickCommander(code) {
  const [loop] = /^commands\.forEach\(function \(commandName\) \{\n(.*\n)+?\}\);$/m.exec(code) ?? [];
  const quick = loop?.replaceAll('Commander.prototype[', 'builtins[');
  if (quick?.split('builtins[').length !== 3)
    throw new Error('ioredis makes its commands in another way by now');
  return code.replace(
    loop,
    `const builtins = {};\n${quick}\nObject.setPrototypeOf(Commander.prototype, builtins);`,
  );
}

/** Packages that are left out, and what stands in for them. */
const slimmed = {
  name: 'slimmed',
  resolveId(id, importer = '') {
    const late = lateId(id, importer);
    if (late) return late;
    // Commander can start subcommands that are programs of their own. Ours are not, and loading child_process for that costs 2.5 ms.
    if (id === 'node:child_process' && importer.includes('node_modules/commander/')) return '\0nothing';
    // What conf writes with ends the process at the first signal, whatever is still to be done. Our writes are of one piece: nothing is to tidy.
    return id === 'when-exit' ? '\0does-nothing' : null;
  },
  load(id) {
    if (id === '\0nothing') return 'export default {}';
    if (id.startsWith('\0late:')) return lateModule(id.split(':')[1]);
    if (id.endsWith('/ioredis/built/utils/Commander.js')) return quickCommander(readFileSync(id, 'utf8'));
    return id === '\0does-nothing' ? 'export default () => () => {}' : null;
  },
};

/** Builds `input` into dist/ or a folder of it. Returns rolldown's output: chunks with `fileName` and `moduleIds`. */
async function build(
  input,
  {
    folder = '',
    plugins = [],
    codeSplitting = true,
    preserveEntrySignatures = 'allow-extension',
    dynamicImportInCjs = false,
  },
) {
  const bundle = await rolldown({
    cwd: here,
    input,
    platform: 'node',
    // By default, a file that others share modules with may export those, too.
    preserveEntrySignatures,
    plugins: [slimmed, ...plugins],
    transform: { target: 'node20', define: { __VERSION__: JSON.stringify(version) } },
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await bundle.write({
    dir: join('dist', folder),
    format: 'cjs',
    exports: 'named',
    minify: true,
    comments: false,
    dynamicImportInCjs,
    codeSplitting,
    entryFileNames: '[name].cjs',
    chunkFileNames: ({ name, facadeModuleId }) =>
      Object.hasOwn(FILES, name)
        ? `${name}.cjs`
        : facadeModuleId
          ? `${named(facadeModuleId)}.cjs`
          : 'shared-[hash].cjs',
  });
  await bundle.close();
  for (const { fileName } of output) inAscii(resolve(here, 'dist', folder, fileName));
  return output.map((chunk) => ({ ...chunk, fileName: join(folder, chunk.fileName) }));
}

/** Writes a file's other characters as escapes: all of them are in strings and patterns. A string of ASCII takes half the memory (src/lib/compiled/). */
function inAscii(path) {
  const code = readFileSync(path, 'utf8');
  const escaped = code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (escaped !== code) writeFileSync(path, escaped);
}

/** `src/cli/commands/each.ts` is `cli-commands-each`; a package is `vendor-` and its name. */
function named(id) {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1];
  return inPackage
    ? `vendor-${inPackage.replace(/[^a-z0-9]+/gi, '-')}`
    : relative(src(''), id).replace(/\.ts$/, '').replaceAll('/', '-');
}

const groups = Object.entries(FILES).map(([name, files], at) => ({
  name,
  priority: Object.keys(FILES).length - at,
  // `using`, in words that Node 20 knows, goes with what is light.
  test: (id) => files.some((file) => id === src(file)) || (name === 'run' && id.includes('usingCtx')),
}));
const program = await build(
  {
    run: src('run.ts'),
    redis: src('jobs/store/redis/open-redis.ts'),
    'demo-background': src('demo/background.ts'),
    'keeper-server-process': src('keeper/server/process.ts'),
  },
  { codeSplitting: { groups } },
);
/** The file in dist/ of each module that has one of its own. */
const fileOf = new Map(program.map(({ facadeModuleId, fileName }) => [facadeModuleId, fileName]));

/** Leaves dynamic imports of such modules to these files. `up`: the way from the importing file to dist/. */
const filesApart = (up) => ({
  name: 'files-apart',
  resolveDynamicImport(id, importer) {
    const file = fileOf.get(resolve(importer, '..', id));
    return file ? { id: `${up}${file}`, external: true } : null;
  },
});
// A process that completes does nothing else: it has copies of what the light files have.
const completion = await build(
  { complete: src('cli/completion/complete.ts') },
  { folder: 'completion', plugins: [filesApart('../')] },
);
const chunks = [
  ...program,
  ...completion,
  ...(await build({ main: src('main.ts') }, {})),
  ...(await build({ 'check-worker': src('tools/checks/check-worker.ts') }, { codeSplitting: false })),
  ...(await build({ 'jq-worker': src('lib/jq/jq-worker.ts') }, { codeSplitting: false })),
  // One build: the library that job files import is the one that runs them.
  ...(await build(
    {
      ...LIBRARY,
      'load-worker': src('jobhost/files/load-worker.ts'),
      'run-worker': src('jobhost/runs/run-worker.ts'),
    },
    // Packages that job files import may be ES modules: only a real import() takes them.
    { folder: 'jobhost', preserveEntrySignatures: 'strict', dynamicImportInCjs: true },
  )),
];
// What turns TypeScript into JavaScript is read only for a file that has changed.
const BABEL = join('jobhost', 'jiti-babel.cjs');
copyFileSync(resolve(here, 'node_modules/jiti/dist/babel.cjs'), resolve(here, 'dist', BABEL));
/** An import by name finds no names in the bundled files: these have them. */
const facades = Object.keys(LIBRARY).map((name) => {
  const names = Object.keys(createRequire(import.meta.url)(resolve(here, `dist/jobhost/${name}.cjs`)));
  const file = join('jobhost', `${name}.mjs`);
  // Some are called like words of the language, as `function`.
  const values = names.map((one, at) => `const v${at} = all[${JSON.stringify(one)}];`);
  const exported = names.map((one, at) => `v${at} as ${one}`);
  const lines = [`import all from './${name}.cjs';`, ...values, `export { ${exported.join(', ')} };`];
  writeFileSync(resolve(here, 'dist', file), `${lines.join('\n')}\n`);
  return file;
});
// jq's engine is read from beside the file that runs it.
const JQ = 'jq.wasm';
copyFileSync(resolve(here, 'node_modules/jq-web', JQ), resolve(here, 'dist', JQ));

const declarations = writeTypes();

const LICENCES = 'THIRD-PARTY-LICENSES.txt';
writeFileSync(resolve(here, 'dist', LICENCES), licences(chunks.flatMap(({ moduleIds = [] }) => moduleIds)));

// Files of earlier builds go last, so that a program that is running meanwhile finds what it needs.
const made = new Set([
  JQ,
  BABEL,
  ...facades,
  ...declarations,
  LICENCES,
  ...chunks.map(({ fileName }) => fileName),
]);
for (const entry of readdirSync(resolve(here, 'dist'), { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (entry.isFile() && !made.has(relative(resolve(here, 'dist'), path))) rmSync(path);
}

/**
 * Writes the types of what job files import to dist/jobhost/types/, with a copy of zod's: whoever writes a job in TypeScript needs both, and an
 * install brings one package. Returns the files, as dist/ has them.
 */
function writeTypes() {
  const ours = src('jobhost/library');
  const zods = resolve(here, 'node_modules/zod');
  const written = new Map();
  const write = (from) => {
    const isOurs = from.startsWith(ours);
    const file = isOurs ? relative(ours, from).replace(/\.ts$/, '.d.cts') : join('zod', relative(zods, from));
    if (written.has(file)) return;
    written.set(file, '');
    const text = readFileSync(from, 'utf8');
    const types = isOurs ? declarationsOf(from, text) : text;
    written.set(
      file,
      types.replace(/(from |import\()(["'])([^"']+)\2/g, (_, before, quote, specifier) => {
        const isZod = isOurs && specifier === 'zod';
        if (isZod) write(join(zods, 'index.d.cts'));
        else if (specifier.startsWith('.'))
          write(resolve(from, '..', specifier.replace(/(\.d)?\.cjs$/, '.d.cts')));
        return `${before}${quote}${isZod ? './zod/index.cjs' : specifier.replace(/\.ts$/, '.cjs')}${quote}`;
      }),
    );
  };
  write(LIBRARY.jobs);
  return [...written].map(([file, text]) => {
    const path = join('jobhost/types', file);
    mkdirSync(resolve(here, 'dist', path, '..'), { recursive: true });
    writeFileSync(resolve(here, 'dist', path), text);
    return path;
  });
}

/** The types that a file of ours exports, as text. */
function declarationsOf(file, text) {
  const { code, errors } = isolatedDeclarationSync(file, text);
  if (errors.length > 0)
    throw new Error(errors.map(({ codeframe, message }) => codeframe ?? message).join('\n'));
  return code;
}

/** The licence texts of every package that has a module among these, as their terms ask. */
function licences(modules) {
  const folders = modules.flatMap((id) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((dir) => {
    const {
      name,
      version: its,
      license = 'see text',
    } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
    const file = readdirSync(dir).find((one) => /^licen[cs]e(\.(md|txt))?$/i.test(one));
    return `${name} ${its} (${license})\n\n${file ? readFileSync(join(dir, file), 'utf8') : ''}`.trim();
  });
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
