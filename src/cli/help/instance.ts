import { reachable } from '../../catalog/entry.ts';
import { CliError, PermissionError } from '../../errors.ts';
import { listedEntries, toolsLeftOut } from '../../instance/entries.ts';
import type { App } from '../app.ts';
import { entryLines, grouped } from '../output/views/entry-view.ts';
import { tellLeftOut } from '../output/views/left-out-view.ts';
import { commonFlags } from './flags.ts';

/** Help of an instance: its tools with a line each, from the cache or the server, and what else it takes. */
export async function instanceHelp(app: App): Promise<string> {
  const prefix = app.command();
  const list = await toolList(app);
  return `Usage: ${prefix} COMMAND [flags]

Tools:
${indent(list)}

Commands:
  ls                                       list what the server offers
  call [--KIND] NAME [flags]               a tool by its exact name; --tool, --job, --workflow, --definition
  jobs list|show|wait|watch|answer|cancel|forget|rerun|logs|prune|migrate
                                           background jobs
  jobs define|undefine|definitions, jobs export|import
                                           jobs of your own: tools with fixed arguments
  resources list|templates|read|watch      what the server has to read
  prompts list|get                         prompts that the server has prepared
  info, ping, logs                         what the server says of itself; whether it answers; its log
  skill                                    a SKILL.md of the instance, for agents
  refresh                                  read the server's catalogue again

${commonFlags(`${prefix} TOOL`)}
${prefix} TOOL --help shows the flags of a tool.
`;
}

/** Help of `call` itself; behind a name `--help` tells of what is called so. */
export function callHelp(prefix: string): string {
  return `Usage: ${prefix} call [--tool | --job | --workflow | --definition] NAME [flags]

Run a tool by its exact name, also when a command has the same name. When several kinds share the name, the flag before it says which is meant.

${prefix} call NAME --help shows its flags.
`;
}

/** A server that cannot be reached, and a rule that refuses its list, keeps nobody from reading what the program itself has to say. */
async function toolList(app: App): Promise<string> {
  try {
    const entries = reachable(await listedEntries(app, {}));
    const leftOut = await toolsLeftOut(app);
    tellLeftOut(
      app.printer,
      leftOut.filter(({ file }) => file !== undefined),
    );
    if (entries.length === 0) return '(none)';
    return grouped(entries)
      .map(({ group, entries: members }) => {
        const room = app.printer.width - (group === undefined ? 2 : 4);
        const lines = entryLines(app.printer, members, room);
        return group === undefined ? lines : `${app.printer.safeName(group)}:\n${indent(lines)}`;
      })
      .join('\n');
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    app.printer.warn(error.code, error.message);
    if (error instanceof PermissionError) return '(not permitted)';
    return '(unknown: the server cannot be reached)';
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
