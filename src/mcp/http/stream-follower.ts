import { monotonic } from '../../lib/monotonic.ts';
import { MAX_MESSAGE_BYTES, readChunks, tooLarge } from './body.ts';
import { HttpError } from './errors/http-error.ts';
import type { StreamEvent } from './event-framer.ts';
import { EventFramer, EventTooLarge } from './event-framer.ts';
import type { HttpResponse } from './exchange.ts';
import { pause } from './pause.ts';

/** Bounds of the pause before a stream that ended is asked for again, in milliseconds. */
const SHORTEST_PAUSE = 250;
const DEFAULT_PAUSE = 1_000;
const LONGEST_HINT = 5 * 60_000;
/** How far pauses grow while streams bring nothing, unless the server asks for more. */
const LONGEST_PAUSE = { answer: 5_000, standalone: 30_000 };
const GROWTH = 1.5;

/** A stream that was open for this long is no failure, whatever it brought. In milliseconds. */
const LONG_LIFE = 10_000;

/** Attempts in a row at resuming a stream that may fail. */
const MAX_FAILURES = 3;

export interface Followed {
  /** The answer to a request, or the stream of a session, which is asked for again whenever it ends. */
  kind: keyof typeof LONGEST_PAUSE;
  signal: AbortSignal;
  /** Takes an event; returns true when nothing more is waited for. */
  take(event: StreamEvent): boolean;
  /** Asks for the stream again; undefined when the server has none any more. Rejects when it cannot be asked. */
  resume(lastEventId: string): Promise<HttpResponse | undefined>;
  log: (line: string) => void;
}

/**
 * Reads an event stream, and resumes it after it ended or broke where the server said how (MCP 2025-11-25, basic/transports, "Resumability and
 * Redelivery"). Resolves when all that was waited for has come, or nothing more will: with the reason, if there is one. Resolves, too, when aborted.
 */
export async function followStream(first: HttpResponse, followed: Followed): Promise<Error | undefined> {
  const state = { lastEventId: '', retryMs: undefined as number | undefined, quiet: 0 };
  let response: HttpResponse | undefined = first;
  while (response) {
    const ended = await readOnce(response, followed, state);
    if (followed.signal.aborted || ended.done) return undefined;
    if (ended.fatal) return ended.fatal;
    if (followed.kind === 'answer' && state.lastEventId === '') return undefined;
    response = await again(followed, state);
  }
  return undefined;
}

interface FollowState {
  lastEventId: string;
  /** What the server asked to wait between streams. */
  retryMs: number | undefined;
  /** Streams in a row that brought nothing, and attempts that failed. */
  quiet: number;
}

async function readOnce(
  response: HttpResponse,
  followed: Followed,
  state: FollowState,
): Promise<{ done: boolean; fatal?: Error }> {
  const began = monotonic();
  let done = false;
  let events = 0;
  const take = (event: StreamEvent) => {
    events += 1;
    if (followed.take(event)) done = true;
  };
  const framer = new EventFramer(MAX_MESSAGE_BYTES, take, state.lastEventId);
  try {
    await readChunks(response, (chunk) => framer.push(chunk));
    const unfinished = framer.end();
    if (unfinished) take(unfinished);
  } catch (error) {
    if (error instanceof EventTooLarge) return { done, fatal: tooLarge() };
    if (!followed.signal.aborted) followed.log(`an event stream broke: ${(error as Error).message}`);
  }
  state.lastEventId = framer.lastEventId;
  state.retryMs = framer.retryMs ?? state.retryMs;
  state.quiet = events > 0 || monotonic() - began > LONG_LIFE ? 0 : state.quiet + 1;
  return { done };
}

async function again(followed: Followed, state: FollowState): Promise<HttpResponse | undefined> {
  for (let failures = 0; failures < MAX_FAILURES; failures++) {
    await pause(pauseBefore(followed.kind, state), followed.signal);
    if (followed.signal.aborted) return undefined;
    try {
      return await followed.resume(state.lastEventId);
    } catch (error) {
      if (followed.signal.aborted) return undefined;
      followed.log(`an event stream was not resumed: ${(error as Error).message}`);
      if (isFinal(error)) return undefined;
      state.quiet += 1;
    }
  }
  return undefined;
}

/** A refusal that will be the same next time. */
function isFinal(error: unknown): boolean {
  return error instanceof HttpError && error.status < 500 && error.status !== 408 && error.status !== 429;
}

/** The server's `retry` or a second, longer from time to time while nothing comes. */
function pauseBefore(kind: Followed['kind'], { retryMs, quiet }: FollowState): number {
  const base =
    retryMs === undefined ? DEFAULT_PAUSE : Math.min(Math.max(retryMs, SHORTEST_PAUSE), LONGEST_HINT);
  return Math.min(base * GROWTH ** Math.max(0, quiet - 1), Math.max(base, LONGEST_PAUSE[kind]));
}
