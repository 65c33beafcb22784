import { parseJson } from '../../lib/json/exact-json.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import { withoutMark } from '../../lib/text/text.ts';
import { readText } from './body.ts';
import { BadAnswer } from './errors/bad-answer.ts';
import { firstLine } from './errors/first-line.ts';
import type { StreamEvent } from './event-framer.ts';
import type { HttpResponse } from './exchange.ts';
import { isResponse, rpcMessage } from './rpc-message.ts';

/** A request that waits for its answer. */
export interface Asked {
  id: string | number;
  method: string;
  answered: boolean;
  /** What came in place of the answer. */
  instead?: BadAnswer;
}

type Take = (message: JsonObject) => void;

/** Takes the answer to a request that is no event stream. @throws BadAnswer, FetchError */
export async function takeBody(response: HttpResponse, asked: Asked, take: Take): Promise<void> {
  const text = await readText(response);
  if (text.trim() === '')
    throw new BadAnswer(`answered ${asked.method} with nothing (HTTP ${response.status})`);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    const type = mediaType(response) || 'no type';
    throw new BadAnswer(`answered ${asked.method} with no JSON (${type})`, text);
  }
  deliver(value, text, asked, take);
}

/** Takes an event of a stream. One that is no message ends nothing: it is told, and remembered in case that no answer comes. */
export function takeEvent(
  { type, data }: StreamEvent,
  asked: Asked | undefined,
  take: Take,
  log: (line: string) => void,
): void {
  if (type !== 'message') return;
  let value: unknown;
  try {
    value = parseJson(withoutMark(data));
  } catch {
    log(`an event is no JSON: ${firstLine(data)}`);
    return;
  }
  try {
    deliver(value, data, asked, take);
  } catch (error) {
    if (!(error instanceof BadAnswer)) throw error;
    log(`the server ${error.message}`);
    if (asked) asked.instead = error;
  }
}

/** Hands on a message or a batch of them. An error without an id, in what a request was answered with, is that request's. @throws BadAnswer */
function deliver(value: unknown, text: string, asked: Asked | undefined, take: Take): void {
  const what = asked ? `answered ${asked.method} with` : 'sent';
  for (const one of Array.isArray(value) ? value : [value]) {
    let message = rpcMessage(one, what, text);
    if (asked && isResponse(message)) {
      const { id } = message;
      if ((id === null || id === undefined) && message['error']) message = { ...message, id: asked.id };
      if (String(message['id']) === String(asked.id)) asked.answered = true;
    }
    take(message);
  }
}

/** The media type of a response without its parameters, in lower case. */
export function mediaType(response: HttpResponse): string {
  return (response.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
