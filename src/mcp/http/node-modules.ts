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

export const nodeHttp = (): NodeHttp => load('node:http') as NodeHttp;
export const nodeHttps = (): NodeHttps => load('node:https') as NodeHttps;
export const nodeZlib = (): NodeZlib => load('node:zlib') as NodeZlib;
