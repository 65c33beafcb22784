import type { Definition } from '../../../definitions/definition.ts';
import { toolOfName } from '../../../definitions/name.ts';
import { CliError } from '../../../errors.ts';
import { didYouMean, nearestNames } from '../../../lib/text/nearest-names.ts';
import { nameableItems } from '../../../permissions/permit.ts';
import type { ToolDefinition } from '../../../tools/tool.ts';
import type { App } from '../../app.ts';
import { fixedArgsProblems } from '../../arguments/fixed.ts';

/**
 * What is wrong with definitions by the tools of the server, a line each. Without network, what the cache does not know is told and let pass.
 * Errors: TimeoutError, InterruptedError.
 */
export async function toolProblems(app: App, definitions: readonly Definition[]): Promise<string[]> {
  if (definitions.length === 0) return [];
  const known = await catalogueFor(app, definitions);
  if (!known) return [];
  const { tools, certain } = known;
  const problems: string[] = [];
  for (const { name, tool: toolName, args = {} } of definitions) {
    const found: string[] = [];
    const taken = toolOfName(name, tools);
    if (taken !== undefined)
      found.push(`the server has a tool ${JSON.stringify(taken)}: choose another name`);
    const tool = tools.find((one) => one.name === toolName);
    if (tool) found.push(...(await fixedArgsProblems(app, tool, args)));
    else if (certain)
      found.push(
        `the server has no tool ${JSON.stringify(toolName)}${didYouMean(await near(app, toolName, tools))}`,
      );
    problems.push(...found.map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

async function near(app: App, name: string, tools: readonly ToolDefinition[]): Promise<string[]> {
  const names = tools.map((tool) => tool.name);
  return nearestNames(name, await nameableItems(app, names, (one) => [one]));
}

/**
 * The tools as far as they can be had: from the cache, and from the server when the cache lacks one. `certain`: the server was asked, or has all
 * of them.
 */
async function catalogueFor(
  app: App,
  definitions: readonly Definition[],
): Promise<{ tools: readonly ToolDefinition[]; certain: boolean } | undefined> {
  const session = await app.session();
  const hasAll = (tools: readonly ToolDefinition[]) =>
    definitions.every(({ tool }) => tools.some((one) => one.name === tool));
  using stop = app.stop('the catalogue was not read in time');
  let tools = session.cachedCatalogue()?.tools;
  try {
    if (!tools || !hasAll(tools)) ({ tools } = await session.refresh(stop.signal));
    return { tools, certain: true };
  } catch (error) {
    if (stop.signal.aborted || !(error instanceof CliError)) throw error;
    const unchecked = definitions.filter(({ tool }) => !tools?.some((one) => one.name === tool));
    app.printer.warn(
      error.code,
      `not checked against the server's tools: ${unchecked.map(({ name }) => name).join(', ')} (${error.message})`,
    );
    return tools && { tools, certain: false };
  }
}
