/** The door to the permissions of an instance. Most instances have none: then nothing is read and nothing loaded. */
import type { PermissionAction } from '../config/settings/permission-settings.ts';
import type { Answerer, JobStore } from '../jobs/ports.ts';
import { namesOfJob } from './known-names.ts';
import type { Requester } from './requester.ts';

const load = () => import('./check.ts');

/**
 * Returns when the instance's rules let something happen, before anything is sent. `tool`: the tool, or the name of the definition, that it
 * is about; without one (a list as a whole) only rules for all tools count. `args` are for commands that decide: secrets redacted. Errors:
 * PermissionError, and the refusal is recorded; ConfigError for rules that are damaged; the signal's reason.
 */
export async function permit(
  requester: Requester,
  action: PermissionAction,
  tool?: string,
  args?: Record<string, unknown>,
): Promise<void> {
  if (requester.instance.access) await (await load()).check(requester, action, tool, args);
}

/** `permit` for something of several names (known-names.ts), each of which a rule may be about. */
export async function permitAll(
  requester: Requester,
  action: PermissionAction,
  names: Iterable<string>,
  args?: Record<string, unknown>,
): Promise<void> {
  if (!requester.instance.access) return;
  for (const name of names) await permit(requester, action, name, args);
}

/** `permit` for jobs, each by its tool and arguments. Errors: as there, and those of reading a record. */
export async function permitJobs(
  requester: Requester,
  action: 'read' | 'update' | 'delete',
  store: JobStore,
  ids: readonly string[],
): Promise<void> {
  if (!requester.instance.access) return;
  for (const id of ids) {
    const job = await store.read(id);
    await permitAll(requester, action, namesOfJob(job), job.arguments);
  }
}

/**
 * The items that may be in a list: those that no rule for certain tools refuses by any of their names (known-names.ts). The rules for all tools
 * are for `permit(requester, 'list')` before it. Nothing is recorded. A rule's command is run once for the whole list, without a tool. Errors:
 * ConfigError, the signal's reason.
 */
export async function permittedItems<T>(
  requester: Requester,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
): Promise<readonly T[]> {
  if (!requester.instance.access) return items;
  return (await load()).itemsThatPass(requester, items, namesOf);
}

/** The items that a message may name, a suggestion or a choice: those that a list of theirs would have. Nothing is refused or recorded. */
export async function nameableItems<T>(
  requester: Requester,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
): Promise<readonly T[]> {
  if (!requester.instance.access || items.length === 0) return items;
  return (await load()).itemsThatPass(requester, items, namesOf, { whole: true });
}

/**
 * Somebody to ask about a job, as far as the rules let its user update it: an answer is an update, wherever it comes from. Otherwise the
 * question is left to somebody else.
 */
export function permittedAnswerer(
  requester: Requester,
  store: JobStore,
  id: string,
  ask: Answerer | undefined,
): Answerer | undefined {
  if (!ask || !requester.instance.access) return ask;
  return async (question, signal) =>
    (await (await load()).passes(requester, () => permitJobs(requester, 'update', store, [id])))
      ? ask(question, signal)
      : undefined;
}
