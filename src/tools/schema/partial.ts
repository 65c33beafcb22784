import { isObject, own } from '../../lib/json/json.ts';
import type { Finding } from '../checks/alternatives.ts';

/** What is wrong with an object itself and stays so, whatever properties are added to it. */
const ABOUT_WHAT_IS_THERE = new Set([
  'type',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'maxProperties',
  'false schema',
]);

/**
 * Whether a finding stays true whatever is added to arguments that are a part only: a missing property may come yet, a wrong value stays wrong.
 * Added may be properties of the arguments and of the objects in them; arrays are whole.
 */
export function isConclusive(finding: Finding, part: unknown): boolean {
  const { keyword, path, branches, params } = finding;
  if (!isOpen(part, path)) return true;
  if (keyword !== 'anyOf' && keyword !== 'oneOf') return ABOUT_WHAT_IS_THERE.has(keyword);
  // Several fit now; with more said it may be one.
  if (Array.isArray(params['passingSchemas'])) return false;
  const all = branches ?? [];
  return all.length > 0 && all.every((branch) => branch.some((inner) => isConclusive(inner, part)));
}

function isOpen(part: unknown, path: readonly string[]): boolean {
  let at = part;
  for (const segment of path) {
    if (!isObject(at)) return false;
    at = own(at, segment);
  }
  return isObject(at);
}
