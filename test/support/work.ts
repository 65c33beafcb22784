/** A fresh home with one instance, `work`, and short ways to run commands on it. */
import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type { DemoServer, DemoServerOptions } from '../../src/demo/server.ts';
import type { JobRecord } from '../../src/jobs/record.ts';
import { type Handle, type RunResult, run, type StartOptions, start } from './cli.ts';
import { freshHome } from './home.ts';
import { demoServer } from './servers.ts';
import { type Tasks2026Options, type Tasks2026Server, tasks2026Server } from './tasks-2026/server.ts';

type Options = Partial<StartOptions>;

export interface Work {
  home: string;
  /** Runs `work WORDS` to its end. */
  run(words: string, options?: Options): Promise<RunResult>;
  /** Starts `work WORDS`. */
  start(words: string, options?: Options): Handle;
  /** Runs `work --json WORDS`, which must end with code 0, and parses its one document. */
  // biome-ignore lint/suspicious/noExplicitAny: documents are looked at field by field, and a wrong path fails the test
  json(words: string): Promise<any>;
  /** Runs `work WORDS --background --quiet` and returns the job's id. */
  submit(words: string): Promise<string>;
  /** What is stored about a job; no network. */
  stored(id: string): Promise<JobRecord>;
}

/** Makes a home with instance `work` at `url`. `env` goes to every command. */
export async function workAt(url: string, env: StartOptions['env'] = {}): Promise<Work> {
  const home = freshHome();
  const added = await run(['instances', 'add', 'work', '--url', url], { home });
  expect(added).toMatchObject({ code: 0, stdout: `Added work: ${url}\n` });
  const launch = (words: readonly string[], options: Options = {}) =>
    start(['work', ...words], { home, ...options, env: { ...env, ...options.env } });
  const work: Work = {
    home,
    start: (words, options) => launch(split(words), options),
    run: (words, options = {}) =>
      run(['work', ...split(words)], { home, ...options, env: { ...env, ...options.env } }),
    async json(words) {
      const { code, stdout, stderr } = await run(['work', '--json', ...split(words)], { home, env });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return JSON.parse(stdout);
    },
    async submit(words) {
      const { code, stdout, stderr } = await run(['work', ...split(words), '--background', '--quiet'], {
        home,
        env,
      });
      expect({ code, stdout, stderr }).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^job_\w+\n$/),
      });
      return stdout.trim();
    },
    async stored(id) {
      const jobs = (await work.json('jobs list')) as JobRecord[];
      const job = jobs.find((one) => one.job_id === id);
      if (!job) throw new Error(`${id} is not in the list`);
      return job;
    },
  };
  return work;
}

function split(words: string): string[] {
  return words.split(' ').filter((word) => word !== '');
}

type Intercepted = Parameters<NonNullable<DemoServerOptions['intercept']>>[0];
type Answer = (request: Intercepted, response: ServerResponse) => boolean;

export interface Sent {
  method: string;
  headers: Intercepted['headers'];
  params: Record<string, Record<string, unknown>>;
}

export interface Watching {
  /** The requests that the server has received of these JSON-RPC methods, in order of arrival. */
  sent(methods: RegExp): Sent[];
  /** Resolves when the server has received the n-th request of this JSON-RPC method (1: the first), counted from the start. */
  received(method: string, n?: number): Promise<Intercepted>;
  /** Answers requests in the server's place where `answer` returns true, until told otherwise. */
  answerWith(answer: Answer | undefined): void;
}

export type WatchedServer = DemoServer & Watching;

/** A demo server whose requests can be awaited, and answered by the test. */
export function watchedServer(options: Partial<DemoServerOptions> = {}): Promise<WatchedServer> {
  return watched((intercept) => demoServer({ ...options, intercept }));
}

/** The same with the fixture server of the 2026-07-28 tasks. */
export function watchedTasks2026(
  options: Omit<Tasks2026Options, 'intercept'> = {},
): Promise<Tasks2026Server & Watching> {
  return watched((intercept) => tasks2026Server({ ...options, intercept }));
}

async function watched<S extends DemoServer>(
  start: (intercept: NonNullable<DemoServerOptions['intercept']>) => Promise<S>,
): Promise<S & Watching> {
  const requests: Intercepted[] = [];
  const waiting = new Set<() => void>();
  let answer: Answer | undefined;
  const server = await start((request, response) => {
    requests.push(request);
    const answered = answer?.(request, response) ?? false;
    for (const check of [...waiting]) check();
    return answered;
  });
  return {
    ...server,
    sent: (methods) =>
      requests.flatMap(({ rpcMethod = '', headers, body }) => {
        const { params = {} } = (body ?? {}) as { params?: Sent['params'] };
        return methods.test(rpcMethod) ? [{ method: rpcMethod, headers, params }] : [];
      }),
    received: (method, n = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const found = requests.filter((request) => request.rpcMethod === method)[n - 1];
          if (!found) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    answerWith(next) {
      answer = next;
    },
  };
}

/** An answer with an HTTP status, for requests of one JSON-RPC method (all without it), `times` times. */
export function refuse(
  status: number,
  {
    method,
    times = Number.POSITIVE_INFINITY,
    headers = {},
  }: {
    method?: string;
    times?: number;
    headers?: Record<string, string>;
  } = {},
): Answer {
  let left = times;
  return (request, response) => {
    if ((method !== undefined && request.rpcMethod !== method) || left <= 0) return false;
    left -= 1;
    response.writeHead(status, headers).end();
    return true;
  };
}

/** A JSON-RPC error in answer to requests of one method. */
export function rpcError(method: string, code: number, message: string): Answer {
  return (request, response) => {
    if (request.rpcMethod !== method) return false;
    const { id } = request.body as { id: unknown };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }));
    return true;
  };
}
