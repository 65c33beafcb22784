import { SignalReason } from '../../../context.ts';
import { InterruptedError } from '../../../errors.ts';
import type { ServerMessage } from '../../../mcp/log-level.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { levelFlag } from '../../global-flags/values.ts';
import { logText } from '../../output/printer.ts';
import { Patience } from '../patience.ts';

/** `logs`: a line, or a JSON document, for each log message of the session; ends with ^C or `--timeout`. */
export async function serverLogs(app: App, { level: typed }: { level?: string }): Promise<number> {
  const level = levelFlag(typed, '--level') ?? 'info';
  await permit(app, 'read');
  const stop = app.stop('the time for listening is over');
  const { signal } = stop;
  const patience = new Patience(app);
  const session = await app.session();
  let before = false;
  try {
    while (!signal.aborted) {
      try {
        const reader = await session.reader(signal);
        await reader.log({
          level,
          signal,
          onReady() {
            patience.end();
            app.printer.note(before ? 'listening again' : `listening, from ${level} up (^C ends)`);
            before = true;
          },
          onMessage: (message) => print(app, message),
        });
      } catch (error) {
        if (signal.aborted || !before) throw error;
        await patience.bear(error, 'the session is lost', signal);
      }
    }
    throw signal.reason;
  } catch (error) {
    if (error instanceof SignalReason) throw new InterruptedError('interrupted', error.exitCode);
    throw error;
  } finally {
    stop.dispose();
  }
}

function print({ printer, context }: App, message: ServerMessage): void {
  const time = context.clock.now().toISOString();
  if (printer.json) printer.line({ time, ...message });
  else printer.out(`${time}  ${printer.safeLine(logText(message))}`);
}
