import { VERSION } from '../../version.ts';
import { RUNTIME_FLAGS, type RuntimeFlag, runtimeHelp } from '../global-flags/table.ts';

/** Read before all other flags (route.ts). */
const VERSION_FLAG: RuntimeFlag = { name: 'version', takes: 'none', scope: 'all', help: 'print the version' };

/** Help of the program itself: no file is read and no command code loaded for it. */
export function hostHelp(program: string): string {
  return `mcp2cli ${VERSION} - any MCP server as a native command, long tools in the background

Usage:
  ${program} INSTANCE COMMAND [flags]        run a command of a named server
  ${program} COMMAND [flags]                 run a command of the active instance
  ${program} --url URL COMMAND [flags]       use a server without adding it (also --stdio 'CMD ARGS')

Servers:
  instances add|list|show|set|unset|remove|rename|use
                                          manage named servers
  instances discover|import               find servers that other programs have, and take them over
  auth login|status|logout|token [NAME]   logins to servers that ask for one
  link NAME, unlink NAME                  make an instance a command of its own, or undo it
  completion bash|zsh|fish|powershell     print the shell completion script
  keeper [status|stop|logs] [INSTANCE]    manage the background processes that hold connections and jobs
  doctor [INSTANCE]                       check this machine, the configuration, jobs and servers
  demo run|start|stop|status|tour         a real server to try things on

Commands of an instance:
  ls                                      list what the server offers
  TOOL [flags]                            run a tool; TOOL --help shows its flags
  call NAME [flags]                       run a tool by its exact name
  jobs list|show|wait|watch|answer|cancel|logs|prune
                                          background jobs
  jobs define|undefine|definitions, jobs export|import
                                          jobs of your own: tools with fixed arguments
  resources, prompts                      what it has to read, and prompts
  info, ping, logs, skill                 about the server; a SKILL.md for agents
  refresh                                 read the server's catalogue again

Flags:
${runtimeHelp(['all', 'target', 'file', 'tool', 'input', 'result'], [...RUNTIME_FLAGS, VERSION_FLAG])}

Exit codes:
  0 done, 1 the tool or job failed, 2 usage, 3 unreachable,
  4 authentication or permissions, 5 not supported by the server,
  8 not finished (input required), 70 a defect of mcp2cli, 74 disk or output,
  78 configuration damaged, 124 --timeout
`;
}
