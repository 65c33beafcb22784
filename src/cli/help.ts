import type { App } from './app.ts';
import { toolLines } from './commands/ls.ts';
import { runtimeHelp } from './flag-table.ts';

/** Help of an instance: its tools with a line each, from the cache or the server, and what else it takes. */
export async function instanceHelp(app: App): Promise<string> {
  const { tools } = await (await app.session()).catalogue();
  const prefix = app.command();
  const list = tools.length === 0 ? '(none)' : toolLines(app, tools);
  return `Usage: ${prefix} COMMAND [flags]

Tools:
${indent(list)}

Commands:
  ls                                what the server offers
  call NAME [flags]                 a tool by its exact name
  jobs list|show|wait|watch|cancel  background jobs
  refresh                           read the server's catalogue again

Flags:
${runtimeHelp(['all', 'tool'])}

${prefix} TOOL --help tells a tool's own flags.
`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
