/** What a tool of the fixture server is: one of the demo's, or one that can ask more. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Arguments, DemoTool, ToolContext } from '../../../src/demo/tool.ts';
import type { Answers, Questions } from './input.ts';

export interface TaskToolContext extends ToolContext {
  /** Puts questions to the client, all at once; resolves when each is answered. */
  ask(questions: Questions): Promise<Answers>;
  /** Answers that `before` got. */
  readonly given: Answers;
  /** Runs on after a cancellation: what the tool returns is the end of the task. */
  ignoreCancellation(): void;
}

/**
 * `definition.execution.taskSupport` decides as in 2025-11-25: `required` is always a task, `optional` is one when the client can have it,
 * and without it the answer is a plain result. It is not told on the wire.
 */
export interface TaskTool extends Omit<DemoTool, 'run'> {
  /** Asks before there is a task. A result ends the call; undefined lets it go on. */
  before?(args: Arguments, ask: TaskToolContext['ask']): Promise<CallToolResult | undefined>;
  run(args: Arguments, context: TaskToolContext): CallToolResult | Promise<CallToolResult>;
}
