import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
let project: string;

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'job-types-')));
  mkdirSync(join(project, 'node_modules'));
  // What an install brings of this package; zod is not among it.
  const installed = join(project, 'node_modules/mcp2cli');
  mkdirSync(installed);
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
  symlinkSync(join(root, 'dist'), join(installed, 'dist'));
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
  copyFileSync(join(root, 'test/support/job-files/typed.job.ts'), join(project, 'typed.job.ts'));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Files that were read for one program serve the next. */
const files = new Map<string, ts.SourceFile | undefined>();

function problems(options: ts.CompilerOptions): string[] {
  const all: ts.CompilerOptions = {
    ...{ noEmit: true, strict: true, target: ts.ScriptTarget.ES2022, types: ['node'] },
    // TypeScript's own are not ours to check, and those of browsers take as long as all the others.
    ...{ lib: ['lib.es2022.d.ts'], skipDefaultLibCheck: true },
    ...options,
  };
  const host = ts.createCompilerHost(all);
  const read = host.getSourceFile;
  host.getCurrentDirectory = () => project;
  host.getSourceFile = (name, ...rest) => {
    if (!files.has(name)) files.set(name, read(name, ...rest));
    return files.get(name);
  };
  const program = ts.createProgram([join(project, 'typed.job.ts')], all, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('a job file of another project has the types of its schemas', () => {
  const { NodeNext, ESNext } = ts.ModuleKind;
  const { NodeNext: asNode, Bundler } = ts.ModuleResolutionKind;
  expect(problems({ module: NodeNext, moduleResolution: asNode })).toEqual([]);
  expect(
    problems({
      ...{ module: ESNext, moduleResolution: Bundler },
      ...{ experimentalDecorators: true, skipLibCheck: true },
    }),
  ).toEqual([]);
});
