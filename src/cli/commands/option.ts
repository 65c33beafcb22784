import type { OptionSpec } from '../program.ts';

/** An option of a command, in commander's notation: `-f, --follow`, `--tail <N>`. Of a repeatable one every value counts. */
export function option(flags: string, help: string, repeatable = false): OptionSpec {
  return { flags, help, repeatable };
}
