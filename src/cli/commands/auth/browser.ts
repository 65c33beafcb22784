import { spawn } from 'node:child_process';
import { parse } from 'shell-quote';
import type { Context } from '../../../context.ts';

/** How long a program gets to fail at once, in milliseconds; one that goes on is a browser. */
const AT_ONCE_MS = 1_000;

/**
 * Opens a page in the browser: with what `BROWSER` names (commands separated by colons, `%s` for the URL), else as the system does it. Returns why
 * nothing was opened, or undefined.
 */
export async function openInBrowser(url: string, context: Context): Promise<string | undefined> {
  const named = context.env['BROWSER'];
  if (named) return await openWith(named, url);
  if (!hasDesktop(context)) return 'there is no desktop here';
  const { default: open } = await import('open');
  try {
    const child = await open(url);
    return await failureOf(child);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The first of the commands that can be started. None is run by a shell. */
async function openWith(commands: string, url: string): Promise<string | undefined> {
  const separator = process.platform === 'win32' ? ';' : ':';
  let why: string | undefined = 'BROWSER names no command';
  for (const command of commands.split(separator)) {
    // Variables stay as they stand: the name of a program has none.
    const words = parse(command, (name) => `$${name}`).filter((word) => typeof word === 'string');
    const [program, ...args] = words.map((word) => word.replaceAll('%s', url));
    if (program === undefined) continue;
    const rest = words.some((word) => word.includes('%s')) ? args : [...args, url];
    const child = spawn(program, rest, { stdio: 'ignore', detached: true, windowsHide: true });
    child.unref();
    why = await failureOf(child);
    if (why === undefined) return undefined;
    why = `${program}: ${why}`;
  }
  return why;
}

/** A child that could not be started, or ends at once with an error; undefined for one that goes on, or has done its work. */
function failureOf(child: ReturnType<typeof spawn>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), AT_ONCE_MS);
    const settle = (why: string | undefined) => {
      clearTimeout(timer);
      resolve(why);
    };
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(code === 0 ? undefined : `it ended with ${signal ?? code}`));
  });
}

/** On Linux whatever opens pages would open one in the terminal, in the middle of the conversation. */
function hasDesktop({ env, platform }: Context): boolean {
  if (platform !== 'linux') return true;
  return ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME'].some((name) => Boolean(env[name]));
}
