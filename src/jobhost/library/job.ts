import { callSite, define, type JobDefinition } from './definitions.ts';
import type { JobContext } from './job-context.ts';
import type { JobOptions } from './options.ts';
import type { InputOf, ObjectSchema, OutputOf } from './schema.ts';

/** A value, or a promise of one. */
type Awaitable<T> = T | Promise<T>;

/** Makes a job of a function: `job({ name, inputSchema, outputSchema })((input, ctx) => output)`. */
export function job<const Input extends ObjectSchema, const Output extends ObjectSchema>(
  options: JobOptions<Input, Output>,
): (
  execute: (input: OutputOf<Input>, ctx: JobContext<InputOf<Output>>) => Awaitable<InputOf<Output>>,
) => JobDefinition<Input, Output> {
  const site = callSite(job);
  return (execute) => {
    const definition = { kind: 'job', options, run: execute, site } as JobDefinition<Input, Output>;
    define(definition as unknown as JobDefinition, definition);
    return definition;
  };
}

/** Makes a job of a class that extends `JobContext` and has a method `execute(input)`. */
export function Job<const Input extends ObjectSchema, const Output extends ObjectSchema>(
  options: JobOptions<Input, Output>,
): <Class extends new () => JobContext & { execute(input: OutputOf<Input>): Awaitable<InputOf<Output>> }>(
  jobClass: Class,
  context?: ClassDecoratorContext,
) => void {
  const site = callSite(Job);
  return (jobClass) => {
    define({ kind: 'job', options: options as unknown as JobOptions, run: { jobClass }, site }, jobClass);
  };
}
