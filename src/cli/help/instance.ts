import { reachable } from '../../catalog/entry.ts';
import { CliError, PermissionError } from '../../errors.ts';
import { listedOffers } from '../../instance/entries.ts';
import type { App } from '../app.ts';
import { runtimeHelp } from '../global-flags/table.ts';
import { grouped, offerLines } from '../output/entry-view.ts';

/** Help of an instance: its tools with a line each, from the cache or the server, and what else it takes. */
export async function instanceHelp(app: App): Promise<string> {
  const prefix = app.command();
  const list = await toolList(app);
  return `Usage: ${prefix} COMMAND [flags]

Tools:
${indent(list)}

Commands:
  ls                                       what the server offers
  call [--job|--workflow|--definition|--tool] NAME [flags]
                                           by its exact name, and kind where several have it
  jobs list|show|wait|watch|answer|cancel|logs|prune
                                           background jobs
  jobs define|undefine|definitions|export|import
                                           jobs of your own: tools with arguments fixed
  refresh                                  read the server's catalogue again

Flags:
${runtimeHelp(['all', 'tool', 'input', 'result'])}

${prefix} TOOL --help tells a tool's own flags.
`;
}

/** Help of `call` itself; behind a name `--help` tells of what is called so. */
export function callHelp(prefix: string): string {
  return `Usage: ${prefix} call [--job|--workflow|--definition|--tool] NAME [flags]

A tool by its exact name, whatever it collides with; the flag before the name says of which kind, where several have it.

${prefix} call NAME --help tells its flags.
`;
}

/** A server that cannot be reached, and a rule that refuses its list, keeps nobody from reading what the program itself has to say. */
async function toolList(app: App): Promise<string> {
  try {
    const offers = reachable(await listedOffers(app, {}));
    if (offers.length === 0) return '(none)';
    return grouped(offers)
      .map(({ group, offers: members }) => {
        const lines = offerLines(app.printer, members);
        return group === undefined ? lines : `${app.printer.safeName(group)}:\n${indent(lines)}`;
      })
      .join('\n');
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    app.printer.warn(error.code, error.message);
    if (error instanceof PermissionError) return '(not permitted)';
    return '(not known: the server cannot be asked)';
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
