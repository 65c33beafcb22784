/** A small HTTP proxy in front of a server: passes everything on, and remembers what the program sent. */
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atTestEnd } from './cli.ts';

export interface Recorded {
  /** HTTP method. */
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** JSON-RPC method of a POST that has one; answers to the server have none. */
  rpc: string | undefined;
  /** JSON-RPC params, where there are some. */
  params: Record<string, unknown>;
}

export interface RecordingProxy {
  url: string;
  /** Every request, in order of arrival. */
  readonly requests: readonly Recorded[];
  /** How many requests had this JSON-RPC method, or this HTTP method when it is in capitals. */
  count(method: string): number;
  /** Resolves with the first request that matches, seen already or to come. */
  seen(matches: (request: Recorded) => boolean): Promise<Recorded>;
  /** Passes everything on to another server from now on. */
  retarget(target: string): void;
  /** Forgets what was recorded. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts a proxy to `target`, same path. Closed when the test has finished; outside of a test the caller closes it. */
export async function recordingProxy(target: string): Promise<RecordingProxy> {
  let upstream = new URL(target);
  const requests: Recorded[] = [];
  const waiting = new Set<() => void>();

  const http = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '/', headers } = incoming;
    requests.push({ method, path, headers, body: body.toString(), ...rpcOf(body) });
    for (const check of [...waiting]) check();
    const passed = httpRequest(
      {
        host: upstream.hostname,
        port: upstream.port,
        method,
        path,
        headers: { ...headers, host: upstream.host },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        // Event streams say nothing for a while: the headers must not wait for the first event.
        outgoing.flushHeaders();
        answer.pipe(outgoing);
      },
    );
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    passed.end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    });
  atTestEnd(close);
  const url = new URL(target);
  url.port = String((http.address() as AddressInfo).port);
  return {
    url: url.href,
    requests,
    count: (name) => requests.filter(({ method, rpc }) => method === name || rpc === name).length,
    seen: (matches) =>
      new Promise((resolve) => {
        const check = () => {
          const found = requests.find(matches);
          if (!found) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    retarget(other) {
      upstream = new URL(other);
    },
    reset: () => void requests.splice(0),
    close,
  };
}

function rpcOf(body: Buffer): Pick<Recorded, 'rpc' | 'params'> {
  try {
    const { method, params } = JSON.parse(body.toString()) as {
      method?: string;
      params?: Recorded['params'];
    };
    return { rpc: method, params: params ?? {} };
  } catch {
    return { rpc: undefined, params: {} };
  }
}
