import { VERSION } from '../../version.ts';
import { runtimeHelp } from '../global-flags/table.ts';

/** Help of the program itself: no file is read and no command code loaded for it. */
export function hostHelp(program: string): string {
  return `mcp2cli ${VERSION} - any MCP server as a native command, long tools in the background

Usage:
  ${program} INSTANCE COMMAND [flags]        a command of a named server
  ${program} COMMAND [flags]                 the same of the active instance
  ${program} --url URL COMMAND [flags]       a server without a name (also --stdio 'CMD ARGS')

Servers:
  instances add|list|show|set|remove|rename|use
                                          named servers
  link NAME, unlink NAME                  make an instance a command of its own, and undo it
  completion bash|zsh|fish|powershell     what makes TAB complete
  keeper [status|stop|logs] [INSTANCE]    background processes that hold connections and jobs
  doctor [INSTANCE]                       look for what is wrong
  demo run|start|stop|status|tour          a real server to try things on

Commands of an instance:
  ls                                      what the server offers
  TOOL [flags]                            every tool is a command; TOOL --help tells its flags
  call NAME [flags]                       a tool by its exact name
  jobs list|show|wait|watch|answer|cancel|logs|prune
                                          background jobs
  jobs define|undefine|definitions|export|import
                                          jobs of your own: tools with arguments fixed
  refresh                                 read the server's catalogue again

Flags:
${runtimeHelp(['all', 'target', 'tool', 'input', 'result'])}
      --version                the version

Exit codes:
  0 done   1 the tool or job failed   2 usage   3 unreachable   4 authentication, permissions   5 not supported by the server
  8 not finished (input required)   70 a defect   74 disk or output   78 configuration damaged   124 --timeout
`;
}
