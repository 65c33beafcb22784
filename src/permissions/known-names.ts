/**
 * All names that a rule may know something by, in one place: a rule for a tool is not got round by a definition over it, nor one for a
 * server's job by the tool that runs it.
 */

import type { CatalogEntry } from '../catalog/entry.ts';
import type { Definition } from '../definitions/definition.ts';
import type { JobRecord } from '../jobs/record.ts';
import { kebabCase } from '../lib/text/kebab-case.ts';

/** The names of an entry of a list: its own, of a definition its tool's, of a server's job that of the tool that runs it. */
export function namesOfEntry({ name, target, viaTool }: CatalogEntry): Set<string> {
  return new Set([name, ...(target ? [target.tool.name] : []), ...(viaTool === undefined ? [] : [viaTool])]);
}

/** The names of a call: those of the entry, and of a call of `execute_job` the job that is meant. */
export function namesOfCall(entry: CatalogEntry, args: Record<string, unknown>): Set<string> {
  return withRun(namesOfEntry(entry), entry.target?.tool.name ?? entry.tool.name, args);
}

/**
 * The names of a recorded job: what was called, of a definition its tool, of a server's job the tool that ran it, of a call of that tool the job
 * that was meant.
 */
export function namesOfJob({ capability, kind, tool = capability, arguments: args }: JobRecord): Set<string> {
  const runner = kind === 'job' || kind === 'workflow' ? [`execute_${kind}`] : [];
  return withRun(new Set([capability, tool, ...runner]), tool, args);
}

/** The names of a definition: its own, its tool's, and of one over `execute_job` the job that it always runs. */
export function namesOfDefinition({ name, tool, args = {} }: Definition): Set<string> {
  return withRun(new Set([name, tool]), tool, args);
}

/** By the tool's name alone: whatever its schema says, such a tool runs what is named. */
const RUNNERS = new Set(['execute-job', 'execute-workflow']);

function withRun(names: Set<string>, tool: string, args: Record<string, unknown>): Set<string> {
  const { name } = args;
  return RUNNERS.has(kebabCase(tool)) && typeof name === 'string' ? names.add(name) : names;
}
