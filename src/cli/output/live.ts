import type { Ora } from 'ora';
import type { Live } from '../../calls/call.ts';
import type { Progress } from '../../jobs/record.ts';
import { visibleLine } from '../../lib/visible.ts';
import { progressText } from './job-view.ts';
import type { Printer } from './printer.ts';

const BAR_WIDTH = 24;

/** `[######------] 50% message` */
function progressBar(progress: Progress): string {
  const { progress: done, total } = progress;
  if (total === undefined || total <= 0) return progressText(progress);
  const share = Math.min(1, Math.max(0, done / total));
  const filled = Math.round(share * BAR_WIDTH);
  const message = progress.message ? ` ${visibleLine(progress.message)}` : '';
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${Math.round(share * 100)}%${message}`;
}

/** Nothing is shown: --quiet, and calls of which others tell. */
export const SILENT: Live = { update() {}, pause() {}, stop() {} };

/**
 * A spinner with a progress bar on a terminal, otherwise one line per progress report. `immediately` false: nothing shows before the first
 * report, so a call that answers at once prints nothing.
 */
export async function liveProgress(printer: Printer, color: boolean, immediately: boolean): Promise<Live> {
  if (printer.quiet) return SILENT;
  // A terminal without a width (some pseudo-terminals) cannot be repainted.
  if (!printer.errTTY || !printer.stderr.columns) return lines(printer);
  return spinner(printer, color, immediately);
}

function lines(printer: Printer): Live {
  let last = '';
  return {
    update(_text, progress) {
      if (progress === null) return;
      const line = `progress: ${progressText(progress)}`;
      if (line !== last) printer.note(line);
      last = line;
    },
    pause() {},
    stop() {},
  };
}

async function spinner(printer: Printer, color: boolean, immediately: boolean): Promise<Live> {
  const { default: ora } = await import('ora');
  let running: Ora | undefined;
  const start = (text: string) => {
    running ??= ora({
      text,
      stream: process.stderr,
      discardStdin: false,
      ...(color ? {} : { color: false as never }),
    });
    const width = (printer.stderr.columns ?? 80) - 4;
    running.text = text.length > width ? `${text.slice(0, Math.max(0, width - 3))}...` : text;
    if (!running.isSpinning) running.start();
  };
  if (immediately) start('');
  return {
    update(text, progress) {
      start(
        [visibleLine(text), progress ? progressBar(progress) : ''].filter((part) => part !== '').join(' '),
      );
    },
    pause() {
      running?.stop();
    },
    stop() {
      running?.stop();
      running = undefined;
    },
  };
}
