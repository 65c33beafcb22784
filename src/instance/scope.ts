import type { JobStore } from '../jobs/ports.ts';
import type { Requester } from '../permissions/requester.ts';
import type { InstanceSession } from './client.ts';

/** The instance that a command is about. */
export interface InstanceScope extends Requester {
  /** The dealings with its server; nothing is opened before it is needed. */
  session(): Promise<InstanceSession>;
  /** How the person types a command of the instance, for hints: `work jobs wait ID`. */
  command(...words: string[]): string;
}

/** The same with its jobs, beside which definitions are where machines share both. */
export interface StoreScope extends InstanceScope {
  /** What it needs is loaded with the first call of a method. */
  readonly store: JobStore;
}
