/** From a workflow's document to what its run goes by: each step with the tool that it comes to. */
import { type CatalogEntry, ENTRY_KINDS, typedNames } from '../../../catalog/entry.ts';
import { UsageError } from '../../../errors.ts';
import { entriesOn } from '../../../instance/entries.ts';
import type { JsonObject } from '../../../lib/json/json.ts';
import { didYouMean, nearestNames } from '../../../lib/text/nearest-names.ts';
import { namesOfEntry } from '../../../permissions/known-names.ts';
import { nameableItems, permitAll } from '../../../permissions/permit.ts';
import type {
  DocumentProblem,
  DocumentStep,
  WorkflowDocument,
} from '../../../workflows/documents/document.ts';
import {
  type DocumentPlan,
  millisecondsOf,
  type PlannedCall,
  type PlannedTool,
  retryOf,
} from '../../../workflows/documents/plan.ts';
import { MAX_CONCURRENCY, WORKFLOW_TIMEOUT_MS } from '../../../workflows/workflow.ts';
import type { App } from '../../app.ts';
import { retryFlags } from '../../global-flags/retry.ts';
import { toolDefaults } from '../../global-flags/tool-defaults.ts';

/** Error: UsageError for steps that run nothing which the instance has; PermissionError for one that the rules refuse. */
export async function planOf(
  app: App,
  document: WorkflowDocument,
  signal: AbortSignal,
): Promise<DocumentPlan> {
  const { problems, entries } = await entriesOfSteps(app, document.steps, signal);
  if (problems.length > 0)
    throw new UsageError(problems.map(({ message }) => message).join('\n'), {
      code: 'unknown_tool',
      hint: `see: ${app.command('ls')}; define the workflow anew: ${app.command('jobs define FILE --force')}`,
    });
  for (const entry of new Set(entries as CatalogEntry[]))
    await permitAll(app, 'execute', namesOfEntry(entry));
  const tools: Record<string, PlannedTool> = {};
  const checks = !app.flags.has('no-output-check');
  const steps = document.steps.map((step, i): PlannedCall => {
    const entry = entries[i] as CatalogEntry;
    const called = entry.target?.tool ?? entry.tool;
    const { inputSchema, outputSchema, execution } = called;
    tools[called.name] = {
      ...(execution?.taskSupport === undefined ? {} : { task_support: execution.taskSupport }),
      ...(inputSchema === undefined ? {} : { input_schema: inputSchema }),
      ...(outputSchema === undefined || !checks ? {} : { output_schema: outputSchema }),
    };
    return callOf(step, entry);
  });
  return {
    kind: 'document',
    name: document.name,
    steps,
    tools,
    max_concurrency: document.maxConcurrency ?? MAX_CONCURRENCY,
    timeout_ms: millisecondsOf(document.timeout) ?? WORKFLOW_TIMEOUT_MS,
  };
}

/** What each step runs, by its exact name or as it is typed, and what is wrong with those that name nothing. */
export async function entriesOfSteps(
  app: App,
  steps: readonly DocumentStep[],
  signal: AbortSignal,
): Promise<{ problems: DocumentProblem[]; entries: (CatalogEntry | undefined)[] }> {
  const session = await app.session();
  for (;;) {
    const all = await entriesOn(app, signal, 'current');
    const typed = typedNames(all);
    const find = ({ tool }: DocumentStep) =>
      ENTRY_KINDS.map((kind) => all.find((one) => one.kind === kind && one.name === tool)).find(
        (one) => one !== undefined,
      ) ?? typed.get(tool);
    const entries = steps.map(find);
    // The server may have learned a new tool.
    if (entries.includes(undefined) && !session.refreshed) {
      await session.refresh(signal);
      continue;
    }
    const names = (await nameableItems(app, all, namesOfEntry)).map(({ name }) => name);
    const problems = steps.flatMap(({ id, tool }, i): DocumentProblem[] => {
      const entry = entries[i];
      const path = ['steps', i, 'tool'];
      if (entry?.document)
        return [{ path, message: `step ${id}: ${tool} is a workflow, which cannot be a step` }];
      if (entry) return [];
      const near = didYouMean(nearestNames(tool, names));
      return [{ path, message: `step ${id}: there is no tool ${JSON.stringify(tool)}${near}` }];
    });
    return { problems, entries };
  }
}

function callOf(step: DocumentStep, { viaTool, target, tool }: CatalogEntry): PlannedCall {
  const defaults = target && toolDefaults(target.settings);
  const timeout = millisecondsOf(step.timeout ?? (defaults?.get('timeout') as string | undefined));
  const retry = step.retry
    ? retryOf(step.retry)
    : defaults?.has('retries')
      ? retryFlags(defaults)
      : undefined;
  return {
    id: step.id,
    name: step.tool,
    tool: target?.tool.name ?? tool.name,
    depends_on: step.dependsOn ?? [],
    ...(viaTool === undefined ? {} : { via_tool: viaTool }),
    ...(target && Object.keys(target.fixed).length > 0 ? { fixed: target.fixed as JsonObject } : {}),
    ...(step.input === undefined ? {} : { input: step.input }),
    ...(step.condition === undefined ? {} : { condition: step.condition }),
    continue_on_error: step.continueOnError === true,
    ...(timeout === undefined ? {} : { timeout_ms: timeout }),
    ...(retry === undefined ? {} : { retry }),
  };
}
