/** What both dialects have in common: the tools, the check of their arguments, demo time, and what was counted. */
import type { CallToolResult, ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { PLAIN_TOOLS } from './plain-tools.ts';
import type { Arguments, DemoTool, ToolContext } from './tool.ts';
import { failure } from './tool.ts';
import { WORK_TOOLS } from './work-tools.ts';

/** What the server has seen since it was started. Counts only ever grow. */
export interface DemoStats {
  /** Sessions opened by `initialize`. */
  sessions: number;
  /** Sessions ended by DELETE. */
  sessionsEnded: number;
  /** JSON-RPC requests and notifications by method, answers left out. */
  requests: Record<string, number>;
  /** `tools/call` by tool, as calls and as tasks together. */
  calls: Record<string, number>;
  /** Plain calls that were cancelled by `notifications/cancelled` (or by the server's end) while they ran. */
  cancelledCalls: number;
  tasksCreated: number;
  /** Tasks that were cancelled by `tasks/cancel` while they ran. */
  cancelledTasks: number;
}

export interface ServiceOptions {
  /** 2 is twice as fast. */
  speed: number;
  /** Milliseconds between polls that tasks hint at. */
  pollIntervalMs: number;
}

/** A tool together with arguments that fit it. */
export interface PreparedCall {
  tool: DemoTool;
  args: Arguments;
}

export const TOOLS: readonly DemoTool[] = [...WORK_TOOLS, ...PLAIN_TOOLS];

/** A question may wait for its answer as long as a day: a person answers it. The SDK's own limit is a minute. */
export const ANSWER_TIMEOUT_MS = 24 * 60 * 60 * 1000;

export class DemoService {
  readonly options: ServiceOptions;
  readonly stats: DemoStats = {
    sessions: 0,
    sessionsEnded: 0,
    requests: {},
    calls: {},
    cancelledCalls: 0,
    tasksCreated: 0,
    cancelledTasks: 0,
  };
  readonly #validator = new AjvJsonSchemaValidator();
  readonly #byName = new Map(TOOLS.map((tool) => [tool.definition.name, tool]));

  constructor(options: ServiceOptions) {
    this.options = options;
  }

  /** Finds the tool and checks its arguments. Error: McpError -32602 for an unknown tool and for arguments that do not fit. */
  prepare(name: string, args: Arguments): PreparedCall {
    count(this.stats.calls, name);
    const tool = this.#byName.get(name);
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${name}`);
    if (!tool.unchecked) {
      // Zod's type of a JSON Schema and the validator's differ in nothing that is used here.
      const schema = tool.definition.inputSchema as Parameters<AjvJsonSchemaValidator['getValidator']>[0];
      const verdict = this.#validator.getValidator(schema)(args);
      if (!verdict.valid)
        throw new McpError(ErrorCode.InvalidParams, `Invalid arguments for ${name}: ${verdict.errorMessage}`);
    }
    return { tool, args };
  }

  /**
   * Runs a tool. What goes wrong inside is a result with `isError`, as a person would want to read it; JSON-RPC errors that a tool
   * throws on purpose and a cancellation go through.
   */
  async run({ tool, args }: PreparedCall, context: Omit<ToolContext, 'sleep'>): Promise<CallToolResult> {
    try {
      return await tool.run(args, {
        ...context,
        sleep: (seconds) => sleep((seconds * 1000) / this.options.speed, context.signal),
      });
    } catch (error) {
      if (context.signal.aborted || error instanceof McpError) throw error;
      return failure(
        `${tool.definition.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

export function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Whether a client that declared these capabilities can be asked with a form. */
export function canElicit(capabilities: ClientCapabilities | undefined): boolean {
  const elicitation = capabilities?.elicitation;
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/** Resolves after `ms`; rejects with the signal's reason when aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
