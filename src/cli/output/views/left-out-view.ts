import type { LeftOut } from '../../../catalog/left-out.ts';
import type { Printer } from '../printer.ts';

/** On stderr, whatever the list is of: somebody may look for such a tool. */
export function tellLeftOut(printer: Printer, leftOut: readonly LeftOut[]): void {
  for (const { name, reason, file } of leftOut)
    if (file === undefined)
      printer.warn('tool_left_out', `${name} is left out: its definition may not be used: ${reason}`);
    else printer.warn('job_file', `${name}: ${reason}`);
}
