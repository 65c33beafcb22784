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
export { Job, job } from './job.ts';
export { type AnyTools, type CallOptions, type InstanceTools, JobContext } from './job-context.ts';
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
