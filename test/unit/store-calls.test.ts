/**
 * What a store returns may be a promise: a call that is not awaited is a lost end, and a condition on it is always true. Neither the compiler
 * nor the linter sees all of these.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

test('every call of a store that may answer later is awaited, or handed on', () => {
  const methods = methodsOfPort();
  expect(methods.size).toBeGreaterThan(15);
  const found: string[] = [];
  let calls = 0;
  for (const file of sources()) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isStores(node.expression, methods)) {
        calls += 1;
        const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
        if (!isTaken(node.parent)) found.push(`${file.fileName}:${line + 1}: ${node.getText(file)}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  expect(found).toEqual([]);
  expect(calls).toBeGreaterThan(40);
});

/** The methods of JobStore that return a promise, or may. */
function methodsOfPort(): Set<string> {
  const port = parsed('jobs/ports.ts').statements.find(
    (one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === 'JobStore',
  );
  const later = port?.members.filter(
    (one): one is ts.MethodSignature =>
      ts.isMethodSignature(one) && /^(Awaitable|Promise)</.test(one.type?.getText() ?? ''),
  );
  return new Set(later?.map(({ name }) => name.getText()));
}

/** The program's files but for the stores themselves. */
function sources(): ts.SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.startsWith('jobs/store/') && !path.startsWith('demo/'))
    .map(parsed);
}

function parsed(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(join(SRC, path), 'utf8'), ts.ScriptTarget.ES2022, true);
}

/** `store.read`, `deps.store.read`, `this.#deps.store.read` */
function isStores(called: ts.Expression, methods: ReadonlySet<string>): boolean {
  return (
    ts.isPropertyAccessExpression(called) &&
    methods.has(called.name.text) &&
    /(^|[.#])store$/.test(called.expression.getText())
  );
}

/** Awaited, returned from a function, given to one (whose types say that it takes promises), or said to be left alone. */
function isTaken(parent: ts.Node): boolean {
  return (
    ts.isAwaitExpression(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isArrowFunction(parent) ||
    ts.isVoidExpression(parent) ||
    ts.isCallExpression(parent) ||
    (ts.isParenthesizedExpression(parent) && isTaken(parent.parent))
  );
}
