/** Commands that are read by the command-line library: loaded together, by whoever needs one of them. */
import { EXIT } from '../errors.ts';
import type { App } from './app.ts';
import { HOST_SPECS } from './commands/host-specs.ts';
import { INSTANCE_SPECS } from './commands/instance-specs.ts';
import { runProgram } from './program.ts';

/** A command of the program itself. Errors: as `runProgram`. */
export function runHostCommand(app: App, argv: readonly string[]): Promise<number> {
  return runProgram(HOST_SPECS, argv, app, 'mcp2cli');
}

/** Help of a command of an instance where there is none. */
export async function commandHelp(app: App, [name = '', ...rest]: readonly string[]): Promise<number> {
  const prefix = `${app.program} INSTANCE`;
  if (name !== 'call') return runProgram(INSTANCE_SPECS, [name, ...rest, '--help'], app, prefix);
  const { callHelp } = await import('./help/instance.ts');
  app.printer.help(callHelp(prefix));
  return EXIT.ok;
}

/** `ls`, `jobs` or `refresh` of the selected instance, the first of the words, which `prefix` leads to. Errors: as `runProgram`. */
export function runInstanceCommand(
  app: App,
  argv: readonly string[],
  prefix: string = app.command(),
): Promise<number> {
  const spec = INSTANCE_SPECS.filter(({ name }) => name === argv[0]);
  return runProgram(spec, argv, app, prefix);
}
