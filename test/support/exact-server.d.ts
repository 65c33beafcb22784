export const SCHEMA: string;
export const TOOLS: string;
export const TASK_EXTRA: string;
export interface ExactOptions {
  taskExtra?: string;
  jobResult?: string;
  toolResult?: string;
  /** The HTTP status of an answer that is an error. */
  errorStatus?: number;
}
export function exactAnswers(options?: ExactOptions): (raw: string) => string | undefined;
export function exactHttp(
  asEventStream: boolean,
  options?: ExactOptions,
): Promise<{ url: string; close(): void }>;
