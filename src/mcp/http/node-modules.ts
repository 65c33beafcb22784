import { createRequire } from 'node:module';

type NodeHttp = typeof import('node:http');
type NodeHttps = typeof import('node:https');
type NodeZlib = typeof import('node:zlib');

/**
 * A module of Node itself, loaded when it is first used: `node:https` brings TLS with it, and most calls need no `node:zlib`.
 * `process.getBuiltinModule` is of Node 20.16 and 22.3.
 */
const load: (name: string) => unknown =
  (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule ??
  createRequire(import.meta.url);

export const nodeHttp = once<NodeHttp>('node:http');
export const nodeHttps = once<NodeHttps>('node:https');
export const nodeZlib = once<NodeZlib>('node:zlib');

/** Asked for with each request, and Node looks the name up anew each time. */
function once<T>(name: string): () => T {
  let module: T | undefined;
  return () => {
    module ??= load(name) as T;
    return module;
  };
}
