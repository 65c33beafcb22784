import type { KeeperConfig } from '../protocol.ts';

/** What a new keeper is told, on its stdin. */
export async function readConfig(): Promise<KeeperConfig> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as KeeperConfig;
}
