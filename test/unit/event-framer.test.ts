/** Event streams after the WHATWG specification (HTML, 9.2.5 and 9.2.6), cut anywhere. */
import { describe, expect, it } from 'vitest';
import { EventFramer, EventTooLarge, type StreamEvent } from '../../src/mcp/http/event-framer.ts';

const ENDS = { LF: '\n', CR: '\r', CRLF: '\r\n' };

interface Read {
  events: StreamEvent[];
  lastEventId: string;
  retryMs: number | undefined;
  unfinished: StreamEvent | undefined;
}

function read(chunks: readonly Uint8Array[], limit = 1_000): Read {
  const events: StreamEvent[] = [];
  const framer = new EventFramer(limit, (event) => events.push(event));
  for (const chunk of chunks) framer.push(chunk);
  const unfinished = framer.end();
  const { lastEventId, retryMs } = framer;
  return { events, lastEventId, retryMs, unfinished };
}

const whole = (text: string) => read([Buffer.from(text)]);
const message = (data: string) => ({ type: 'message', data });

/** Everything that the grammar has, with characters of one to four bytes. */
const LINES = [
  ': a comment',
  '',
  'id: 7',
  'retry: 1500',
  'data:',
  '',
  'event: ping',
  'data: keepalive',
  '',
  'data: {"text": "é 日本 😀",',
  'data:  "n": 1}',
  'unknown: x',
  '',
  'data',
  'data',
  '',
  'id: with\0nul',
  'retry: soon',
  'data:no space',
  'id: 8',
  '',
  '',
];
const EXPECTED: Read = {
  events: [
    { type: 'ping', data: 'keepalive' },
    message('{"text": "é 日本 😀",\n "n": 1}'),
    message('\n'),
    message('no space'),
  ],
  lastEventId: '8',
  retryMs: 1500,
  unfinished: undefined,
};

describe.each(Object.entries(ENDS))('lines that end with %s', (_, end) => {
  const bytes = Buffer.from(`\ufeff${LINES.join(end)}`);

  it('are read whole', () => {
    expect(read([bytes])).toEqual(EXPECTED);
  });

  it('are read the same when they are cut in two at any byte', () => {
    for (let at = 0; at <= bytes.length; at++)
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(EXPECTED);
  });

  it('are read the same byte by byte', () => {
    expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(EXPECTED);
  });

  it('hand out an event with the last byte of its blank line', () => {
    const events: StreamEvent[] = [];
    const framer = new EventFramer(100, (event) => events.push(event));
    const text = Buffer.from(`data: now${end}${end}`);
    // The LF of a CRLF adds nothing: the event is there with its CR.
    const enough = end === '\r\n' ? text.length - 1 : text.length;
    framer.push(text.subarray(0, enough));
    expect(events).toEqual([message('now')]);
    framer.push(text.subarray(enough));
    expect(events).toHaveLength(1);
  });

  it('count each event alone', () => {
    const one = Buffer.from(`data: ${'x'.repeat(80)}${end}${end}`);
    const framer = new EventFramer(100, () => {});
    for (let i = 0; i < 1_000; i++) framer.push(one);
    expect(() => framer.push(Buffer.from(`data: ${'x'.repeat(60)}${end}data: ${'x'.repeat(60)}`))).toThrow(
      EventTooLarge,
    );
  });
});

it('mixes line ends', () => {
  expect(whole('data: a\rdata: b\n\r\ndata: c\r\n\rdata: d\n\n').events).toEqual(
    ['a\nb', 'c', 'd'].map(message),
  );
});

it('refuses an event that never ends, however it comes', () => {
  for (const text of ['data: xxxxxxxxxx', 'x', ': comment that goes on'])
    expect(() => read(Array(101).fill(Buffer.from(text)), 100)).toThrow(EventTooLarge);
  // What is no data is not kept, and counts for its line alone.
  expect(read(Array(100).fill(Buffer.from(': a comment of some length\n')), 100).events).toEqual([]);
});

it('takes back the id with an empty one, and keeps it over events without one', () => {
  expect(whole('id: 3\ndata: a\n\ndata: b\n\n').lastEventId).toBe('3');
  expect(whole('id: 3\ndata: a\n\nid\ndata: b\n\n').lastEventId).toBe('');
  // An event that was not finished has not been received.
  expect(whole('id: 3\ndata: a\n\nid: 4\ndata: b\n').lastEventId).toBe('3');
});

it('shows an event whose blank line is missing at the end', () => {
  expect(whole('data: {"a":1}\n').unfinished).toEqual(message('{"a":1}'));
  expect(whole('data: {"a":1}').unfinished).toEqual(message('{"a":1}'));
  expect(whole('data: {"a":1}\n\n').unfinished).toBeUndefined();
});

it('is linear in what it reads', () => {
  const count = (text: string, times: number) => {
    let events = 0;
    const framer = new EventFramer(64 * 1024 * 1024, () => events++);
    framer.push(Buffer.from(text.repeat(times)));
    return events;
  };
  // Lines of one kind only: each search for the other kind must not run to the end again.
  expect(count('data: x\n\n', 300_000)).toBe(300_000);
  expect(count('data: x\r\r', 300_000)).toBe(300_000);
});
