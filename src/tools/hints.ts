import type { ToolDefinition } from './tool.ts';

/**
 * What a tool says of itself in a word or two each: `read-only`, `destructive`, `idempotent` (MCP ToolAnnotations, hints of a stranger), and whether
 * it runs as a task (2025-11-25, `execution.taskSupport`).
 */
export function hintsOf({ annotations, execution }: ToolDefinition): string[] {
  const { readOnlyHint, destructiveHint, idempotentHint } = annotations ?? {};
  const hints: string[] = [];
  if (readOnlyHint === true) hints.push('read-only');
  // Of a tool that only reads the others mean nothing (MCP, ToolAnnotations).
  else {
    if (destructiveHint === true) hints.push('destructive');
    if (idempotentHint === true) hints.push('idempotent');
  }
  const support = execution?.taskSupport;
  if (support === 'required') hints.push('always a task');
  if (support === 'optional') hints.push('may be a task');
  return hints;
}
