/** Whether a process is alive, and still the one that was meant: a pid alone is no identity, since pids are used again. */
import { readFileSync } from 'node:fs';

/** The process's start time as the kernel has it, with the boot's id; null where it cannot be read. */
export function processStart(pid: number): string | null {
  const fields = statFields(pid);
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Field 22 of proc(5), counted from the state, which is field 3.
    return fields?.[19] === undefined ? null : `${boot}/${fields[19]}`;
  } catch {
    return null;
  }
}

/** False for a process that has ended, also when nobody has collected it yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return statFields(pid)?.[0] !== 'Z';
}

/** The fields after the command's name, which may itself hold spaces and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
