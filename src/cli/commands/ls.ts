import type { ToolDefinition } from '../../discovery/catalogue.ts';
import { firstSentence } from '../../discovery/first-sentence.ts';
import { kebabCase } from '../../discovery/tool-names.ts';
import { EXIT } from '../../errors.ts';
import type { App } from '../app.ts';

/** An item of `ls --json`: its id and kind, and the server's own definition verbatim beside them. */
function item(tool: ToolDefinition) {
  return { id: tool.name, kind: 'tool', ...tool };
}

/** `ls`: what the server offers. */
export async function list(app: App): Promise<number> {
  const { printer } = app;
  const stop = app.stop('the catalogue was not read in time');
  try {
    const { tools } = await (await app.session()).catalogue(stop.signal);
    printCatalogue(app, 'ls', tools);
    if (tools.length === 0) printer.note('the server offers no tools');
    return EXIT.ok;
  } finally {
    stop.dispose();
  }
}

/** `refresh`: reads the catalogue again. */
export async function refresh(app: App): Promise<number> {
  const { printer } = app;
  const stop = app.stop('the catalogue was not read in time');
  try {
    const { tools } = await (await app.session()).refresh(stop.signal);
    if (printer.json) printCatalogue(app, 'refresh', tools);
    else printer.out(`${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}`);
    return EXIT.ok;
  } finally {
    stop.dispose();
  }
}

function printCatalogue(app: App, command: string, tools: readonly ToolDefinition[]): void {
  const { printer } = app;
  if (printer.format === 'ndjson') for (const tool of tools) printer.jsonDocument(item(tool));
  else if (printer.json) {
    const summary = `${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}`;
    printer.envelope(command, summary, { items: tools.map(item) });
  } else if (tools.length > 0) printer.out(toolLines(app, tools));
}

/** One line a tool: the name as it is typed, and the first sentence about it. */
export function toolLines(app: App, tools: readonly ToolDefinition[]): string {
  const names = tools.map((tool) => app.printer.safeLine(typedName(tool.name, tools)));
  const width = Math.min(32, Math.max(...names.map((name) => name.length)));
  return tools
    .map((tool, i) => {
      const about = app.printer.safeLine(firstSentence(tool.description ?? tool.title ?? ''));
      const room = app.printer.outTTY
        ? Math.max(20, app.printer.width - width - 2)
        : Number.POSITIVE_INFINITY;
      const short = about.length > room ? `${about.slice(0, room - 3)}...` : about;
      return `${(names[i] ?? '').padEnd(width)}  ${short}`.trimEnd();
    })
    .join('\n');
}

/** The kebab form when it means this tool alone, otherwise the exact name. */
function typedName(name: string, tools: readonly ToolDefinition[]): string {
  const kebab = kebabCase(name);
  const same = tools.filter((tool) => kebabCase(tool.name) === kebab);
  return same.length === 1 ? kebab : name;
}
