/** Failures as the server tells them: results with `isError`, never errors of JSON-RPC. */
import { randomBytes } from 'node:crypto';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';

export type FailureCode = 'TOOL_NOT_FOUND' | 'INVALID_INPUT' | 'SERVER_ERROR' | 'TOOL_EXECUTION_ERROR';

/** The first two say in production what they say elsewhere; of the others only an id is left. */
const PUBLIC: readonly FailureCode[] = ['TOOL_NOT_FOUND', 'INVALID_INPUT'];

export class ToolFailure extends Error {
  readonly code: FailureCode;
  readonly origin: Error | undefined;

  constructor(code: FailureCode, message: string, origin?: Error) {
    super(message);
    this.code = code;
    this.origin = origin;
  }

  toResult(production: boolean): CallToolResult {
    const errorId = `err_${randomBytes(8).toString('hex')}`;
    const timestamp = new Date().toISOString();
    return {
      content: [{ type: 'text', text: this.#text(production, errorId) }],
      isError: true,
      _meta: { errorId, code: this.code, timestamp, ...(production ? {} : { stack: this.stack }) },
    };
  }

  #text(production: boolean, errorId: string): string {
    if (PUBLIC.includes(this.code)) return this.message;
    if (production) return `Internal FrontMCP error. Please contact support with error ID: ${errorId}`;
    return this.origin ? `${this.message}\n\nOriginal error:\n${this.origin.stack}` : this.message;
  }
}

/** What a tool says when it cannot do what it was asked for. */
export function refusal(message: string): ToolFailure {
  return new ToolFailure('SERVER_ERROR', message, new Error(message));
}

/** Arguments that do not fit the tool. The input of a job is another matter: it makes the run fail. */
export function invalidArguments({ issues }: z.ZodError): ToolFailure {
  return new ToolFailure('INVALID_INPUT', `Invalid tool input\nDetails: ${JSON.stringify(issues, null, 2)}`);
}

/** What was thrown while the tool ran: above all, the failure of a job that was run inline. */
export function crash(tool: string, thrown: unknown): ToolFailure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new ToolFailure('TOOL_EXECUTION_ERROR', `Tool "${tool}" execution failed: ${error.message}`, error);
}
