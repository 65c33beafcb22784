/** The tasks of the fixture server: their states as the wire shows them, who asks what inside one, and who wants to hear of changes. */
import { randomBytes } from 'node:crypto';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Answers, InputRequest, Questions } from './input.ts';
import { badAnswer } from './input.ts';

/** What `tasks/get` and `notifications/tasks` say, `resultType` left out. */
export type DetailedTask = Record<string, unknown> & { taskId: string; status: TaskStatus };
export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

export interface TaskTimes {
  /** Milliseconds from its creation that a task is kept; null keeps it for ever. */
  ttlMs: number | null;
  pollIntervalMs: number;
}

interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

type TaskEnd =
  | { status: 'completed'; result: object }
  | { status: 'failed'; error: RpcError }
  | { status: 'cancelled' };

interface Outstanding {
  request: InputRequest;
  answer(response: Record<string, unknown>): void;
}

/** One task. Its end is final. */
export class Task {
  readonly id = `task_${randomBytes(16).toString('hex')}`;
  readonly signal: AbortSignal;
  readonly #times: TaskTimes;
  readonly #changed: (task: Task) => void;
  readonly #run = new AbortController();
  readonly #created = Date.now();
  readonly #outstanding = new Map<string, Outstanding>();
  readonly #keys = new Set<string>();
  #updated = this.#created;
  #message: string | undefined;
  #stubborn = false;
  #end: TaskEnd | undefined;

  constructor(times: TaskTimes, changed: (task: Task) => void) {
    this.#times = times;
    this.#changed = changed;
    this.signal = this.#run.signal;
  }

  get expired(): boolean {
    return this.#times.ttlMs !== null && Date.now() >= this.#created + this.#times.ttlMs;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** The fields that CreateTaskResult has: the state without result, error and questions. */
  seed(): DetailedTask {
    return {
      taskId: this.id,
      status: this.#end?.status ?? (this.#outstanding.size > 0 ? 'input_required' : 'working'),
      ...(this.#message === undefined ? {} : { statusMessage: this.#message }),
      createdAt: new Date(this.#created).toISOString(),
      lastUpdatedAt: new Date(this.#updated).toISOString(),
      ...this.#times,
    };
  }

  detailed(): DetailedTask {
    const state = this.seed();
    if (this.#end) return { ...state, ...this.#end };
    if (this.#outstanding.size === 0) return state;
    const inputRequests = Object.fromEntries(
      [...this.#outstanding].map(([key, { request }]) => [key, request]),
    );
    return { ...state, inputRequests };
  }

  say(message: string): void {
    if (this.#end) return;
    this.#message = message;
    this.#touch();
  }

  complete(result: object): void {
    this.#finish({ status: 'completed', result });
  }

  fail(error: RpcError): void {
    this.#message = error.message;
    this.#finish({ status: 'failed', error });
  }

  /** From now on a cancellation changes nothing. */
  ignoreCancellation(): void {
    this.#stubborn = true;
  }

  /** False when that changes nothing: the task had ended already, or does not care. */
  cancel(): boolean {
    if (this.#stubborn || !this.#finish({ status: 'cancelled' })) return false;
    this.#run.abort(new Error('The task was cancelled'));
    return true;
  }

  /** Stops the run of a task that nobody can ask for any more. */
  drop(): void {
    this.#run.abort(new Error('The task was forgotten'));
  }

  /** Puts questions, all at once, and resolves when each has its answer. Rejects when the task is cancelled. */
  async ask(questions: Questions): Promise<Answers> {
    this.signal.throwIfAborted();
    const answers: Answers = {};
    await new Promise<void>((resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true });
      let left = Object.keys(questions).length;
      for (const [name, request] of Object.entries(questions))
        this.#outstanding.set(this.#newKey(name), {
          request,
          answer(response) {
            answers[name] = response;
            left -= 1;
            if (left === 0) resolve();
          },
        });
      this.#message = 'Waiting for answers';
      this.#touch();
    });
    return answers;
  }

  /** Takes answers; keys that nobody waits for are ignored. Error: ProtocolError -32602 when one does not fit its question; then none is taken. */
  update(responses: Record<string, unknown>, malformed: readonly string[]): void {
    const fitting: [string, Outstanding, Record<string, unknown>][] = [];
    for (const [key, one] of this.#outstanding) {
      if (!malformed.includes(key) && !Object.hasOwn(responses, key)) continue;
      const response = responses[key];
      const problem = malformed.includes(key) ? 'must be the bare result' : badAnswer(one.request, response);
      if (problem !== undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `inputResponses.${key} ${problem}`);
      fitting.push([key, one, response as Record<string, unknown>]);
    }
    if (fitting.length === 0) return;
    for (const [key, { answer }, response] of fitting) {
      this.#outstanding.delete(key);
      answer(response);
    }
    if (this.#outstanding.size === 0) this.#message = 'Answered';
    this.#touch();
  }

  /** A key means one question for as long as the task lives. */
  #newKey(name: string): string {
    let key = name;
    for (let n = 2; this.#keys.has(key); n++) key = `${name}-${n}`;
    this.#keys.add(key);
    return key;
  }

  #finish(end: TaskEnd): boolean {
    if (this.#end || this.signal.aborted) return false;
    this.#end = end;
    this.#outstanding.clear();
    this.#touch();
    return true;
  }

  #touch(): void {
    this.#updated = Date.now();
    this.#changed(this);
  }
}

/** All tasks of a server. They belong to nobody: whoever knows the id may ask. */
export class Tasks {
  readonly #tasks = new Map<string, Task>();
  readonly #listeners = new Set<(task: Task) => void>();
  readonly #times: TaskTimes;

  constructor(times: TaskTimes) {
    this.#times = times;
  }

  create(): Task {
    const task = new Task(this.#times, (changed) => {
      for (const listener of this.#listeners) listener(changed);
    });
    this.#tasks.set(task.id, task);
    return task;
  }

  has(id: string): boolean {
    return this.#tasks.get(id)?.expired === false;
  }

  /** Error: ProtocolError -32602 when the task was never there, is forgotten, or has outlived its ttl. */
  find(id: string): Task {
    const task = this.#tasks.get(id);
    if (!task) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Task not found');
    if (!task.expired) return task;
    task.drop();
    this.#tasks.delete(id);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Task has expired');
  }

  /** Calls back at every change of every task. Returns the way to stop. */
  onChange(listener: (task: Task) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops every run and forgets every task, as a restart would. Returns how many there were. */
  forget(): number {
    const count = this.#tasks.size;
    for (const task of this.#tasks.values()) task.drop();
    this.#tasks.clear();
    return count;
  }
}
