import { VERSION } from '../../version.ts';

/** Help of the program itself: no file is read and no command code loaded for it. */
export function hostHelp(program: string): string {
  return `mcp2cli ${VERSION} - any MCP server as a native command

Quick start:
  mcp2cli demo start                              a server to try things on
  mcp2cli demo ls                                 list its tools
  mcp2cli demo deploy --version 2.0               run a tool
  mcp2cli demo deploy --version 2.0 --background  run it as a job
  mcp2cli demo jobs watch --latest                watch the job to its end

Usage:
  ${program} INSTANCE COMMAND [flags]    run a command of a named server
  ${program} COMMAND [flags]             run a command of the active instance
  ${program} --url URL COMMAND [flags]   use a server that has no name yet
  ${program} --stdio 'CMD' COMMAND       the same with a server to start

Servers:
  instances add|list|show|set|unset|remove|rename|use
                                manage named servers
  instances discover|import     take over servers that other programs have
  auth login|status|logout|...  logins to servers that ask for one
  link NAME, unlink NAME        make an instance a command, or undo it
  completion SHELL              print the shell completion script
  keeper [status|stop|logs]     manage the background processes that hold jobs
  doctor [INSTANCE]             check the machine, configuration and servers
  serve NAME, worker [NAME...]  an MCP server for other hosts; make shared calls
  demo start|stop|status|tour   a real server to try things on

Commands of an instance:
  ls                            list what the server offers
  TOOL [flags]                  run a tool; TOOL --help shows its flags
  call NAME [flags]             the same by its exact name
  jobs list|show|wait|watch|... background jobs; also answer, cancel, logs
  jobs define|definitions|...   jobs of your own: tools with fixed arguments
  resources, prompts            read what else the server has
  info, ping, logs, skill       about the server; a SKILL.md for agents
  refresh                       read the server's catalogue again

COMMAND --help tells more; ${program} help flags lists all flags and exit codes.
`;
}
