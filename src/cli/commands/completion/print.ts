import { findInstance } from '../../../config/config.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import type { App } from '../../app.ts';
import { launcherOf, linkedLaunchers } from '../../completion/launchers.ts';
import { SHELLS } from '../../completion/shells/shells.ts';
import { completionScript } from './scripts.ts';

export interface CompletionOptions {
  name?: string;
}

/** `completion SHELL`: the script that makes TAB complete, for the shell to read. Errors: UsageError for another shell, and for no such link. */
export async function printCompletion(app: App, typed: string, { name }: CompletionOptions): Promise<number> {
  const lower = typed.toLowerCase();
  const shell = SHELLS.find((one) => one === (lower === 'pwsh' ? 'powershell' : lower));
  if (!shell)
    throw new UsageError(`no completion for the shell ${JSON.stringify(typed)}`, {
      hint: `one of ${SHELLS.join(', ')}`,
    });
  // A linked command prints its own.
  const only = name ?? app.context.env['MCP2CLI_PROGRAM'];
  const script = completionScript(
    shell,
    only === undefined
      ? { launchers: linkedLaunchers(app), itself: true }
      : { ...oneOf(app, only), itself: false },
  );
  app.printer.answer('completion', `for ${shell}`, { shell, script }, script);
  return EXIT.ok;
}

function oneOf(app: App, name: string) {
  const launcher = launcherOf(app, name);
  if (launcher) return { launchers: [launcher] };
  throw new UsageError(`no linked command ${JSON.stringify(name)} in your PATH`, {
    code: 'unknown_link',
    hint: findInstance(app.config, name)
      ? `make it with: mcp2cli link ${name}`
      : 'see the instances: mcp2cli instances list',
  });
}
