/** What the life of a job has to know of the dialect that drives it. */
import type { BackendName } from './record.ts';

export interface DialectTraits {
  /** `result` is a request that blocks at the server, and may bring questions; otherwise polls tell everything. */
  blocks: boolean;
  /** There is a cancel at all; whether a server has it is another question. */
  cancels: boolean;
  /** A task can be asked about from another session than the one that made it. */
  outlivesSession: boolean;
}

const DIALECTS: Record<BackendName, DialectTraits> = {
  'tasks-2025-11-25': { blocks: true, cancels: true, outlivesSession: false },
  'tasks-2026-07-28': { blocks: false, cancels: true, outlivesSession: false },
  'meta-task': { blocks: true, cancels: true, outlivesSession: false },
  frontmcp: { blocks: false, cancels: false, outlivesSession: true },
  local: { blocks: false, cancels: true, outlivesSession: false },
};

/** A job that nobody has accepted yet is taken for one of the oldest dialect. */
export function dialectOf(backend: BackendName | null): DialectTraits {
  return DIALECTS[backend ?? 'tasks-2025-11-25'];
}
