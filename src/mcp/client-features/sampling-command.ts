import { parseJson } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { runCommand } from '../../lib/process/run-command.ts';

/** The most that is read of a command's answer, in bytes. */
const MAX_ANSWER = 16 * 1024 * 1024;

export interface SamplingOptions {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborting ends the command, politely and then surely. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs the command that answers sampling/createMessage, without a shell: the request's params go to its stdin as JSON, its stdout must be a
 * CreateMessageResult (MCP 2025-11-25, client/sampling). Errors: one that says what went wrong, with the last line of its stderr; the
 * signal's reason.
 */
export async function runSampling(
  command: { command: string; args: readonly string[] },
  params: JsonObject,
  { env, cwd, signal }: SamplingOptions,
): Promise<JsonObject> {
  const { stdout, complete, problem, stderr } = await runCommand(command, params, {
    env,
    cwd,
    signal,
    maxAnswer: MAX_ANSWER,
  });
  if (!complete) throw new Error('the sampling command answered more than 16 MiB');
  if (problem !== undefined)
    throw new Error(`the sampling command ${problem}${stderr.last === '' ? '' : `: ${stderr.last}`}`);
  return readMessage(stdout);
}

/** The command's answer, checked as far as a server would. */
function readMessage(stdout: string): JsonObject {
  const bad = (what: string) => new Error(`the sampling command's answer is no CreateMessageResult: ${what}`);
  let value: unknown;
  try {
    value = parseJson(stdout);
  } catch {
    throw bad(stdout.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
  if (!isObject(value)) throw bad('it is not an object');
  const { role, model, content } = value;
  if (role !== 'assistant' && role !== 'user') throw bad('role must be "assistant"');
  if (typeof model !== 'string') throw bad('model must be a text');
  const blocks = Array.isArray(content) ? content : [content];
  if (blocks.length === 0 || !blocks.every(isBlock))
    throw bad('content must be like {"type": "text", "text": "..."}');
  return value;
}

function isBlock(block: unknown): boolean {
  if (!isObject(block) || typeof block['type'] !== 'string') return false;
  if (block['type'] === 'text') return typeof block['text'] === 'string';
  if (block['type'] === 'image' || block['type'] === 'audio')
    return typeof block['data'] === 'string' && typeof block['mimeType'] === 'string';
  return true;
}
