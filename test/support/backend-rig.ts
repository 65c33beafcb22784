/** A backend in this process: demo server, real connection, store on disk, and a clock that runs only when somebody sleeps on it. */
import type { ServerResponse } from 'node:http';
import type { DemoServer, DemoServerOptions } from '../../src/demo/server.ts';
import type { JobDeps } from '../../src/jobs/deps.ts';
import type { Backend, ServerLink } from '../../src/jobs/ports.ts';
import type { BackendName, JobRecord } from '../../src/jobs/record.ts';
import type { DiskJobStore } from '../../src/jobs/store/job-store.ts';
import { submitJob } from '../../src/jobs/submit.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import { type Stop, stopAfter } from '../../src/lib/stop.ts';
import { openConnection } from '../../src/mcp/connection/open.ts';
import { serverLink } from '../../src/mcp/server-link.ts';
import { atTestEnd } from './cli.ts';
import { freshHome } from './home.ts';
import { demoServer } from './servers.ts';
import { diskStore } from './store-fixtures.ts';
import { tasks2026Server } from './tasks-2026/server.ts';

export type TaskDialect = Exclude<BackendName, 'local' | 'frontmcp'>;

/** An answer in the server's place: a JSON-RPC result or error, or an HTTP status. */
export interface Fake {
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
  status?: number;
  headers?: Record<string, string>;
}

/** What to answer to the n-th request (1-based) of a method; undefined lets the server answer. */
export type Falsifier = (params: Record<string, unknown>, n: number) => Fake | undefined;

export interface FakeClock extends Clock {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** What was slept, in milliseconds, in order. */
  readonly naps: readonly number[];
  /** Forgets what was slept until now. */
  forget(): void;
}

export interface Rig {
  server: DemoServer;
  link: ServerLink;
  backend: Backend;
  store: DiskJobStore;
  clock: FakeClock;
  deps: JobDeps;
  stop: Stop;
  /** Falsifies answers to a JSON-RPC method from now on; undefined ends that. */
  falsify(method: string, falsifier: Falsifier | undefined): void;
  /** Submits a call as a job; the record as it stands then. */
  submit(name: string, args: Record<string, unknown>): Promise<JobRecord>;
}

export async function backendRig(
  name: TaskDialect,
  options: Pick<DemoServerOptions, 'speed' | 'pollIntervalMs'> = { speed: 20, pollIntervalMs: 20 },
): Promise<Rig> {
  const falsifiers = new Map<string, { falsifier: Falsifier; n: number }>();
  const intercept: DemoServerOptions['intercept'] = ({ rpcMethod, body }, response) => {
    const entry = falsifiers.get(rpcMethod ?? '');
    if (!entry) return false;
    const { id, params = {} } = body as { id: unknown; params?: Record<string, unknown> };
    const fake = entry.falsifier(params, ++entry.n);
    if (fake) answer(response, id, fake);
    return fake !== undefined;
  };
  const server =
    name === 'tasks-2026-07-28'
      ? await tasks2026Server({ ...options, intercept })
      : await demoServer({ ...options, intercept, dialect: name });

  const target = { kind: 'http' as const, url: server.url, headers: {} };
  /** Into the session of a job, where there are sessions. */
  const connect = async (session?: JobRecord['session']) => {
    const connection = await openConnection(target, {
      name: 'work',
      version: 'test',
      identity: target,
      now: () => new Date(),
      ...(session ? { known: first.facts } : {}),
      ...(session?.session_id
        ? { resume: { sessionId: session.session_id, protocolVersion: session.protocol_version } }
        : {}),
    });
    atTestEnd(() => connection.close());
    return connection;
  };
  const first = await connect();
  // As the demo's catalogue says: deploy and its kin may be tasks.
  const support = (tool: string) => (tool === 'batch-process' ? 'required' : 'optional');
  const linkTo = (connection: typeof first) => serverLink(connection, { support, now: () => new Date() });

  const clock = fakeClock();
  const { store } = diskStore(freshHome());
  const link = linkTo(first);
  const stop = stopAfter(clock, undefined, undefined, 'the time ran out');
  const deps: JobDeps = {
    store,
    links: {
      open: async () => link,
      reopen: async ({ session }) => linkTo(await connect(session)),
    },
    clock,
    random: () => 0,
    holder: currentHolder(),
    failureBudgetMs: 120_000,
  };
  return {
    server,
    link,
    backend: link.backend(name),
    store,
    clock,
    deps,
    stop,
    falsify(method, falsifier) {
      if (falsifier) falsifiers.set(method, { falsifier, n: 0 });
      else falsifiers.delete(method);
    },
    async submit(tool, args) {
      const options = { instance: 'work', storedArguments: args, stop, events: {} };
      const { job, error } = await submitJob(deps, link, { name: tool, arguments: args }, options);
      if (error) throw error;
      // What counts is how a task is waited for, not how it was submitted.
      clock.forget();
      return job;
    },
  };
}

function answer(response: ServerResponse, id: unknown, { status = 200, headers = {}, ...rest }: Fake): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(status === 200 ? JSON.stringify({ jsonrpc: '2.0', id, ...rest }) : '');
}

/** Sleeping moves this clock at once; the event loop gets its turn, so that real answers can arrive meanwhile. */
function fakeClock(): FakeClock {
  let elapsed = 0;
  const naps: number[] = [];
  return {
    naps,
    forget() {
      naps.length = 0;
    },
    now: () => new Date(Date.parse('2026-03-30T10:15:30.000Z') + elapsed),
    monotonic: () => elapsed,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      naps.push(ms);
      elapsed += ms;
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal?.throwIfAborted();
    },
  };
}
