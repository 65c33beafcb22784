import type { Assignment } from '../../tools/flags/parse-line.ts';
import { RUNTIME_FLAGS, type RuntimeFlag } from '../global-flags/table.ts';

/** Scopes of the program's flags that stand behind a resource or a prompt. */
export const OWN_LINE_SCOPES: readonly RuntimeFlag['scope'][] = ['input', 'result', 'all'];
const ALSO: readonly string[] = ['args', 'interactive'];

/** The program's flags in such a line. */
export const OWN_LINE_FLAGS = RUNTIME_FLAGS.filter(
  ({ scope, name }) => OWN_LINE_SCOPES.includes(scope) || ALSO.includes(name),
);

/** The values that are there, as texts: of a list its first. */
export function givenValues({ assignments }: { assignments: readonly Assignment[] }): Record<string, string> {
  return Object.fromEntries(
    assignments.flatMap(({ path: [name], value }) => {
      const one: unknown = Array.isArray(value) ? value[0] : value;
      return typeof name === 'string' && typeof one === 'string' ? [[name, one] as const] : [];
    }),
  );
}
