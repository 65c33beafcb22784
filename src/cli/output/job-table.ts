/** The list of jobs on a terminal: as many columns as fit, each as wide as it may be. */
import { isTerminal, type JobRecord, type JobStatus } from '../../jobs/record.ts';
import { elapsed } from '../../lib/elapsed.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { age } from '../../lib/text/age.ts';
import { visibleLine, visibleName } from '../../lib/text/visible.ts';
import { columns, cutColumns } from '../../lib/text/word-wrap.ts';
import type { Palette } from './palette.ts';
import { GAP, table } from './table.ts';

export interface JobTableOptions {
  palette: Palette;
  now: Date;
  /** Columns of the terminal; undefined: everything, however wide. */
  width: number | undefined;
  /** Jobs whose state is told with its age, by their ids. */
  stale?: ReadonlySet<string> | undefined;
  /** The ids of all jobs that an id may be mistaken for: where room is short, as much of its end is shown as tells it from those. */
  known: () => readonly string[];
  /** Jobs are of several instances, and each row says of which. */
  instances?: boolean;
}

type Name = 'INSTANCE' | 'JOB' | 'TOOL' | 'STATUS' | 'DONE' | 'TOOK' | 'CREATED' | 'TASK' | 'ARGUMENTS';

interface Layout {
  ids: 'full' | 'short';
  /** The widest that names of tools and instances may be. */
  names: number;
  /** The least width that arguments get; undefined leaves them out. */
  args?: number;
  without?: readonly Name[];
}

/** From the best to what fits almost anywhere. The state and how far a job is are kept longest. */
const LAYOUTS: readonly Layout[] = [
  { ids: 'full', names: 32, args: 24 },
  { ids: 'short', names: 32, args: 20 },
  { ids: 'short', names: 20, args: 14 },
  { ids: 'short', names: 12, args: 10 },
  { ids: 'short', names: 20 },
  { ids: 'short', names: 12 },
  { ids: 'short', names: 12, without: ['CREATED'] },
  { ids: 'short', names: 12, without: ['CREATED', 'TOOK'] },
  { ids: 'short', names: 8, without: ['CREATED', 'TOOK'] },
  { ids: 'short', names: 8, without: ['CREATED', 'TOOK', 'DONE'] },
];

const FULL: Layout = { ids: 'full', names: Number.POSITIVE_INFINITY, args: 0 };

/** Characters of the end of an id that tell it from a few others. */
const SHORT_ID = 6;

/** A row for each job under a heading. */
export function jobTable(jobs: readonly JobRecord[], options: JobTableOptions): string {
  const { width } = options;
  const shown = jobs.map((job) => cellsOf(job, options));
  const short = width === undefined ? 0 : SHORT_ID;
  const sizes = short === 0 ? 0 : shortIdLength(options.known());
  const columnsOf = (layout: Layout) => {
    const ids = shown.map(({ JOB }) => (layout.ids === 'full' ? JOB : JOB.slice(-sizes)));
    return NAMES.flatMap((name): [Name, string[]][] => {
      if (layout.without?.includes(name) || (name === 'INSTANCE' && !options.instances)) return [];
      if (name === 'TASK' && width !== undefined) return [];
      const cells = name === 'JOB' ? ids : shown.map((row) => row[name]);
      // A column of nothing says nothing.
      if (cells.every((cell) => cell === '')) return [];
      return [[name, LIMITED.has(name) ? cells.map((cell) => cutColumns(cell, layout.names)) : cells]];
    });
  };
  const layout =
    width === undefined
      ? FULL
      : (LAYOUTS.find((one) => roomForArguments(columnsOf(one), width) >= leastArguments(one, shown)) ??
        LAYOUTS.at(-1) ??
        FULL);
  const chosen = columnsOf(layout);
  const room = width === undefined ? Number.POSITIVE_INFINITY : roomForArguments(chosen, width);
  if (layout.args !== undefined && shown.some((row) => row.ARGUMENTS !== ''))
    chosen.push(['ARGUMENTS', shown.map((row) => cutColumns(row.ARGUMENTS, room))]);
  const at = chosen.findIndex(([name]) => name === 'STATUS');
  return table(
    chosen.map(([name]) => name),
    shown.map((_, row) => chosen.map(([, cells]) => cells[row] ?? '')),
    options.palette,
    (cell, row, column) => (column === at ? statusColor(jobs[row]?.status, options.palette)(cell) : cell),
  );
}

/** All but the arguments, which get what the others leave. */
const NAMES: readonly Name[] = ['INSTANCE', 'JOB', 'TOOL', 'STATUS', 'DONE', 'TOOK', 'CREATED', 'TASK'];
const LIMITED: ReadonlySet<Name> = new Set(['INSTANCE', 'TOOL']);

function cellsOf(job: JobRecord, { now, stale }: JobTableOptions): Record<Name, string> {
  const live = !isTerminal(job.status);
  const end = job.finished_at === null ? now.getTime() : Date.parse(job.finished_at);
  return {
    INSTANCE: visibleName(job.instance),
    JOB: job.job_id,
    TOOL: visibleName(job.capability),
    STATUS: live && stale?.has(job.job_id) ? `${job.status}, ${age(job.observed_at, now)}` : job.status,
    DONE: live ? share(job) : '',
    TOOK: elapsed(end - Date.parse(job.created_at)),
    CREATED: age(job.created_at, now),
    TASK: visibleLine(job.remote_task_id ?? '-'),
    ARGUMENTS: argumentsText(job.arguments),
  };
}

/** `50%`, or what was counted where nobody knows of how many. */
function share({ progress }: JobRecord): string {
  if (progress === null) return '';
  const { progress: done, total } = progress;
  return total !== undefined && total > 0 ? `${Math.round((done / total) * 100)}%` : String(done);
}

/** `version=2.0 force=true`: as `jobs define --arg` takes them, but for the quotes. */
function argumentsText(args: Record<string, unknown>): string {
  const pairs = Object.entries(args).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : (stringifyJson(value) ?? '')}`,
  );
  return visibleLine(pairs.join(' '));
}

/** The columns that are left beside the others. */
function roomForArguments(chosen: readonly [Name, string[]][], width: number): number {
  const used = chosen.map(([name, cells]) =>
    cells.reduce((widest, cell) => Math.max(widest, columns(cell)), name.length),
  );
  return width - used.reduce((sum, one) => sum + one + GAP, 0);
}

/** What a layout must leave for the arguments; -GAP: nothing, nor the gap before them. */
function leastArguments({ args }: Layout, rows: readonly Record<Name, string>[]): number {
  const widest = rows.reduce((most, row) => Math.max(most, columns(row.ARGUMENTS)), 0);
  if (args === undefined || widest === 0) return -GAP;
  return Math.max('ARGUMENTS'.length, Math.min(args, widest));
}

/** How many characters of the ends of all these ids tell them apart. */
function shortIdLength(ids: readonly string[]): number {
  const longest = ids.reduce((most, id) => Math.max(most, id.length), SHORT_ID);
  let length = SHORT_ID;
  while (length < longest && new Set(ids.map((id) => id.slice(-length))).size < ids.length) length += 2;
  return length;
}

function statusColor(status: JobStatus | undefined, palette: Palette): (text: string) => string {
  if (status === 'completed') return palette.green;
  if (status === 'failed' || status === 'lost') return palette.red;
  if (status === 'input_required' || status === 'canceled') return palette.yellow;
  return palette.cyan;
}
