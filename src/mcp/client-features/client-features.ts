import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InstanceSettings, Root } from '../../config/settings/settings.ts';
import { expand } from '../../config/target/expand.ts';
import { UsageError } from '../../errors.ts';
import type { Channel, JsonObject, ServerRequest } from '../connection/channel.ts';
import { CLIENT_CAPABILITIES } from './client-capabilities.ts';

/** "User rejected sampling request" (MCP 2025-11-25, client/sampling, "Error Handling"). */
const REJECTED = -1;
const INTERNAL_ERROR = -32603;

/** What this client does for a server without asking anybody: it names the roots, and has a command answer sampling. */
export interface ClientFeatures {
  /** ClientCapabilities to declare: elicitation always, roots and sampling where they are configured. */
  readonly capabilities: JsonObject;
  /** What is declared beyond elicitation: servers list other tools for it, so it is part of the key of what is remembered of them. */
  readonly declared: string;
  /** A sampling command runs. */
  readonly busy: boolean;
  /** Fills in the variables of the settings. Error: UsageError for one that is not set. */
  check(): void;
  /**
   * The answer to a request of the server, on its way; undefined for one that is not for this to answer. Aborting ends the command. Rejects
   * with an Error that says why the request is refused.
   */
  answer(method: string, params: JsonObject, signal?: AbortSignal): Promise<JsonObject> | undefined;
}

/**
 * The client features that an instance's settings ask for. `${VAR}` is filled in from `env` when a connection is opened, a relative folder is one below
 * `cwd`, and the sampling command runs there with all of `env`.
 */
export function clientFeatures(
  settings: Pick<InstanceSettings, 'roots' | 'sampling'>,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): ClientFeatures {
  const { sampling } = settings;
  const hasRoots = settings.roots.length > 0;
  const roots = () => settings.roots.map((root) => usedRoot(root, env, cwd));
  const command = () =>
    sampling && {
      command: expand(sampling.command, env, 'the sampling command'),
      args: sampling.args.map((arg, i) => expand(arg, env, `argument ${i + 1} of the sampling command`)),
    };
  let running = 0;

  async function sample(params: JsonObject, signal: AbortSignal | undefined): Promise<JsonObject> {
    running += 1;
    try {
      // Child processes cost start-up, and few servers ask for this.
      const { runSampling } = await import('./sampling-command.ts');
      return await runSampling(command() ?? { command: '', args: [] }, params, { env, cwd, signal });
    } finally {
      running -= 1;
    }
  }

  return {
    capabilities: {
      ...CLIENT_CAPABILITIES,
      // With roots declared some servers do not end with their stdin, and wait for them: only where there are any.
      ...(hasRoots ? { roots: {} } : {}),
      ...(sampling ? { sampling: {} } : {}),
    },
    declared: [hasRoots ? 'roots' : '', sampling ? 'sampling' : ''].filter(Boolean).join('+'),
    get busy() {
      return running > 0;
    },
    check() {
      roots();
      command();
    },
    answer(method, params, signal) {
      if (method === 'roots/list' && hasRoots) return (async () => ({ roots: roots() }))();
      if (method === 'sampling/createMessage' && sampling) return sample(params, signal);
      return undefined;
    },
  };
}

/** A root as the server gets it: a folder becomes a `file://` URI, named after itself. */
function usedRoot(
  root: Root,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): { uri: string; name?: string } {
  const text = expand(root.uri, env, 'the setting roots');
  const name = root.name === undefined ? {} : { name: root.name };
  checkRoot(text);
  if (isUri(text)) return { uri: text, ...name };
  const folder = resolve(cwd, text);
  return { uri: pathToFileURL(folder).href, name: folder.split(/[\\/]/).at(-1) || folder, ...name };
}

/** Error: UsageError for a URI that is no `file://` one: MCP 2025-11-25 (client/roots) allows no other, and servers refuse the whole list. */
export function checkRoot(text: string): void {
  if (isUri(text) && !/^file:\/\//i.test(text))
    throw new UsageError(`roots: only folders and file:// URIs can be roots: ${text}`);
}

/** Whether a root is written as a URI. One letter before the colon is a Windows drive. */
export function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(text);
}

/**
 * Answers what a server asks of the client itself as JSON-RPC requests (up to 2025-11-25), until the channel is closed. Sampling that nobody
 * configured is rejected in so many words; what is not for these features is left to others.
 */
export function serveFeatures(channel: Channel, features: ClientFeatures, log: (line: string) => void): void {
  const over = new AbortController();
  const running = new Map<string | number, AbortController>();
  channel.onClose(() => over.abort(new Error('the connection was closed')));
  channel.onNotification((method, params) => {
    if (method !== 'notifications/cancelled') return;
    running.get(params['requestId'] as string | number)?.abort(new Error('the server cancelled its request'));
  });
  const serve = async ({ id, method }: ServerRequest, answer: Promise<JsonObject>) => {
    try {
      const result = await answer;
      await channel.respond(id, result);
    } catch (error) {
      log(`${method}: ${(error as Error).message}`);
      if (running.get(id)?.signal.aborted || over.signal.aborted) return;
      await channel.refuse(id, { code: INTERNAL_ERROR, message: (error as Error).message });
    }
  };
  channel.onServerRequest((request) => {
    const { id, method, params } = request;
    const own = new AbortController();
    const answer = features.answer(method, params, AbortSignal.any([over.signal, own.signal]));
    if (answer) {
      running.set(id, own);
      serve(request, answer)
        .catch((error: unknown) => log(`${method}: ${(error as Error).message}`))
        .finally(() => running.delete(id));
      return true;
    }
    if (method !== 'sampling/createMessage') return false;
    log(`${method}: rejected, no command is configured`);
    channel.refuse(id, { code: REJECTED, message: SAMPLING_REJECTED }).catch(() => {});
    return true;
  });
}

/** Why sampling is not answered; also for people. */
const SAMPLING_REJECTED =
  'User rejected sampling request: no command is set to answer it (mcp2cli instances set NAME sampling -- COMMAND)';
