/** What job files import as `mcp2cli/jobs`. */
export { z } from 'zod';
export { App, FrontMcp } from './app.ts';
export type {
  AppDefinition,
  AppOptions,
  JobDefinition,
  ServerOptions,
  WorkflowDefinition,
} from './definitions.ts';
export {
  DirectClient,
  type DirectClientOptions,
  type DirectClientTarget,
  type ExecuteOptions,
  type JobRun,
  type ToolResult,
} from './direct-client.ts';
// Only what comes by a star can be added to by users' declarations.
export type * from './instance-tools.ts';
export { Job, job } from './job.ts';
export { type AnyTools, type CallOptions, JobContext } from './job-context.ts';
export type {
  AuthInfo,
  JobOptions,
  JobPermission,
  RetryOptions,
  StepResult,
  StepResults,
  WorkflowOptions,
  WorkflowStep,
} from './options.ts';
export type { InputOf, ObjectSchema, OutputOf } from './schema.ts';
export { type Provider, Token, type TokenLike } from './token.ts';
export { Workflow, workflow } from './workflow.ts';
