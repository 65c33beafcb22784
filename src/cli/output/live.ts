import type { Options, Ora } from 'ora';
import type { Live } from '../../calls/call.ts';
import type { Progress } from '../../jobs/record.ts';
import { elapsed } from '../../lib/elapsed.ts';
import { visibleLine } from '../../lib/text/visible.ts';
import { cutColumns } from '../../lib/text/word-wrap.ts';
import type { Printer } from './printer.ts';
import { progressText } from './views/job-view.ts';

/** Columns of the bar: a terminal of 80 has the widest one, a narrow one the least. */
const BAR = { widest: 24, least: 8 };
/** Columns that stand beside the bar at least: the state, the percentage, the time. */
const BESIDE_BAR = 44;

/** The dots that turn, and the space behind them; a line that fills the terminal would be broken by some. */
const SPINNER = 4;

/** Lines of a live table beside its rows: the count, the heading, and the line of the cursor. */
const TABLE_FRAME = 3;

/** How often the time on the line is told anew, in milliseconds. */
const TICK_MS = 1_000;

/** What is told of a job that is watched, beside its state. */
export interface WatchedLine {
  /** When it began, epoch milliseconds; the line counts the time from there. */
  since: number;
  /** What the server says of it. */
  message?: string | undefined;
  /** What stands at the end, where the line is cut first. */
  last: string;
}

export interface WatchedLive extends Live {
  update(text: string, progress: Progress | null, watched?: WatchedLine): void;
}

/** `[######------] 50%`; what was counted where nobody knows of how many. */
function progressBar({ progress: done, total }: Progress, width: number): string {
  if (total === undefined || total <= 0) return String(done);
  const share = Math.min(1, Math.max(0, done / total));
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${Math.round(share * 100)}%`;
}

/** The live line, in at most `width` columns: what matters most comes first. */
export function liveLine(
  text: string,
  progress: Progress | null,
  watched: WatchedLine | undefined,
  width: number,
  now: number,
): string {
  const bar = Math.min(BAR.widest, Math.max(BAR.least, width - BESIDE_BAR));
  const parts = [
    visibleLine(text),
    progress ? progressBar(progress, bar) : '',
    watched ? elapsed(now - watched.since) : '',
    visibleLine(progress?.message ?? watched?.message ?? ''),
    watched?.last ?? '',
  ];
  return cutColumns(parts.filter((part) => part !== '').join(' '), width);
}

/** Nothing is shown: --quiet, and calls of which others tell. */
export const SILENT: WatchedLive = { update() {}, pause() {}, aside: (work) => work(), stop() {} };

/**
 * A spinner with a progress bar on a terminal, otherwise one line per progress report. `immediately` false: nothing shows before the first
 * report, so a call that answers at once prints nothing.
 */
export async function liveProgress(
  printer: Printer,
  color: boolean,
  immediately: boolean,
): Promise<WatchedLive> {
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
    aside: (work) => work(),
    stop() {},
  };
}

function spinnerOptions(color: boolean): Options {
  return {
    text: '',
    stream: process.stderr,
    discardStdin: false,
    ...(color ? {} : { color: false as never }),
  };
}

export interface LiveTable {
  /** Something has changed. */
  draw(): void;
  stop(): void;
}

/** Lines behind a spinner, repainted with every change and every second. `text` is given the columns, and the rows that are left for a table. */
export async function liveTable(
  printer: Printer,
  color: boolean,
  text: (width: number, rows: number) => string,
): Promise<LiveTable> {
  if (printer.quiet || !printer.errTTY || !printer.stderr.columns) return { draw() {}, stop() {} };
  const { default: ora } = await import('ora');
  const running = ora(spinnerOptions(color));
  const draw = () => {
    const { columns = 80, rows = 24 } = process.stderr;
    running.text = text(columns - SPINNER, Math.max(1, rows - TABLE_FRAME));
  };
  draw();
  running.start();
  const ticking = setInterval(draw, TICK_MS).unref();
  return {
    draw,
    stop() {
      clearInterval(ticking);
      running.stop();
    },
  };
}

async function spinner(printer: Printer, color: boolean, immediately: boolean): Promise<WatchedLive> {
  const { default: ora } = await import('ora');
  let running: Ora | undefined;
  let said: Parameters<WatchedLive['update']> = ['', null];
  let ticking: NodeJS.Timeout | undefined;
  let aside = 0;
  let over = false;
  const text = () => {
    const [lead, progress, watched] = said;
    return liveLine(lead, progress, watched, (printer.stderr.columns ?? 80) - SPINNER, Date.now());
  };
  const draw = () => {
    // A store on another machine may have had news to write when the work was over.
    if (aside > 0 || over) return;
    running ??= ora(spinnerOptions(color));
    running.text = text();
    if (!running.isSpinning) running.start();
    // The time goes on while nothing else changes. Nobody stays for it.
    if (said[2] && !ticking) ticking = setInterval(draw, TICK_MS).unref();
  };
  const pause = () => {
    clearInterval(ticking);
    ticking = undefined;
    running?.stop();
  };
  if (immediately) draw();
  return {
    update(...news) {
      said = news;
      draw();
    },
    pause,
    async aside(work) {
      aside += 1;
      pause();
      try {
        return await work();
      } finally {
        aside -= 1;
      }
    },
    stop() {
      over = true;
      pause();
      // Stopped once more, it would write below the answer.
      running = undefined;
    },
  };
}
