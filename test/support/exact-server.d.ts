export const SCHEMA: string;
export const TOOLS: string;
export const TASK_EXTRA: string;
export function exactAnswers(): (raw: string) => string | undefined;
export function exactHttp(asEventStream: boolean): Promise<{ url: string; close(): void }>;
