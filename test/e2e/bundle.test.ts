/** What the program imports dynamically is there in the built files, under the names that it is used by. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startCommand } from '../support/cli.ts';
import { freshHome } from '../support/home.ts';

const DIST = new URL('../../dist/', import.meta.url);
const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** The files of the program with what they import dynamically. `main.js` runs a command when it is imported. */
const files = readdirSync(DIST).filter((file) => file.endsWith('.js'));

interface Use {
  file: string;
  names: string[];
}

/** `const {a, b: c} = await import('./x.js')` and `(await import('./x.js')).a`. */
function usesIn(text: string): Use[] {
  const taken = [...text.matchAll(/\{([\w$,:]+)\}=await import\("\.\/([^"]+)"\)/g)].map(
    ([, names = '', file = '']) => ({
      file,
      names: names.split(',').map((name) => name.split(':')[0] ?? ''),
    }),
  );
  const reached = [...text.matchAll(/\(await import\("\.\/([^"]+)"\)\)\.([\w$]+)/g)].map(
    ([, file = '', name = '']) => ({ file, names: [name] }),
  );
  return [...taken, ...reached];
}

/** The names that modules export, asked of a process of its own: importing must have no effect either. */
async function exportsOf(modules: readonly string[]): Promise<Record<string, string[]>> {
  const script = `const found = {};
    for (const one of process.argv.slice(1)) found[one] = Object.keys(await import(one));
    console.log(JSON.stringify(found));`;
  const { code, stdout, stderr } = await startCommand(
    process.execPath,
    ['--input-type=module', '--eval', script, ...modules],
    { home: freshHome(), cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  ).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

it('files that are imported dynamically export what is taken from them', async () => {
  const uses = files.flatMap((file) => usesIn(readFileSync(new URL(file, DIST), 'utf8')));
  // The scan finds what it looks for.
  expect(uses.length).toBeGreaterThan(50);
  const targets = [...new Set(uses.map(({ file }) => file))];
  const found = await exportsOf(targets.map((file) => new URL(file, DIST).href));
  const missing = uses.flatMap(({ file, names }) => {
    const there = found[new URL(file, DIST).href] ?? [];
    return names.filter((name) => !there.includes(name)).map((name) => `${file}: ${name}`);
  });
  expect(missing).toEqual([]);
});

const COMMON_JS: ReadonlySet<string> = new Set(['cross-spawn']);

it('packages that are imported dynamically export what they do unbundled', async () => {
  const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const packages = new Set(
    sources.flatMap((path) =>
      [...readFileSync(`${SRC}${path}`, 'utf8').matchAll(/import\('([^.'][^']*)'\)/g)]
        .map(([, name = '']) => name)
        .filter((name) => !name.startsWith('node:')),
    ),
  );
  expect(packages).toContain('chalk');
  const bundled = (name: string) => new URL(`vendor-${name.replace(/[^a-z0-9]+/gi, '-')}.js`, DIST).href;
  const found = await exportsOf([...packages].flatMap((name) => [name, bundled(name)]));
  for (const name of packages) {
    // A CommonJS package has a default export alone when it is bundled; the test above sees what is taken from it.
    const wanted = COMMON_JS.has(name) ? ['default'] : found[name];
    expect(found[bundled(name)], name).toEqual(expect.arrayContaining(wanted ?? []));
  }
});
