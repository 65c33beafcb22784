import type { ToolDefinition } from '../discovery/catalogue.ts';
import { resolveTool, type ToolMatch } from '../discovery/tool-names.ts';
import { UsageError } from '../errors.ts';
import type { App } from './app.ts';

/**
 * The tool of this name, exact or as it is typed; the server is asked once more before giving up. Errors: UsageError with the nearest names,
 * those of reading the catalogue.
 */
export async function knownTool(app: App, typed: string, signal: AbortSignal): Promise<ToolDefinition> {
  const session = await app.session();
  for (;;) {
    const { tools } = await session.catalogue(signal);
    const found = resolveTool(
      tools.map((tool) => tool.name),
      [typed],
    );
    const tool = found.kind === 'tool' ? tools.find((one) => one.name === found.name) : undefined;
    if (tool) return tool;
    if (session.refreshed) throw unknownTool(app, typed, found);
    await session.refresh(signal);
  }
}

function unknownTool(app: App, typed: string, found: ToolMatch): UsageError {
  const server = app.instance.adHoc ? 'the server' : app.instance.name;
  const near = found.kind === 'none' ? found.suggestions : found.kind === 'ambiguous' ? found.candidates : [];
  const members = found.kind === 'group' ? found.members : [];
  return new UsageError(`${server} has no tool ${JSON.stringify(typed)}`, {
    code: 'unknown_tool',
    hint:
      near.length > 0
        ? `did you mean ${near.slice(0, 3).join(' or ')}?`
        : members.length > 0
          ? `one of: ${members.slice(0, 10).join(', ')}`
          : `see: ${app.command('ls')}`,
  });
}
