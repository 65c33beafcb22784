import { UsageError } from '../errors.ts';

/** Words that mean something to the program itself; no instance may take them. */
export const HOST_COMMANDS = [
  'instances',
  'auth',
  'link',
  'unlink',
  'completion',
  'keeper',
  'demo',
  'doctor',
  'serve',
  'worker',
  'help',
  'version',
] as const;
/** Words after `demo` that are about the demo server rather than for it. */
export const DEMO_COMMANDS = ['run', 'start', 'stop', 'status', 'tour'] as const;
export const INSTANCE_COMMANDS = [
  'ls',
  'call',
  'jobs',
  'resources',
  'prompts',
  'info',
  'ping',
  'logs',
  'skill',
  'refresh',
  'help',
] as const;
/** Commands that came later: an instance may be called so, and many a server has a tool of such a name. */
export const LATER_COMMANDS: readonly string[] = ['info', 'ping', 'logs', 'skill'];

/** What people type at first for commands that are called otherwise here, and where those stand. */
export const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  list: ['instances list', 'INSTANCE ls', 'INSTANCE jobs list'],
  tools: ['INSTANCE ls'],
  servers: ['instances list'],
  add: ['instances add'],
  remove: ['instances remove'],
  run: ['INSTANCE call'],
  login: ['auth login'],
  logout: ['auth logout'],
};

/** Reserved for commands that later versions bring, so that adding one breaks nobody's instance. */
const FUTURE_COMMANDS = ['login', 'logout', 'config', 'resources', 'prompts'];

const RESERVED = new Set<string>([
  ...HOST_COMMANDS,
  ...INSTANCE_COMMANDS.filter((command) => !LATER_COMMANDS.includes(command)),
  ...FUTURE_COMMANDS,
]);

/** Windows cannot have files of these names, and a data root may be shared. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** Whether a name can be a folder of the data root and nothing else; one in a configuration that was edited by hand may not be. */
export function isSafeName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) && !DEVICE.test(name) && !name.endsWith('.');
}

/**
 * Refuses a name that could not be typed or stored: letters, digits and `-_.`, starting with a letter or digit, at most 64, never a
 * command. Error: UsageError.
 */
export function checkInstanceName(name: string): void {
  if (!isSafeName(name))
    throw new UsageError(`not an instance name: ${JSON.stringify(name)}`, {
      hint: 'use letters, digits, "-", "_" and ".", starting with a letter or digit (at most 64)',
    });
  if (RESERVED.has(name.toLowerCase()))
    throw new UsageError(`${JSON.stringify(name)} is a command, not an instance name`, {
      hint: `choose another name, for example my-${name}`,
    });
}
