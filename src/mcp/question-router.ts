import type { LinkEvents } from '../jobs/ports.ts';
import type { PendingInput } from '../jobs/record.ts';
import { isObject, type JsonObject } from '../lib/json/json.ts';
import type { Channel, ServerRequest } from './connection/channel.ts';
import { stringAt } from './dialects/wire.ts';

/** Names the task that a message belongs to (MCP 2025-11-25, tasks, "Related Task Metadata"). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** How many questions may be open on one connection; a server that floods is refused further ones. */
const MOST_OPEN = 100;

const TOO_MANY = { code: -32000, message: 'too many questions are open' };

/** A piece of work on a connection. */
export interface Participant {
  /** The tasks that it has to do with. */
  readonly tasks: Set<unknown>;
  /** How many of its calls are under way. */
  calls: number;
  /** Questions stay with it until somebody answers, rather than end it. */
  keeps: boolean;
  events: LinkEvents;
}

interface Open {
  question: PendingInput;
  /** Whose question it may be. */
  candidates: Set<Participant>;
  /** It names its task. */
  related: boolean;
}

const routers = new WeakMap<Channel, QuestionRouter>();

/** The router of a connection: one for all that goes on there. */
export function questionRouter(channel: Channel, now: () => Date): QuestionRouter {
  const known = routers.get(channel);
  if (known) return known;
  const router = new QuestionRouter(channel, now);
  routers.set(channel, router);
  return router;
}

/**
 * Finds out whose a server's question is. One that names a task is that task's; one that does not is for a call (MCP 2025-11-25: what belongs to
 * a task must say so). With several calls under way it may be for any of them: then it is marked as shared, so that no policy answers it and
 * nothing is ended for want of an answer; a person may answer it for either, and when only one is left it is certainly that one's.
 */
class QuestionRouter {
  readonly #channel: Channel;
  readonly #now: () => Date;
  readonly #participants = new Set<Participant>();
  readonly #open = new Map<string | number, Open>();

  constructor(channel: Channel, now: () => Date) {
    this.#channel = channel;
    this.#now = now;
    channel.onServerRequest((request) => this.#route(request));
    channel.onNotification((method, params) => {
      if (method === 'notifications/cancelled') this.#withdraw(params['requestId'] as string | number);
    });
  }

  join(worker: Participant): void {
    this.#participants.add(worker);
  }

  leave(worker: Participant): void {
    this.#participants.delete(worker);
    for (const [id, open] of this.#open) this.#without(id, open, worker);
  }

  /** A call has ended: what is still asked is not for it. */
  callEnded(worker: Participant): void {
    if (worker.calls > 0) return;
    for (const [id, open] of this.#open) if (!open.related) this.#without(id, open, worker);
  }

  /** Answers a question, for whichever work; the others hear that it is no longer open. */
  async respond(id: string | number, result: JsonObject): Promise<void> {
    await this.#channel.respond(id, result);
    this.#withdraw(id);
  }

  #route(request: ServerRequest): boolean {
    if (request.method !== 'elicitation/create') return false;
    const related = relatedTask(request);
    const candidates = this.#whose(related);
    if (candidates.length === 0) return false;
    if (this.#open.size >= MOST_OPEN) {
      this.#channel.refuse(request.id, TOO_MANY).catch(() => {});
      return true;
    }
    const { id, method, params } = request;
    const question = { request_id: id, method, params, received_at: this.#now().toISOString() };
    const open = { question, candidates: new Set(candidates), related: related !== undefined };
    this.#open.set(id, open);
    tell(open);
    return true;
  }

  #whose(related: string | undefined): Participant[] {
    const takers = [...this.#participants].filter(({ events }) => events.onQuestion);
    if (this.#participants.size === 1) return takers;
    if (related !== undefined) return takers.filter(({ tasks }) => tasks.has(related));
    const callers = takers.filter(({ calls }) => calls > 0);
    return callers.length > 0 ? callers : takers.filter(({ tasks }) => tasks.size > 0);
  }

  #without(id: string | number, open: Open, worker: Participant): void {
    if (!open.candidates.delete(worker)) return;
    if (open.candidates.size === 0) this.#open.delete(id);
    else if (open.candidates.size === 1) tell(open);
  }

  #withdraw(id: string | number): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    for (const { events } of open?.candidates ?? []) events.onWithdrawn?.(id);
  }
}

function tell({ question, candidates }: Open): void {
  const shared = candidates.size > 1 && [...candidates].some(({ keeps }) => keeps);
  for (const { events } of candidates) events.onQuestion?.(shared ? { ...question, shared: true } : question);
}

function relatedTask({ params }: ServerRequest): string | undefined {
  const meta = isObject(params['_meta']) ? params['_meta'][RELATED_TASK] : undefined;
  return isObject(meta) ? stringAt(meta, 'taskId') : undefined;
}

export type { QuestionRouter };
