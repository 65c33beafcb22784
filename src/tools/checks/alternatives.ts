import { isObject } from '../../lib/json/json.ts';
import { listOf, readSchema } from '../schema/reader.ts';
import type { Violation } from './violation.ts';

/** A violation that people are told about. `branches`: of an anyOf or oneOf, what was wrong with each alternative. */
export interface Finding extends Violation {
  branches?: Violation[][];
}

/**
 * A value that fits none of several alternatives breaks rules of all of them. Where exactly one alternative was evidently meant
 * (it has the right type, and the right constants in its properties), its violations are what matters; else there is one finding
 * for the whole.
 */
export function meantAlternatives(violations: readonly Violation[], root: unknown): Finding[] {
  const findings: Finding[] = [];
  for (const violation of violations) {
    const alternatives = listOf(violation.schema[violation.keyword]);
    const isChoice = violation.keyword === 'anyOf' || violation.keyword === 'oneOf';
    if (!isChoice || Array.isArray(violation.params['passingSchemas'])) {
      findings.push(violation);
      continue;
    }
    // What the alternatives reported stands right before the choice's own error.
    const inside = alternatives.map((alternative) => schemasWithin(alternative, root));
    const branches: Finding[][] = alternatives.map(() => []);
    let branch = alternatives.length - 1;
    for (let last = findings.at(-1); last && isAtOrBelow(last, violation); last = findings.at(-1)) {
      const { schema } = last;
      while (branch >= 0 && !inside[branch]?.has(schema)) branch--;
      if (branch < 0) break;
      branches[branch]?.unshift(last);
      findings.pop();
    }
    const meant = branches.filter(
      (list) => list.length > 0 && !list.some((v) => saysOtherKind(v, violation.path)),
    );
    if (meant.length === 1 && meant[0]) findings.push(...meant[0]);
    else findings.push({ ...violation, branches });
  }
  return findings;
}

function isAtOrBelow(inner: Violation, outer: Violation): boolean {
  return outer.path.every((segment, i) => inner.path[i] === segment);
}

/** The value is of another type, or a property that tells the alternatives apart has another constant. */
function saysOtherKind({ keyword, path, schema }: Violation, at: readonly string[]): boolean {
  if (path.length === at.length)
    return ['type', 'const', 'enum', 'anyOf', 'oneOf', 'false schema'].includes(keyword);
  const tells = keyword === 'const' || (keyword === 'enum' && listOf(schema['enum']).length === 1);
  return path.length === at.length + 1 && tells;
}

function schemasWithin(schema: unknown, root: unknown): Set<unknown> {
  const { resolve } = readSchema(root);
  const within = new Set<unknown>();
  const rest = [schema];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next !== 'object' || next === null || within.has(next)) continue;
    within.add(next);
    for (const child of Object.values(next)) if (typeof child === 'object') rest.push(child);
    if (isObject(next) && typeof next['$ref'] === 'string') rest.push(resolve(next['$ref']) ?? null);
  }
  return within;
}
