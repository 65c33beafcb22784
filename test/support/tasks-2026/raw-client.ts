/** Speaks protocol 2026-07-28 by hand, so that a test can also say what a proper client would not. */
import { TASKS_EXTENSION } from './instance.ts';

export interface Reply {
  /** HTTP status. */
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  result?: any;
  error?: { code: number; message: string; data?: unknown };
}

export interface RawOptions {
  /** Client capabilities of the request; with forms and the extension when left out. */
  capabilities?: Record<string, unknown>;
  /** In addition to the proper ones, or in their place; undefined leaves one out. */
  headers?: Record<string, string | undefined>;
  signal?: AbortSignal;
}

export const WITH_TASKS = { elicitation: { form: {} }, extensions: { [TASKS_EXTENSION]: {} } };

/** The envelope that every request carries. */
export function envelope(capabilities: Record<string, unknown> = WITH_TASKS): Record<string, unknown> {
  return {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
}

/** POSTs one request with the headers that belong to it. */
export function post(
  url: string,
  method: string,
  params: Record<string, unknown>,
  { capabilities, headers = {}, signal }: RawOptions = {},
): Promise<Response> {
  const name = params['taskId'] ?? params['name'];
  const all: Record<string, string | undefined> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': String(name) }),
    ...headers,
  };
  return fetch(url, {
    method: 'POST',
    headers: Object.entries(all).filter((header): header is [string, string] => header[1] !== undefined),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'raw-1',
      method,
      params: { ...params, _meta: envelope(capabilities) },
    }),
    signal: signal ?? null,
  });
}

/** The answer to one request. */
export async function ask(
  url: string,
  method: string,
  params: Record<string, unknown> = {},
  options: RawOptions = {},
): Promise<Reply> {
  const response = await post(url, method, params, options);
  const { result, error } = (await response.json()) as Reply;
  return { status: response.status, ...(error ? { error } : { result }) };
}

/** The answer to a call of a tool; `more` is for members of its params beside name and arguments. */
export function call(url: string, name: string, args: object = {}, more: object = {}): Promise<Reply> {
  return ask(url, 'tools/call', { name, arguments: args, ...more });
}

/** The id of the task that a call becomes. Error: when it becomes none. */
export async function started(url: string, name: string, args: object = {}): Promise<string> {
  const reply = await call(url, name, args);
  if (reply.result?.resultType !== 'task') throw new Error(`no task: ${JSON.stringify(reply)}`);
  return reply.result.taskId;
}

/** What `tasks/get` says as soon as it says this status. Error: when the task ends otherwise, or is not known. */
export async function until(url: string, taskId: string, status: string): Promise<Reply['result']> {
  for (;;) {
    const { result, error } = await ask(url, 'tasks/get', { taskId });
    if (error) throw new Error(error.message);
    if (result.status === status) return result;
    if (!['working', 'input_required'].includes(result.status)) throw new Error(`it is ${result.status}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The messages of an event stream, as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<Record<string, unknown>> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as Record<string, unknown>;
    }
  }
}
