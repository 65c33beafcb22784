/** What a demo tool is. Nothing here knows which task dialect, or which transport, carries the call. */
import type {
  CallToolResult,
  ElicitRequestFormParams,
  ElicitResult,
  Tool,
} from '@modelcontextprotocol/sdk/types.js';

export type Arguments = Record<string, unknown>;

export interface ToolProgress {
  progress: number;
  total: number;
  message: string;
}

/** What a tool may do while it runs; each dialect says how. */
export interface ToolContext {
  /** Aborted when the call or the task is cancelled. */
  readonly signal: AbortSignal;
  /** False when the client said that it cannot put questions to anybody. */
  readonly canElicit: boolean;
  progress(progress: ToolProgress): Promise<void>;
  elicit(question: Pick<ElicitRequestFormParams, 'message' | 'requestedSchema'>): Promise<ElicitResult>;
  /** Waits `seconds` of demo time (the server's `speed` scales it). Rejects when the signal is aborted. */
  sleep(seconds: number): Promise<void>;
}

export interface DemoTool {
  /** What `tools/list` says, in the words of 2025-11-25. */
  definition: Tool;
  /** True: arguments are passed as they came, whatever the schema says. */
  unchecked?: boolean;
  run(args: Arguments, context: ToolContext): CallToolResult | Promise<CallToolResult>;
}

/** The schema of an object. */
export function objectOf<Properties extends object>(required: string[], properties: Properties) {
  return { type: 'object' as const, properties, ...(required.length > 0 ? { required } : {}) };
}

/** A result of one text, with structured content where there is some. */
export function text(message: string, structured?: Record<string, unknown>): CallToolResult {
  return {
    content: [{ type: 'text', text: message }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
  };
}

/** A result that says that the tool failed. */
export function failure(message: string): CallToolResult {
  return { content: [{ type: 'text', text: message }], isError: true };
}

/** Goes through `steps` in `seconds` altogether, reporting each before it begins and the end of the last one. */
export async function runSteps(
  steps: readonly string[],
  seconds: number,
  context: ToolContext,
): Promise<void> {
  const total = steps.length;
  for (const [done, message] of steps.entries()) {
    await context.progress({ progress: done, total, message });
    await context.sleep(seconds / total);
  }
  await context.progress({ progress: total, total, message: 'Done' });
}

/** A number argument, or what it is when left out. */
export function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

/** A string argument, or what it is when left out. */
export function stringOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
