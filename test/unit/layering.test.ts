import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));

interface Import {
  from: string;
  to: string;
}

function sources(dir = src): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/** Every import statement and dynamic import of the program, paths relative to src/. */
function imports(): Import[] {
  return sources().flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    const from = relative(src, path);
    const found = [
      ...text.matchAll(
        /(?:^|\n)(?:import|export)\s+(?:type\s)?[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import '([^']+)'/g,
      ),
    ];
    return found.map(([, fixed, dynamic, bare]) => {
      const to = fixed ?? dynamic ?? bare ?? '';
      return {
        from,
        to: to.startsWith('.') ? relative(src, resolve(join(path, '..'), to)) : to,
      };
    });
  });
}

const all = imports();
const room = (path: string) => path.split('/', 1)[0] ?? '';

function offenders(rule: (one: Import) => boolean): string[] {
  return all.filter(rule).map((one) => `${one.from} -> ${one.to}`);
}

test('the scan sees the imports', () => {
  expect(all.length).toBeGreaterThan(100);
});

/** The rooms, ground first: a room imports only from those above it in this list, types too. */
const ROOMS = [
  'errors.ts',
  'version.ts',
  'lib',
  'context.ts',
  'tools',
  'config',
  'catalog',
  'definitions',
  'jobs',
  'workflows',
  'mcp',
  'permissions',
  'demo',
  'keeper',
  'instance',
  'calls',
  'worker',
  'jobhost',
  'doctor',
  'cli',
  'run.ts',
  'main.ts',
];

test('each room imports only from rooms below it', () => {
  const floor = (path: string) => ROOMS.indexOf(room(path));
  const inside = all.filter(({ to }) => to.endsWith('.ts'));
  expect(inside.filter(({ from, to }) => floor(from) < 0 || floor(to) < 0)).toEqual([]);
  expect(offenders((i) => i.to.endsWith('.ts') && floor(i.from) < floor(i.to))).toEqual([]);
});

test('the client of the MCP SDK lives in mcp, its server in the demo', () => {
  expect(
    offenders((i) => i.to.startsWith('@modelcontextprotocol/') && !['mcp', 'demo'].includes(room(i.from))),
  ).toEqual([]);
});

test('commander is imported in one file', () => {
  expect(offenders((i) => i.to === 'commander')).toEqual(['cli/program.ts -> commander']);
});

test('there are no import cycles, through types neither', () => {
  const graph = new Map<string, string[]>();
  for (const i of all) if (i.to.endsWith('.ts')) graph.set(i.from, [...(graph.get(i.from) ?? []), i.to]);
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string) => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  expect(cycles).toEqual([]);
});

test('no folder is crowded, and no file is one that a reader must scroll for long', () => {
  const files = sources().map((path) => relative(src, path));
  const folders = new Map<string, number>();
  for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  expect([...folders].filter(([, count]) => count > 16)).toEqual([]);
  const lines = (file: string) => readFileSync(join(src, file), 'utf8').split('\n').length - 1;
  expect(files.filter((file) => lines(file) > 320)).toEqual([]);
});
