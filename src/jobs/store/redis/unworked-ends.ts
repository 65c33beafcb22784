/** Ends of jobs that no worker brings about, as they are stored. */
import { canceled, lost } from '../../job-end.ts';
import { jsonText } from './layout.ts';

const WALL_CLOCK = { now: () => new Date() };

/** Of a job that is cancelled before a worker has it. */
export function notBegun(): string {
  return jsonText(canceled('cancelled before a worker had begun it', WALL_CLOCK));
}

/** Of a job whose worker is gone. */
export function workerGone(): string {
  return jsonText(lost('worker_gone', 'the worker that ran it is gone; its outcome is unknown', WALL_CLOCK));
}
