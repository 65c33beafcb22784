import { RUNTIME_FLAGS, type RuntimeFlag } from '../global-flags/table.ts';

/** Scopes of the program's flags that stand behind a resource or a prompt. */
export const OWN_LINE_SCOPES: readonly RuntimeFlag['scope'][] = ['input', 'result', 'all'];
const ALSO: readonly string[] = ['args', 'interactive'];

/** The program's flags in such a line. */
export const OWN_LINE_FLAGS = RUNTIME_FLAGS.filter(
  ({ scope, name }) => OWN_LINE_SCOPES.includes(scope) || ALSO.includes(name),
);
