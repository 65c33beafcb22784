/** A job server with an instance at it, whose calls can be looked at, awaited, and answered by the test. */
import type { ServerResponse } from 'node:http';
import type { JobRecord } from '../../../src/jobs/record.ts';
import { type Work, workAt } from '../work.ts';
import { type FrontmcpOptions, type FrontmcpServer, frontmcpServer } from './server.ts';

export interface SentCall {
  name: string;
  arguments?: Record<string, unknown>;
  /** Whatever else the request had. */
  [extra: string]: unknown;
}

/** An answer in the server's place: a CallToolResult, or an HTTP status. */
export type FakeAnswer = { result: unknown } | { status: number };

/** What to answer to a call; undefined lets the server answer. `n` counts the calls of this tool from 1. */
export type Falsify = (call: SentCall, n: number) => FakeAnswer | undefined;

export interface JobWork extends Work {
  server: FrontmcpServer;
  /** Calls of this tool, in order of arrival; all of them without a name. */
  sent(tool?: string): SentCall[];
  /** Resolves when the tool has been called for the n-th time (1: the first), counted from the start. */
  called(tool: string, n?: number): Promise<SentCall>;
  /** Answers calls in the server's place, until told otherwise. */
  falsify(answer: Falsify | undefined): void;
  /** `jobs show --json`. */
  shown(id?: string): Promise<JobRecord>;
}

/** The server with instance `work`, in a fresh home. `env` goes to every command. */
export async function jobWork(
  options: FrontmcpOptions = {},
  env: Record<string, string> = {},
): Promise<JobWork> {
  const server = await frontmcpServer({ speed: 20, ...options });
  const calls: SentCall[] = [];
  const waiting = new Set<() => void>();
  let answer: Falsify | undefined;
  const sent = (tool?: string) => calls.filter(({ name }) => tool === undefined || name === tool);
  server.intercept = ({ rpcMethod, body }, response) => {
    if (rpcMethod !== 'tools/call') return false;
    const { id, params } = body as { id: unknown; params: SentCall };
    calls.push(params);
    const fake = answer?.(params, sent(params.name).length);
    if (fake) send(response, id, fake);
    for (const check of [...waiting]) check();
    return fake !== undefined;
  };
  const work = await workAt(server.url, env);
  return {
    ...work,
    server,
    sent,
    called: (tool, n = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const call = sent(tool)[n - 1];
          if (!call) return;
          waiting.delete(check);
          resolve(call);
        };
        waiting.add(check);
        check();
      }),
    falsify(next) {
      answer = next;
    },
    shown: async (id = '--latest') => (await work.json(`jobs show ${id}`)).data,
  };
}

function send(response: ServerResponse, id: unknown, fake: FakeAnswer): void {
  if ('status' in fake) response.writeHead(fake.status).end();
  else
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, result: fake.result }));
}

/** A success as these servers tell it. */
export const success = (value: unknown): FakeAnswer => ({
  result: { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value },
});

/** A failure as these servers tell it. */
export const failure = (code: string, text: string): FakeAnswer => ({
  result: { content: [{ type: 'text', text }], isError: true, _meta: { errorId: 'err_0', code } },
});
