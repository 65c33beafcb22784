/** A server with a client, and the shapes of what it answers, for the tests of the fixture itself. */
import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { type FrontmcpClient, frontmcpClient } from './client.ts';
import { type FrontmcpOptions, type FrontmcpServer, frontmcpServer } from './server.ts';

export type Rig = FrontmcpClient & { server: FrontmcpServer };

export async function rig(options: FrontmcpOptions = {}): Promise<Rig> {
  const server = await frontmcpServer({ speed: 20, ...options });
  return { ...(await frontmcpClient(server.url)), server };
}

export type HeldPauses = ReturnType<typeof heldPauses>;

/** Pauses of a server that last until they are told to end, one after the other. */
export function heldPauses() {
  const held: (() => void)[] = [];
  /** Resolves when one has begun. */
  const begun = () => eventually(() => expect(held.length).toBeGreaterThan(0));
  return {
    begun,
    sleep: (_ms: number, life: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        life.addEventListener('abort', () => reject(life.reason), { once: true });
        held.push(resolve);
      }),
    /** Ends the next one, as soon as it has begun. */
    async end() {
      await begun();
      held.shift()?.();
    },
  };
}

export const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const time = expect.any(Number);
/** What every run has, as long as it has not been tried again and has no logs. */
export const run = { runId: uuid, startedAt: time, attempt: 1, logs: [] };
/** Input of `slow` that outlasts every test. */
export const LONG = { ms: 1_000_000 };
export const logLine = (words: string) =>
  expect.stringMatching(new RegExp(`^\\[\\d{4}-\\d\\d-\\d\\dT.*Z\\] ${words}$`));

/** A failure whose text matches. Outside of production it has a stack. */
export const failed = (code: string, text: RegExp, stack = true) => ({
  content: [{ type: 'text', text: expect.stringMatching(text) }],
  isError: true,
  _meta: {
    errorId: expect.stringMatching(/^err_[0-9a-f]{16}$/),
    code,
    timestamp: expect.stringMatching(/Z$/),
    ...(stack ? { stack: expect.any(String) } : {}),
  },
});

/** The failure of a tool that cannot do what it was asked for. */
export const refused = (words: string) =>
  failed('SERVER_ERROR', new RegExp(`^${words}\n\nOriginal error:\nError: ${words}\n {4}at `));
