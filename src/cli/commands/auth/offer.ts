import { createInterface } from 'node:readline/promises';
import type { AuthError } from '../../../errors.ts';
import { visibleLine } from '../../../lib/text/visible.ts';
import type { App } from '../../app.ts';
import { logIn } from './login.ts';

/**
 * After a refusal, asks the person on the terminal whether to log in, and does it. True when they are logged in: what was refused can be tried again.
 * Without a terminal nobody is asked. Errors: those of a login.
 */
export async function offerLogin(app: App, { login, message }: AuthError): Promise<boolean> {
  const { terminal, printer, context } = app;
  if (!login || !terminal || printer.quiet || app.instance.identity.kind !== 'http') return false;
  const { stepUp = false, again = false, scope } = login;
  const { name, adHoc } = app.instance;
  const what = adHoc ? 'this server' : name;
  printer.complain(message);
  const question = stepUp
    ? `Log in to ${what} again, for the scope ${visibleLine(scope ?? '')}? [Y/n] `
    : `Log in to ${what}${again ? ' again' : ''} now? [Y/n] `;
  const prompt = createInterface({ input: terminal.input, output: terminal.output, terminal: true });
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  let answer: string;
  try {
    answer = await prompt.question(question, { signal: context.interrupted });
  } finally {
    prompt.close();
  }
  if (!/^(y|yes)?$/i.test(answer.trim())) return false;
  await logIn(app, stepUp && scope !== undefined ? { scope: [scope] } : {});
  return true;
}
