/** The tasks of the `_meta.task` dialect: states, and who waits for what. */

import { randomBytes } from 'node:crypto';
import type { CallToolResult, ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { orAborted } from '../lib/stop.ts';
import type { ToolContext, ToolProgress } from './tool.ts';

/** The five states that the dialect has. A task that waits for an answer is running, and its data says so. */
export type MetaTaskStatus = 'queued' | 'running' | 'completed' | 'failed' | 'canceled';

type Question = Parameters<ToolContext['elicit']>[0];
type Answerer = (question: Question, signal: AbortSignal) => Promise<ElicitResult>;

/** One task. Its end is final. */
export class MetaTask {
  readonly id = `task_${randomBytes(9).toString('hex')}`;
  readonly sessionId: string | undefined;
  readonly signal: AbortSignal;
  status: MetaTaskStatus = 'queued';
  result: CallToolResult | undefined;
  readonly #tool: string;
  readonly #run = new AbortController();
  readonly #done: Promise<void>;
  #resolveDone: () => void = () => {};
  #progress: ToolProgress | undefined;
  readonly #answerers = new Set<Answerer>();
  #question: ((answerer: Answerer) => void) | undefined;
  #waitingFor: string | undefined;

  constructor(sessionId: string | undefined, tool: string) {
    this.sessionId = sessionId;
    this.#tool = tool;
    this.signal = this.#run.signal;
    this.#done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  /** What `tasks/get` answers. */
  state(): Record<string, unknown> {
    return {
      task_id: this.id,
      // The reference has no word for it; the one of MCP's tasks tells more than `running` would.
      status: this.#waitingFor === undefined ? this.status : 'input_required',
      data: {
        tool: this.#tool,
        ...this.#progress,
        ...(this.#waitingFor === undefined ? {} : { message: this.#waitingFor }),
      },
    };
  }

  start(): void {
    if (this.status === 'queued') this.status = 'running';
  }

  progress(progress: ToolProgress): void {
    this.#progress = progress;
  }

  end(result: CallToolResult): void {
    this.#finish(result.isError ? 'failed' : 'completed', result);
  }

  /** False when the task had ended already. */
  cancel(): boolean {
    if (!this.#finish('canceled', undefined)) return false;
    this.#run.abort(new Error('The task was cancelled'));
    return true;
  }

  /** Resolves when the task has ended; rejects when the signal is aborted before. */
  ended(signal: AbortSignal): Promise<void> {
    return orAborted(this.#done, signal);
  }

  /**
   * Puts a question to whoever waits for the result, now or later. When that one goes away without an answer, the next one is asked.
   * Rejects when the task is cancelled.
   */
  async ask(question: Question): Promise<ElicitResult> {
    this.#waitingFor = question.message;
    try {
      return await new Promise<ElicitResult>((resolve, reject) => {
        const onAbort = () => reject(this.signal.reason);
        if (this.signal.aborted) return onAbort();
        this.signal.addEventListener('abort', onAbort, { once: true });
        this.#question = (answerer) => {
          // An answerer that failed leaves the question open.
          answerer(question, this.signal).then(resolve, () => {});
        };
        for (const answerer of this.#answerers) this.#question(answerer);
      });
    } finally {
      this.#question = undefined;
      this.#waitingFor = undefined;
    }
  }

  /** Registers one who can be asked. Returns the way to stop. */
  onQuestion(answerer: Answerer): () => void {
    this.#answerers.add(answerer);
    this.#question?.(answerer);
    return () => this.#answerers.delete(answerer);
  }

  #finish(status: MetaTaskStatus, result: CallToolResult | undefined): boolean {
    if (this.status !== 'queued' && this.status !== 'running') return false;
    this.status = status;
    this.result = result;
    this.#resolveDone();
    return true;
  }
}

/** All tasks of a server. */
export class MetaTasks {
  readonly #tasks = new Map<string, MetaTask>();

  create(sessionId: string | undefined, tool: string): MetaTask {
    const task = new MetaTask(sessionId, tool);
    this.#tasks.set(task.id, task);
    return task;
  }

  /** Error: McpError -32602 when there is no such task, or another session made it. */
  find(id: string, sessionId: string | undefined): MetaTask {
    const task = this.#tasks.get(id);
    if (!task || task.sessionId !== sessionId)
      throw new McpError(ErrorCode.InvalidParams, `Unknown task: ${id}`);
    return task;
  }

  /** Ends every run and forgets every task. */
  close(): void {
    for (const task of this.#tasks.values()) task.cancel();
    this.#tasks.clear();
  }
}
