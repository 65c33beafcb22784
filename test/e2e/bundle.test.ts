/** What the program imports dynamically is there in the built files, under the names that it is used by. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { atTestEnd, run, startCommand } from '../support/cli.ts';
import { fixtureServer } from '../support/fixture-http.ts';
import { freshHome } from '../support/home.ts';
import { addInstance } from '../support/instance.ts';
import { noRedis, startRedis } from '../support/redis.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.cjs'),
);

/** Names that are taken from a file, or from the module that the file exports as `within`. */
interface Use {
  file: string;
  within: string | undefined;
  names: string[];
}

/** A dynamic import as the bundler writes it: `Promise.resolve().then(()=>require("./x.cjs"))`, and `.then(e=>e.t)` for one of several modules. */
const IMPORT = String.raw`Promise\.resolve\(\)\.then\(\(\)=>require\("([^"]+)"\)\)(?:\.then\(\w+=>\w+\.([\w$]+)\))?`;

/** `const {a, b: c} = await import('./x.ts')`, `(await import('./x.ts')).a` and `import('./x.ts').then(({ a }) => ...)`. */
function usesIn(path: string): Use[] {
  const text = readFileSync(join(DIST, path), 'utf8');
  const use = (file = '', within: string | undefined, names: string[]): Use => ({
    file: join(dirname(path), file),
    within,
    names,
  });
  const listed = (names = '') => names.split(',').map((name) => name.split(':')[0] ?? '');
  return [
    ...[...text.matchAll(new RegExp(String.raw`\{([\w$,:]+)\}=await ${IMPORT}`, 'g'))].map(
      ([, names, file, within]) => use(file, within, listed(names)),
    ),
    ...[...text.matchAll(new RegExp(String.raw`\(await ${IMPORT}\)\.([\w$]+)`, 'g'))].map(
      ([, file, within, name = '']) => use(file, within, [name]),
    ),
    ...[...text.matchAll(new RegExp(String.raw`${IMPORT}\.then\(\(\{([\w$,:]+)\}\)=>`, 'g'))].map(
      ([, file, within, names]) => use(file, within, listed(names)),
    ),
  ];
}

it('files that are imported dynamically export what is taken from them', async () => {
  const uses = files.flatMap(usesIn);
  // The scan finds what it looks for.
  expect(uses.length).toBeGreaterThan(100);
  // In a process of its own: loading must have no effect either.
  const script = `const missing = [];
    for (const { file, within, names } of JSON.parse(process.argv[1])) {
      const loaded = require(${JSON.stringify(DIST)} + file);
      const from = within === undefined ? loaded : loaded[within];
      for (const name of names) if (typeof from[name] === 'undefined') missing.push(file + ': ' + name);
    }
    console.log(JSON.stringify(missing));`;
  const { code, stdout, stderr } = await startCommand(
    process.execPath,
    ['--input-type=commonjs', '--eval', script, JSON.stringify(uses)],
    { home: freshHome(), cwd: DIST },
  ).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual([]);
});

it('what a store in Redis needs is in a file of its own, which only workers and migrations load from the start', () => {
  const client = files.filter((file) =>
    readFileSync(join(DIST, file), 'utf8').includes('showFriendlyErrorStack'),
  );
  expect(client).toEqual(['redis.cjs']);
  // Where it is imported, that is done when it is needed.
  const importing = files.filter((file) =>
    new RegExp(`(?<!then\\(\\(\\)=>(?:\\w+\\()?)require\\("[./]*${client[0]}"\\)`).test(
      readFileSync(join(DIST, file), 'utf8'),
    ),
  );
  // A worker and what moves jobs there need it at once, and are loaded by commands of their own alone.
  expect(importing).toEqual([
    'cli-commands-worker-work.cjs',
    'jobs-store-transfer-redis-copies.cjs',
    'worker-delivery.cjs',
  ]);
  expect(readFileSync(join(DIST, 'run.cjs'), 'utf8')).toContain(client[0]);
});

it.skipIf(noRedis !== undefined)(
  'a command whose jobs are in Redis loads no cryptography, no TLS and no name service that it has no use for',
  async () => {
    const redis = await startRedis();
    atTestEnd(() => redis.kill());
    const home = freshHome();
    await addInstance(home, ['--url', (await fixtureServer([])).url], 'work');
    const list = join(home, 'loaded.cjs');
    const said = join(home, 'loaded.json');
    writeFileSync(
      list,
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(said)}, JSON.stringify(process.moduleLoadList)));`,
    );
    const env = { MCP2CLI_STORE: `redis://${redis.host}`, NODE_OPTIONS: `--require=${list}` };
    expect((await run(['work', 'jobs', 'list'], { home, env })).code).toBe(0);
    const loaded = JSON.parse(readFileSync(said, 'utf8')) as string[];
    expect(loaded).toContain('NativeModule net');
    for (const name of ['crypto', 'tls', 'dns', 'assert'])
      expect(loaded).not.toContain(`NativeModule ${name}`);
  },
);
