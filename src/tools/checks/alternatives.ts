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
    if (!fitsNone(violation)) {
      findings.push(violation);
      continue;
    }
    const branches = takeBranches(findings, violation, root);
    const [meant, ...others] = branches.filter(
      (branch) => branch.length > 0 && !branch.some((one) => saysOtherKind(one, violation.path)),
    );
    if (meant && others.length === 0) findings.push(...meant);
    else findings.push({ ...violation, branches });
  }
  return findings;
}

/** Of several alternatives the value fits none, rather than more than one. */
function fitsNone({ keyword, params }: Violation): boolean {
  return (keyword === 'anyOf' || keyword === 'oneOf') && !Array.isArray(params['passingSchemas']);
}

/**
 * Takes away what the alternatives of a choice reported, a list for each of them. Both engines tell it in the order of the alternatives, and
 * right before the choice itself: it stands at the end of the findings, and is taken from there.
 */
function takeBranches(findings: Finding[], choice: Violation, root: unknown): Finding[][] {
  const alternatives = listOf(choice.schema[choice.keyword]);
  const inside = alternatives.map((alternative) => schemasWithin(alternative, root));
  const branches: Finding[][] = alternatives.map(() => []);
  let at = alternatives.length - 1;
  for (let last = findings.at(-1); last && isAtOrBelow(last, choice); last = findings.at(-1)) {
    while (at >= 0 && !inside[at]?.has(last.schema)) at--;
    if (at < 0) break;
    branches[at]?.unshift(last);
    findings.pop();
  }
  return branches;
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
