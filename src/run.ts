import type { App } from './cli/app.ts';
import { Printer } from './cli/output/printer.ts';
import { route } from './cli/route.ts';
import { type Context, processContext, SignalReason } from './context.ts';
import { AuthError, CliError, EXIT, InterruptedError, IoError } from './errors.ts';
import { errnoOf, ioFailure, triedBy } from './lib/disk/io-failure.ts';

/** Runs one command line and says with what code the process should end. Never throws. */
export async function run(argv: readonly string[], entry: string): Promise<number> {
  let context: Context;
  try {
    context = processContext(entry);
  } catch (error) {
    return tellPlainly(asCliError(error), argv);
  }
  return runIn(context, argv);
}

/** The same in a given context, whose streams are written out when it resolves. */
export async function runIn(context: Context, argv: readonly string[]): Promise<number> {
  const apps: App[] = [];
  let code: number;
  try {
    if (argv.some(isJq)) await (await import('./lib/jq/jq.ts')).loadJq();
    code = await withLogins(() => route(argv, context, (app) => apps.push(app)), apps);
  } catch (error) {
    const known = asCliError(error);
    const app = apps.at(-1);
    errorPrinter(app, argv, context).error(known, app?.hintFor(known));
    code = known.exitCode;
  }
  for (const app of apps) await app.close().catch(() => {});
  try {
    await context.stdout.flush();
  } catch (error) {
    fallbackPrinter(argv, context).error(new IoError(`cannot write the output: ${(error as Error).message}`));
    code = EXIT.io;
  }
  // What cannot be said on stderr changes nothing about the answer.
  await context.stderr.flush().catch(() => {});
  return code;
}

/** How often a command goes on after a login: the first, and one that reaches further. What a server wants then, it will not get. */
const MOST_LOGINS = 2;

/** Runs a command; where the server wants a login and a person is there who agrees, once more after it. */
async function withLogins(command: () => Promise<number>, apps: App[]): Promise<number> {
  for (let logins = 0; ; logins++) {
    try {
      return await command();
    } catch (error) {
      const app = apps.at(-1);
      if (!(error instanceof AuthError) || !app?.canLogIn || logins === MOST_LOGINS) throw error;
      const { offerLogin } = await import('./cli/commands/auth/offer.ts');
      if (!(await offerLogin(app, error))) throw error;
      for (const one of apps.splice(0)) await one.close().catch(() => {});
    }
  }
}

/** What the system says when it is the machine's fault, wherever it says so. */
const MACHINE = new Set(['EMFILE', 'ENFILE', 'EIO', 'ENOSPC', 'EDQUOT', 'EROFS']);

/** Anything that was thrown as an error with a code. What is not one of ours is a defect of this program. */
function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof SignalReason) return new InterruptedError('interrupted', error.exitCode);
  const inner = error instanceof Error ? error : new Error(String(error));
  // The machine may fail anywhere, in loading a part of this program too.
  const { path = 'a file' } = inner as NodeJS.ErrnoException;
  const io = MACHINE.has(errnoOf(inner) ?? '') ? ioFailure(inner, triedBy(inner), path) : undefined;
  if (io instanceof CliError) return io;
  return new CliError('internal', EXIT.internal, `a defect of mcp2cli: ${inner.message}`, {
    cause: inner,
    hint: 'please report it with the command line and what --verbose says',
  });
}

/** An error that comes before the flags after the command were read is told in the form that they seem to ask for. */
function errorPrinter(app: App | undefined, argv: readonly string[], context: Context): Printer {
  if (app && (app.flagsRead || app.printer.json || !wantsJson(argv))) return app.printer;
  return fallbackPrinter(argv, context);
}

function isJq(word: string): boolean {
  return word === '--jq' || word.startsWith('--jq=');
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv
    .slice(0, end < 0 ? undefined : end)
    .some(
      (w, i) =>
        /^(--json|(--output=|-o)(nd)?json)$/.test(w) ||
        isJq(w) ||
        (/^(-o|--output)$/.test(w) && /json/.test(argv[i + 1] ?? '')),
    );
}

/** For an error before there are streams to print with. Returns its exit code. */
function tellPlainly({ code, message, hint, exitCode }: CliError, argv: readonly string[]): number {
  const lines = wantsJson(argv)
    ? [JSON.stringify({ error: { code, message, ...(hint ? { hint } : {}), exit_code: exitCode } })]
    : [`error: ${message}`, ...(hint ? [`hint: ${hint}`] : [])];
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
  return exitCode;
}

/** For errors in the very flags that would say how to print. */
function fallbackPrinter(argv: readonly string[], context: Context): Printer {
  const json = wantsJson(argv);
  return new Printer({
    stdout: context.stdout,
    stderr: context.stderr,
    format: json ? 'json' : 'human',
    quiet: false,
    verbose: argv.includes('--verbose'),
    appId: 'mcp2cli',
    program: context.env['MCP2CLI_PROGRAM'],
  });
}
