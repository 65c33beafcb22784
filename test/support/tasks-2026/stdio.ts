/** The fixture server over stdio. */
import type { JSONRPCMessage, MessageExtraInfo, Transport } from '@modelcontextprotocol/server';
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { count } from '../../../src/demo/service.ts';
import { serviceOf, type Tasks2026Options } from './host.ts';
import { createInstance, extensionMissing } from './instance.ts';
import { subscribe, type TaskListen, taskListen } from './listen.ts';
import type { Service } from './service.ts';

/** Serves this process's stdin and stdout; the process ends with its stdin. */
export function serveTasks2026(options: Tasks2026Options): void {
  const service = serviceOf(options);
  const transport = new ListeningTransport(service, options.subscriptions !== false);
  serveStdio(() => createInstance(service), { legacy: 'reject', transport });
}

/** Between the SDK and the pipe: adds task ids to what the SDK acknowledges of a `subscriptions/listen`. */
class ListeningTransport implements Transport {
  readonly #pipe = new StdioServerTransport();
  readonly #service: Service;
  readonly #honours: boolean;
  readonly #asked = new Map<string | number, TaskListen>();
  readonly #open = new Map<string | number, () => void>();
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  constructor(service: Service, honours: boolean) {
    this.#service = service;
    this.#honours = honours;
  }

  async start(): Promise<void> {
    this.#pipe.onmessage = (message) => this.#received(message);
    this.#pipe.onerror = (error) => this.onerror?.(error);
    this.#pipe.onclose = () => {
      for (const stop of this.#open.values()) stop();
      // What still runs would keep the process alive.
      this.#service.tasks.forget();
      this.onclose?.();
    };
    await this.#pipe.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const acknowledges =
      isJSONRPCNotification(message) && message.method === 'notifications/subscriptions/acknowledged';
    const id = acknowledges ? message.params?._meta?.[SUBSCRIPTION_ID_META_KEY] : undefined;
    const listen = this.#asked.get(id as string | number);
    if (!listen) return this.#pipe.send(message);
    this.#asked.delete(listen.id);
    const stop = subscribe(listen, this.#service.tasks, (one) => void this.#pipe.send(one).catch(() => {}));
    this.#open.set(listen.id, stop);
  }

  close(): Promise<void> {
    return this.#pipe.close();
  }

  #received(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) count(this.#service.stats.requests, message.method);
    const listen = taskListen(message);
    if (listen && !listen.declared) {
      const { code, message: words, data } = extensionMissing();
      const error = { code, message: words, data };
      void this.#pipe.send({ jsonrpc: '2.0', id: listen.id, error }).catch(() => {});
      return;
    }
    if (listen && this.#honours) this.#asked.set(listen.id, listen);
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      const id = message.params?.['requestId'] as string | number;
      this.#open.get(id)?.();
      this.#open.delete(id);
    }
    this.onmessage?.(message);
  }
}
