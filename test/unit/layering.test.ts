import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
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
        /(?:^|\n)(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import '([^']+)'/g,
      ),
    ];
    return found.map(([, type, fixed, dynamic, bare]) => {
      const to = fixed ?? dynamic ?? bare ?? '';
      return {
        from,
        to: to.startsWith('.') ? relative(src, resolve(join(path, '..'), to)) : to,
        typeOnly: type !== undefined,
      };
    });
  });
}

const all = imports();
const room = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

function offenders(rule: (one: Import) => boolean): string[] {
  return all.filter(rule).map((one) => `${one.from} -> ${one.to}`);
}

test('the scan sees the imports', () => {
  expect(all.length).toBeGreaterThan(100);
});

test('nothing imports the command line from below', () => {
  expect(offenders((i) => room(i.to) === 'cli' && room(i.from) !== 'cli' && room(i.from) !== '')).toEqual([]);
});

test('only the command line knows output, besides main', () => {
  expect(
    offenders(
      (i) => room(i.to) === 'output' && !['cli', 'output'].includes(room(i.from)) && room(i.from) !== '',
    ),
  ).toEqual([]);
});

test('jobs know ports and errors, and no implementation of a port', () => {
  const rooms = ['connection', 'backends', 'store', 'config', 'discovery', 'output', 'demo'];
  expect(offenders((i) => room(i.from) === 'jobs' && rooms.includes(room(i.to)))).toEqual([]);
});

test('definitions are files and schemas: no connection, no jobs that run', () => {
  const rooms = ['connection', 'backends', 'keeper', 'jobs', 'demo'];
  expect(offenders((i) => room(i.from) === 'definitions' && rooms.includes(room(i.to)))).toEqual([]);
});

test('permissions know configuration and files, how a command is run, and what a tool is called', () => {
  const known =
    /^(permissions|config|store|lib)\/|^(errors|json)\.ts$|^connection\/run-command\.ts$|^discovery\/tool-names\.ts$/;
  expect(
    offenders((i) => room(i.from) === 'permissions' && i.to.endsWith('.ts') && !known.test(i.to)),
  ).toEqual([]);
});

test('the client of the MCP SDK lives in connection, its server in the demo', () => {
  expect(
    offenders(
      (i) => i.to.startsWith('@modelcontextprotocol/') && !['connection', 'demo'].includes(room(i.from)),
    ),
  ).toEqual([]);
});

test('an examination knows neither commands nor output', () => {
  expect(
    offenders((i) => room(i.from) === 'doctor' && ['cli', 'output', 'demo'].includes(room(i.to))),
  ).toEqual([]);
});

test('nothing but the command line, and its output, knows the examination', () => {
  expect(
    offenders((i) => room(i.to) === 'doctor' && !['cli', 'output', 'doctor'].includes(room(i.from))),
  ).toEqual([]);
});

test('a keeper is used by the command line and the examination alone', () => {
  expect(
    offenders(
      (i) =>
        room(i.to) === 'keeper' &&
        !['cli', 'doctor', 'keeper'].includes(room(i.from)) &&
        i.from !== 'main.ts',
    ),
  ).toEqual([]);
});

test('commander is imported in one file', () => {
  expect(offenders((i) => i.to === 'commander')).toEqual(['cli/program.ts -> commander']);
});

test('there are no import cycles', () => {
  const graph = new Map<string, string[]>();
  for (const i of all)
    if (i.to.endsWith('.ts') && !i.typeOnly) graph.set(i.from, [...(graph.get(i.from) ?? []), i.to]);
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
