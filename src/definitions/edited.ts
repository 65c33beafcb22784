/** What a change of definitions comes to, wherever they are. */
import { UsageError } from '../errors.ts';
import type { Definition } from './definition.ts';
import { type DefinitionsFile, definitionsText, type StoredWorkflow } from './read.ts';

/** Edits definitions and workflows, by their names, in place. */
export type Change<T> = (definitions: Map<string, Definition>, workflows: Map<string, StoredWorkflow>) => T;

/** What `change` makes of a file; no text when that is the same. Errors: what `change` throws, UsageError for one name of two things. */
export function edited<T>(file: DefinitionsFile, change: Change<T>): { result: T; text: string | undefined } {
  const before = definitionsText(file);
  const byName = new Map(file.definitions.map((one) => [one.name, one]));
  const flows = new Map(file.workflows.map((one) => [one.name, one]));
  const result = change(byName, flows);
  const both = [...flows.keys()].find((name) => byName.has(name));
  if (both !== undefined)
    throw new UsageError(`${both} would be a definition and a workflow: choose another name`, {
      code: 'exists',
    });
  const text = definitionsText({
    ...file,
    definitions: [...byName.values()],
    workflows: [...flows.values()],
  });
  return { result, text: text === before ? undefined : text };
}
