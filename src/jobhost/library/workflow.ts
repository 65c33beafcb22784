import { callSite, define, type WorkflowDefinition } from './definitions.ts';
import type { WorkflowOptions } from './options.ts';
import type { ObjectSchema } from './schema.ts';

/** Makes a workflow: steps that run jobs of the same folder, each as soon as what it waits for has ended. */
export function workflow<const Input extends ObjectSchema = Record<never, never>>(
  options: WorkflowOptions<Input>,
): WorkflowDefinition<Input> {
  const definition: WorkflowDefinition<Input> = { kind: 'workflow', options, site: callSite(workflow) };
  define(definition as unknown as WorkflowDefinition, definition);
  return definition;
}

/** Makes a workflow of a class: `@Workflow({ name, steps }) class Deploy {}`. */
export function Workflow<const Input extends ObjectSchema = Record<never, never>>(
  options: WorkflowOptions<Input>,
): (workflowClass: abstract new (...args: never[]) => unknown, context?: ClassDecoratorContext) => void {
  const site = callSite(Workflow);
  return (workflowClass) => {
    define({ kind: 'workflow', options: options as unknown as WorkflowOptions, site }, workflowClass);
  };
}
