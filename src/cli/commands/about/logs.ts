import type { ServerMessage } from '../../../mcp/log-level.ts';
import { permit } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { levelFlag } from '../../global-flags/values.ts';
import { logText } from '../../output/printer.ts';
import { listenAgain, untilStopped } from '../patience.ts';

/** `logs`: a line, or a JSON document, for each log message of the session; ends with ^C or `--timeout`. */
export async function serverLogs(app: App, { level: typed }: { level?: string }): Promise<number> {
  const level = levelFlag(typed, '--level') ?? 'info';
  await permit(app, 'read');
  const notes = {
    first: `listening, from ${level} up (^C ends)`,
    again: 'listening again',
    lost: 'the session is lost',
  };
  return untilStopped(app, 'the time for listening is over', (signal) =>
    listenAgain(app, signal, notes, (reader, onReady) =>
      reader.log({ level, signal, onReady, onMessage: (message) => print(app, message) }),
    ),
  );
}

function print({ printer, context }: App, message: ServerMessage): void {
  const time = context.clock.now().toISOString();
  if (printer.json) printer.line({ time, ...message });
  else printer.out(`${time}  ${printer.safeLine(logText(message))}`);
}
